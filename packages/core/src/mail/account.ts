// The settings of a mail account that every device of its owner needs, as the plain JSON fields of one record. Passwords and
// tokens are not among them and may not be added: they stay in the keychain of each device.
import { SyncError } from '../errors'
import { mailAddress } from './address'
import type { MailType } from './mail-type'
import { emailId } from './record-id'
import {
  type Check,
  type Checks,
  flag,
  integer,
  list,
  object,
  oneOf,
  optional,
  schemaOf,
  text,
  textLike,
} from './schema'

/** `tls` from the first byte, `starttls` after a plain greeting, `none` never. */
export type ConnectionSecurity = 'tls' | 'starttls' | 'none'

/** How to prove who one is, in the words of the public autoconfiguration format. */
export type Authentication =
  | 'password-cleartext'
  | 'password-encrypted'
  | 'OAuth2'
  | 'GSSAPI'
  | 'NTLM'
  | 'TLS-client-cert'
  | 'client-IP-address'
  | 'none'

type Server<Protocol extends string> = {
  readonly protocol: Protocol
  readonly host: string
  /** 1 to 65535. */
  readonly port: number
  readonly security: ConnectionSecurity
  /** The name to sign in with, often the e-mail address; absent when the server asks for none. */
  readonly username?: string
  /** Ways to sign in, the one to try first in front. */
  readonly authentication: readonly Authentication[]
  /** Where a protocol over HTTP is spoken. */
  readonly url?: string
}

/** Where mail is fetched. */
export type IncomingServer = Server<'imap' | 'pop3' | 'jmap' | 'ews' | 'exchange' | 'owa' | 'graph'>
/** Where mail is handed in. */
export type OutgoingServer = Server<'smtp'>

/**
 * A mail account. Its record id is `accountKey(account)`.
 *
 * @example
 * const work: MailAccount = {
 *   email: 'ann@example.com',
 *   displayName: 'Ann Lee',
 *   incoming: { protocol: 'imap', host: 'imap.example.com', port: 993, security: 'tls', username: 'ann@example.com', authentication: ['OAuth2'] },
 *   outgoing: { protocol: 'smtp', host: 'smtp.example.com', port: 465, security: 'tls', username: 'ann@example.com', authentication: ['OAuth2'] },
 * }
 */
export type MailAccount = {
  readonly email: string
  /** The name that stands before the address in mails sent from here. */
  readonly displayName: string
  readonly incoming?: IncomingServer
  readonly outgoing?: OutgoingServer
  /** Other ways to the same mail, for a client that cannot use the first. */
  readonly incomingAlternatives?: readonly IncomingServer[]
  readonly outgoingAlternatives?: readonly OutgoingServer[]
  /** The record id of the signature that is put under a new mail. */
  readonly defaultSignature?: string
  /** Days of mail a device fetches at first; 0 for all. */
  readonly syncDays?: number
  readonly isDefault?: boolean
  /** False while the account is kept and not used; absent is true. */
  readonly isActive?: boolean
  // The server's own name of a folder that serves a purpose, each in a field of its own: two people who map two folders do not meet.
  readonly inboxFolder?: string
  readonly sentFolder?: string
  readonly draftsFolder?: string
  readonly archiveFolder?: string
  readonly junkFolder?: string
  readonly trashFolder?: string
  /** Who signs this account in, when it is not by password. */
  readonly oauthProvider?: string
}

/**
 * The record id of an account: its e-mail address, normalised like a contact's.
 * Throws `invalid-id` when the address is empty, longer than 256 bytes or has control characters.
 *
 * @example
 * accountKey({ email: 'Ann@Example.com' }) // 'ann@example.com'
 */
export function accountKey(account: Pick<MailAccount, 'email'>): string {
  const id = emailId(account.email)
  if (id === undefined) throw new SyncError('invalid-id', 'The e-mail address of the account cannot serve as its id.')
  return id
}

const securities: readonly ConnectionSecurity[] = ['tls', 'starttls', 'none']
const authentications: readonly Authentication[] = [
  'password-cleartext',
  'password-encrypted',
  'OAuth2',
  'GSSAPI',
  'NTLM',
  'TLS-client-cert',
  'client-IP-address',
  'none',
]

function server<Protocol extends string>(protocols: readonly Protocol[]): Check<Server<Protocol>> {
  return object<Server<Protocol>>({
    protocol: oneOf(protocols),
    host: textLike((host) => /^\S+$/.test(host), 'a host name'),
    port: integer(1, 65_535),
    security: oneOf(securities),
    username: optional(text()),
    authentication: list(oneOf(authentications)),
    url: optional(text()),
    // Which members are optional the compiler does not work out for a type with a parameter.
  } satisfies Checks<Server<string>> as unknown as Checks<Server<Protocol>>)
}

const incoming = server(['imap', 'pop3', 'jmap', 'ews', 'exchange', 'owa', 'graph'])
const outgoing = server(['smtp'])
const folder = optional(text({ filled: true }))

/** Mail accounts, without what signs in to them. */
export const accounts: MailType<MailAccount> = {
  name: 'accounts',
  schema: schemaOf(
    object<MailAccount>({
      email: mailAddress,
      displayName: text(),
      incoming: optional(incoming),
      outgoing: optional(outgoing),
      incomingAlternatives: optional(list(incoming)),
      outgoingAlternatives: optional(list(outgoing)),
      defaultSignature: optional(text({ filled: true })),
      syncDays: optional(integer(0, 36_500)),
      isDefault: optional(flag),
      isActive: optional(flag),
      inboxFolder: folder,
      sentFolder: folder,
      draftsFolder: folder,
      archiveFolder: folder,
      junkFolder: folder,
      trashFolder: folder,
      oauthProvider: optional(text({ filled: true })),
    }),
  ),
  secret: ['pin', 'otp'],
  counters: [],
  sets: [],
  latestWins: [],
  key: accountKey,
}

/**
 * The account that a new mail is written from, undefined when there is none. Two devices may each have chosen one; then every device answers with the
 * same of the two.
 *
 * @example
 * defaultAccount([['b@example.com', { email: 'b@example.com', displayName: 'B', isDefault: true }]]) // 'b@example.com'
 */
export function defaultAccount(accounts: Iterable<readonly [id: string, account: MailAccount]>): string | undefined {
  const usable = [...accounts].filter(([, { isActive }]) => isActive !== false)
  const chosen = usable.filter(([, { isDefault }]) => isDefault === true)
  return (chosen.length > 0 ? chosen : usable).map(([id]) => id).sort()[0]
}
