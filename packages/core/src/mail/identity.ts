// Other addresses that one account writes from.
import { SyncError } from '../errors'
import { accountReference, mailAddress } from './address'
import type { MailType } from './mail-type'
import { digestId, emailId } from './record-id'
import { object, optional, schemaOf, text } from './schema'
import { canonicalText } from './text'

/**
 * An address that mails of an account may be sent from, with what goes with it. Its record id comes from account and address.
 *
 * @example
 * const sales: MailIdentity = { account: 'ann@example.com', email: 'sales@example.com', name: 'Sales', replyTo: 'orders@example.com' }
 */
export type MailIdentity = {
  /** The record id of the account that sends. */
  readonly account: string
  readonly email: string
  /** The name that stands before the address. */
  readonly name?: string
  readonly replyTo?: string
  /** An address that gets a blind copy of every mail. */
  readonly bcc?: string
  readonly organisation?: string
  /** The record id of the signature for this address. */
  readonly signature?: string
}

/** Other addresses to write from. */
export const identities: MailType<MailIdentity> = {
  name: 'identities',
  schema: schemaOf(
    object<MailIdentity>({
      account: accountReference,
      email: mailAddress,
      name: optional(text()),
      replyTo: optional(mailAddress),
      bcc: optional(mailAddress),
      organisation: optional(text()),
      signature: optional(text({ filled: true })),
    }),
  ),
  counters: [],
  sets: [],
  latestWins: [],
  key({ account, email }) {
    const address = emailId(email)
    if (address === undefined)
      throw new SyncError('invalid-id', 'The e-mail address of the identity cannot serve as its id.')
    return digestId('identity', canonicalText([account, address]))
  },
}
