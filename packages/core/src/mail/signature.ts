// Texts that stand under mails. Several for each account, each with a name; which one a new mail gets is a field of the account, so that
// there is one place that says it.
import { accountReference } from './address'
import { contentKey, type MailType } from './mail-type'
import { object, schemaOf, text } from './schema'

/**
 * A signature. HTML is stored as its author wrote it: put it through `sanitizeHtml` of `@owlivion/sync/html` wherever it is shown or sent.
 * Beside its fields it has a text, `body`, for an editor: once that is written in, it is the signature, and `htmlOfText` makes HTML of it;
 * `writeHtml` puts what `html` says into it.
 *
 * @example
 * const short: MailSignature = { account: 'ann@example.com', name: 'Short', html: '<p>Ann</p>' }
 */
export type MailSignature = {
  /** The record id of its account. */
  readonly account: string
  readonly name: string
  readonly html: string
}

/** Signatures; their ids are digests, or random where a person makes one. */
export const signatures: MailType<MailSignature> = {
  name: 'signatures',
  schema: schemaOf(object<MailSignature>({ account: accountReference, name: text({ filled: true }), html: text() })),
  counters: [],
  sets: [],
  texts: ['body'],
  latestWins: [],
  key: (signature) => contentKey('signature', signature),
}
