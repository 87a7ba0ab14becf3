// What was typed, as options of the one command there is. Secrets come by the environment: a command line is read by every program on the
// machine, and stays in the shell's history.
import { parseArgs } from 'node:util'
import { SyncError } from '../errors'

/** What is to be read, and where it is to be written. */
export interface MigrateOptions {
  /** The predecessor's database. */
  readonly database: string | undefined
  readonly documents: SealedDocuments | undefined
  /** Writes what was read as the JSON of an account. */
  readonly out: string | undefined
  readonly target: MigrateTarget | undefined
}

/** What its server kept. */
export interface SealedDocuments {
  readonly file: string
  readonly salt: Uint8Array
  readonly masterPassword: string
}

/** The account that is written to. */
export interface MigrateTarget {
  readonly profile: string
  readonly relay: string | undefined
  readonly deviceName: string
  readonly isNew: boolean
  readonly recoveryPhrase: string | undefined
  /** How long to wait for the relay. */
  readonly waitSeconds: number
}

export const usage = `Usage: owlivion-sync migrate [options]

Brings what Owlivion Mail kept into an account of Owlivion Sync. Reads only, unless --out or --profile says where to write.

  --database <file>    the SQLite database of Owlivion Mail, which must be closed
  --documents <file>   JSON with the sealed documents of its server: { "contacts": "<base64>", … }
  --salt <hex>         the 32 bytes of master_key_salt that belong to them
  --out <file>         write what was read as JSON, for previewAccountImport
  --profile <file>     write into the account in this SQLite store; without one there, join or make it:
  --relay <url>          at this relay, by the recovery phrase
  --new                  as a new account, whose recovery phrase is printed
  --device-name <name>   what the other devices call this one (default: migration)
  --wait <seconds>     how long to wait until the relay has everything (default: 60)

OWLIVION_MASTER_PASSWORD opens the sealed documents, OWLIVION_RECOVERY_PHRASE joins the account.
`

const SALT = /^[0-9a-f]{64}$/i

/** @returns undefined when help is asked for. @throws SyncError `invalid-value` for what cannot be meant */
export function readOptions(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): MigrateOptions | undefined {
  const { values, positionals } = parsed(words)
  if (values.help) return undefined
  const [command, ...others] = positionals
  if (command !== 'migrate' || others.length > 0) throw refusal('The only command is migrate.')
  if (values.database === undefined && values.documents === undefined)
    throw refusal('Say with --database or --documents what is to be read.')
  const waitSeconds = Number(values.wait ?? 60)
  if (!(waitSeconds >= 0 && waitSeconds <= 86_400)) throw refusal('--wait is a number of seconds.')
  return {
    database: values.database,
    documents: values.documents === undefined ? undefined : sealed(values.documents, values.salt, environment),
    out: values.out,
    target:
      values.profile === undefined
        ? undefined
        : {
            profile: values.profile,
            relay: values.relay,
            deviceName: values['device-name'] ?? 'migration',
            isNew: values.new ?? false,
            recoveryPhrase: environment.OWLIVION_RECOVERY_PHRASE,
            waitSeconds,
          },
  }
}

function sealed(
  file: string,
  salt: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): SealedDocuments {
  const masterPassword = environment.OWLIVION_MASTER_PASSWORD
  if (masterPassword === undefined) throw refusal('OWLIVION_MASTER_PASSWORD is not set, which opens the documents.')
  if (salt === undefined || !SALT.test(salt)) throw refusal('--salt is 64 hexadecimal digits, the master_key_salt.')
  return { file, masterPassword, salt: new Uint8Array(Buffer.from(salt, 'hex')) }
}

function parsed(words: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        ...{ database: text, documents: text, salt: text, out: text, profile: text, relay: text, wait: text },
        ...{ 'device-name': text, new: flag, help: { ...flag, short: 'h' } },
      },
    })
  } catch (cause) {
    throw refusal(cause instanceof Error ? cause.message : 'The options cannot be read.')
  }
}

function refusal(message: string): SyncError {
  return new SyncError('invalid-value', message)
}
