// Searches that somebody wants to make again.
import { accountReference } from './address'
import { contentKey, type MailType } from './mail-type'
import { flag, integer, object, optional, schemaOf, text, textLike } from './schema'

/** What is looked for; every member that is there must fit. */
export type SearchFilters = {
  /** Anywhere in the mail. */
  readonly query?: string
  readonly from?: string
  readonly to?: string
  readonly subject?: string
  /** The record id of an account. */
  readonly account?: string
  /** The server's own name of a folder. */
  readonly folder?: string
  /** The record id of a label. */
  readonly label?: string
  readonly hasAttachment?: boolean
  readonly isRead?: boolean
  readonly isStarred?: boolean
  /** The first day, `2026-01-31`. */
  readonly dateFrom?: string
  /** The last day, `2026-01-31`. */
  readonly dateTo?: string
}

/**
 * A search with a name. What it looks for is one field: two devices that change it apart are asked which one is meant. How often it was made is its
 * counter `uses`.
 *
 * @example
 * const invoices: SavedSearch = { name: 'Invoices of January', filters: { subject: 'invoice', dateFrom: '2026-01-01', dateTo: '2026-01-31' } }
 */
export type SavedSearch = {
  readonly name: string
  readonly filters: SearchFilters
  /** In milliseconds since 1970. */
  readonly lastUsedAt?: number
}

const day = optional(textLike((date) => /^\d{4}-\d{2}-\d{2}$/.test(date), 'a day like 2026-01-31'))
const words = optional(text())

/** Saved searches. */
export const savedSearches: MailType<SavedSearch> = {
  name: 'savedSearches',
  schema: schemaOf(
    object<SavedSearch>({
      name: text({ filled: true }),
      filters: object<SearchFilters>({
        query: words,
        from: words,
        to: words,
        subject: words,
        account: optional(accountReference),
        folder: words,
        label: words,
        hasAttachment: optional(flag),
        isRead: optional(flag),
        isStarred: optional(flag),
        dateFrom: day,
        dateTo: day,
      }),
      lastUsedAt: optional(integer(0, Number.MAX_SAFE_INTEGER)),
    }),
  ),
  counters: ['uses'],
  sets: [],
  latestWins: ['lastUsedAt'],
  key: (search) => contentKey('search', search, ['lastUsedAt']),
}
