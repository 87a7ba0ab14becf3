// Mails that are written again and again.
import { accountReference } from './address'
import { contentKey, type MailType } from './mail-type'
import { flag, integer, object, oneOf, optional, schemaOf, text } from './schema'

/**
 * A template, with variables like `{{recipient_name}}` in subject and body. Its tags are the set `tags`, how often it was used is its counter `uses`.
 *
 * @example
 * const reminder: MailTemplate = { name: 'Reminder', category: 'business', subject: 'Invoice {{date}}', bodyHtml: '<p>Dear {{recipient_name}}</p>' }
 */
export type MailTemplate = {
  readonly name: string
  readonly description?: string
  /** The record id of the account it belongs to; absent for all. */
  readonly account?: string
  readonly category: 'business' | 'personal' | 'customer_support' | 'sales' | 'marketing' | 'internal' | 'custom'
  readonly subject: string
  /** Put it through `sanitizeHtml` wherever it is shown or sent. */
  readonly bodyHtml: string
  readonly bodyText?: string
  /** False while it is kept and not offered; absent is true. */
  readonly isEnabled?: boolean
  readonly favourite?: boolean
  /** In milliseconds since 1970. */
  readonly lastUsedAt?: number
}

/** Templates. */
export const templates: MailType<MailTemplate> = {
  name: 'templates',
  schema: schemaOf(
    object<MailTemplate>({
      name: text({ filled: true }),
      description: optional(text()),
      account: optional(accountReference),
      category: oneOf(['business', 'personal', 'customer_support', 'sales', 'marketing', 'internal', 'custom']),
      subject: text(),
      bodyHtml: text(),
      bodyText: optional(text()),
      isEnabled: optional(flag),
      favourite: optional(flag),
      lastUsedAt: optional(integer(0, Number.MAX_SAFE_INTEGER)),
    }),
  ),
  counters: ['uses'],
  sets: ['tags'],
  latestWins: ['lastUsedAt'],
  key: (template) => contentKey('template', template, ['lastUsedAt']),
}
