// The settings of a mail account that every device of its owner needs, as the plain JSON fields of one record. Passwords and
// tokens are not among them and may not be added: they stay in the keychain of each device.
import { SyncError } from '../errors'
import { emailId } from './record-id'

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
  /** HTML put under mails written from this account. */
  readonly signature?: string
  /** Days of mail a device fetches at first. */
  readonly syncDays?: number
  readonly isDefault?: boolean
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
