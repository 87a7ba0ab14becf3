// The secrets of password sign-in, in a file that is not in the database: without it the database checks no password and names no
// address. Losing it ends every password of this relay, so it is backed up, and apart from the database.
import { createHmac, hkdfSync } from 'node:crypto'
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { bytesToBase64url } from '@owlivion/sync-protocol'
import { z } from 'zod'
import { RelayError } from '../errors'
import type { RelayLog } from '../platform'

/** What the service does with the file's secrets. */
export interface SignInKeys {
  /** The relay's half of OPAQUE: with it, and only with it, a stored registration can be tried against a password. */
  readonly opaqueSetup: string
  /** An address as the database keeps it. */
  nameOf(address: string): Uint8Array
  /** Seals rows. */
  readonly sealingKey: Uint8Array
  /** Hashes backup codes. */
  readonly codeKey: Uint8Array
}

const fileSchema = z.object({ version: z.literal(1), opaqueSetup: z.string().min(100), secret: z.base64url().min(43) })

const SECRET_BYTES = 32
/** Anybody but the owner. */
const OTHERS = 0o077

/** Where the key file is when no option says so: in a folder beside the data, so that a copy of the data does not hold it. */
export function defaultKeyFile(data: string): string {
  const folder = resolve(data)
  return join(dirname(folder), 'keys', `${basename(folder)}.sign-in.json`)
}

export interface KeyFileOptions {
  readonly path: string
  readonly random: (length: number) => Uint8Array
  /** Makes the relay's half of OPAQUE. */
  readonly createOpaqueSetup: () => string
  /** False when the database holds registrations that only the lost file can serve. */
  readonly mayCreate: boolean
  readonly log: RelayLog
}

/**
 * Reads the key file, or makes one at the first start.
 * @throws RelayError `sign-in-key-missing`, `sign-in-key-exposed` or `sign-in-key-damaged`
 */
export function openKeyFile({ path, random, createOpaqueSetup, mayCreate, log }: KeyFileOptions): SignInKeys {
  const text = read(path)
  if (text !== undefined) return toKeys(path, text)
  if (!mayCreate)
    throw new RelayError(
      'sign-in-key-missing',
      `${path} is missing, and the database holds passwords that only this file can check.`,
    )
  const secret = bytesToBase64url(random(SECRET_BYTES))
  const created = JSON.stringify({ version: 1, opaqueSetup: createOpaqueSetup(), secret })
  write(path, created)
  log.info(
    { path },
    'made the key of password sign-in; back it up, apart from the database: without it no password works',
  )
  return toKeys(path, created)
}

function read(path: string): string | undefined {
  try {
    if ((statSync(path).mode & OTHERS) !== 0)
      throw new RelayError('sign-in-key-exposed', `${path} can be read or written by others than its owner.`)
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined
    if (error instanceof RelayError) throw error
    throw new RelayError('sign-in-key-missing', `${path} cannot be read.`, { cause: error })
  }
}

function write(path: string, text: string): void {
  try {
    const folder = dirname(path)
    if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) chmodSync(folder, 0o700)
    // Never over another file: it may be the one thing that opens the database.
    const file = openSync(path, 'wx', 0o600)
    try {
      writeSync(file, text)
      // A registration must not reach the disk before the key that it needs for ever.
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    const opened = openSync(folder, 'r')
    try {
      fsyncSync(opened)
    } finally {
      closeSync(opened)
    }
  } catch (error) {
    throw new RelayError('sign-in-key-missing', `${path} cannot be made.`, { cause: error })
  }
}

function toKeys(path: string, text: string): SignInKeys {
  let file: z.output<typeof fileSchema>
  try {
    file = fileSchema.parse(JSON.parse(text))
  } catch {
    // What the parser says would quote the file.
    throw new RelayError('sign-in-key-damaged', `${path} is not a key file of password sign-in.`)
  }
  const { opaqueSetup } = file
  const derive = (purpose: string) =>
    new Uint8Array(hkdfSync('sha256', Buffer.from(file.secret, 'base64url'), '', `owlivion-sync/1/${purpose}`, 32))
  const nameKey = derive('sign-in-name')
  return {
    opaqueSetup,
    nameOf: (address) => new Uint8Array(createHmac('sha256', nameKey).update(normalAddress(address)).digest()),
    sealingKey: derive('sign-in-row'),
    codeKey: derive('backup-code'),
  }
}

/** One address, however it was typed. What stands before the @ may differ by case in theory and does nowhere in practice. */
function normalAddress(address: string): string {
  return address.normalize('NFKC').trim().toLowerCase()
}
