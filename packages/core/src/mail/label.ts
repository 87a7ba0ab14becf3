// Labels that mails are sorted by. Which mail has which is the mail server's to keep; here are their names, colours and order.
import type { MailType } from './mail-type'
import { digestId, emailId } from './record-id'
import { integer, object, optional, schemaOf, text, textLike } from './schema'
import { normaliseText } from './text'

/**
 * A label. Its record id comes from the name it was made with and stays when it is renamed, so that what refers to it goes on doing so.
 *
 * @example
 * const urgent: MailLabel = { name: 'Urgent', colour: '#d03030', position: 1 }
 */
export type MailLabel = {
  readonly name: string
  /** `#rrggbb`. */
  readonly colour?: string
  /** Where it stands among the others, lower first; equal ones by name. */
  readonly position?: number
}

/** Labels. */
export const labels: MailType<MailLabel> = {
  name: 'labels',
  schema: schemaOf(
    object<MailLabel>({
      name: text({ filled: true }),
      colour: optional(textLike((colour) => /^#[0-9a-f]{6}$/i.test(colour), 'a colour like #d03030')),
      position: optional(integer(-1_000_000, 1_000_000)),
    }),
  ),
  counters: [],
  sets: [],
  latestWins: [],
  key({ name }) {
    const plain = normaliseText(name).replace(/\s+/g, ' ')
    return emailId(plain) ?? digestId('label', plain)
  },
}
