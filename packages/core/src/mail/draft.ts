// Mails that are being written. Mails are referred to by their Message-ID, which every device knows; attachments are described, their bytes
// stay on the device that has them until the mail server keeps the draft.
import { accountReference } from './address'
import { contentKey, type MailType } from './mail-type'
import { integer, list, object, oneOf, optional, schemaOf, text } from './schema'

/** Somebody a mail goes to. The address is as it was typed, right or not: a draft is allowed to be unfinished. */
export type Recipient = { readonly email: string; readonly name?: string }

/** A file that goes with a mail. */
export type DraftAttachment = {
  readonly filename: string
  readonly contentType: string
  readonly sizeBytes: number
}

/**
 * A draft. Subject, recipients and body are fields apart. Beside them it has a text, `body`, in which two devices may type at once: once
 * that is written in, it is the body, and `bodyText` and `bodyHtml` are what a client without an editor left.
 *
 * @example
 * const reply: MailDraft = {
 *   account: 'ann@example.com',
 *   composeType: 'reply',
 *   to: [{ email: 'bob@example.com', name: 'Bob' }],
 *   subject: 'Re: Lunch',
 *   inReplyTo: '<1234@example.com>',
 * }
 */
export type MailDraft = {
  /** The record id of the account that will send it. */
  readonly account: string
  /** The record id of the identity it is written as, when that is not the account's own address. */
  readonly identity?: string
  readonly composeType: 'new' | 'reply' | 'reply_all' | 'forward'
  readonly to?: readonly Recipient[]
  readonly cc?: readonly Recipient[]
  readonly bcc?: readonly Recipient[]
  readonly subject?: string
  readonly bodyText?: string
  /** Put it through `sanitizeHtml` wherever it is shown or sent. */
  readonly bodyHtml?: string
  /** The Message-ID of the mail that is answered. */
  readonly inReplyTo?: string
  /** The Message-ID of the mail that is passed on. */
  readonly forwardOf?: string
  readonly attachments?: readonly DraftAttachment[]
}

const recipients = optional(list(object<Recipient>({ email: text(), name: optional(text()) })))

/** Drafts. */
export const drafts: MailType<MailDraft> = {
  name: 'drafts',
  schema: schemaOf(
    object<MailDraft>({
      account: accountReference,
      identity: optional(text({ filled: true })),
      composeType: oneOf(['new', 'reply', 'reply_all', 'forward']),
      to: recipients,
      cc: recipients,
      bcc: recipients,
      subject: optional(text()),
      bodyText: optional(text()),
      bodyHtml: optional(text()),
      inReplyTo: optional(text({ filled: true })),
      forwardOf: optional(text({ filled: true })),
      attachments: optional(
        list(
          object<DraftAttachment>({
            filename: text(),
            contentType: text(),
            sizeBytes: integer(0, Number.MAX_SAFE_INTEGER),
          }),
        ),
      ),
    }),
  ),
  counters: [],
  sets: [],
  texts: ['body'],
  latestWins: [],
  key: (draft) => contentKey('draft', draft),
}
