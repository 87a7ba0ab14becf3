// Rules that sort mail as it comes in. Folders and labels are named as every device knows them, by the server's name and by record id.
import { accountReference } from './address'
import { contentKey, type MailType } from './mail-type'
import { flag, integer, list, object, oneOf, optional, schemaOf, tagged, text } from './schema'

/** What part of a mail is looked at, and how. `has_attachment` is compared with `true` or `false`. */
export type FilterCondition = {
  readonly field: 'from' | 'to' | 'subject' | 'body' | 'has_attachment'
  readonly operator: 'contains' | 'not_contains' | 'equals' | 'not_equals' | 'starts_with' | 'ends_with'
  readonly value: string
}

/** What is done with a mail that fits. */
export type FilterAction =
  | {
      readonly type: 'move_to_folder'
      /** The server's own name of the folder. */
      readonly folder: string
    }
  | {
      readonly type: 'add_label'
      /** The record id of the label. */
      readonly label: string
    }
  | { readonly type: 'mark_as_read' | 'mark_as_starred' | 'mark_as_spam' | 'delete' | 'archive' }

/**
 * A rule for incoming mail. How many mails it fitted is its counter `matches`.
 *
 * @example
 * const newsletters: MailFilter = {
 *   name: 'Newsletters',
 *   match: 'any',
 *   conditions: [{ field: 'from', operator: 'contains', value: 'newsletter@' }],
 *   actions: [{ type: 'move_to_folder', folder: 'Newsletters' }, { type: 'mark_as_read' }],
 * }
 */
export type MailFilter = {
  readonly name: string
  readonly description?: string
  /** The record id of the account whose mail it sorts; absent for all. */
  readonly account?: string
  /** False while it is kept and not used; absent is true. */
  readonly isEnabled?: boolean
  /** Lower ones run first; absent is 0. */
  readonly priority?: number
  /** Whether all conditions must hold, or one is enough. */
  readonly match: 'all' | 'any'
  readonly conditions: readonly FilterCondition[]
  readonly actions: readonly FilterAction[]
  /** In milliseconds since 1970. */
  readonly lastMatchedAt?: number
}

/** An action that needs no more words. */
const plain = object<Record<never, never>>({})

/** Rules for incoming mail. */
export const filters: MailType<MailFilter> = {
  name: 'filters',
  schema: schemaOf(
    object<MailFilter>({
      name: text({ filled: true }),
      description: optional(text()),
      account: optional(accountReference),
      isEnabled: optional(flag),
      priority: optional(integer(-1_000_000, 1_000_000)),
      match: oneOf(['all', 'any']),
      conditions: list(
        object<FilterCondition>({
          field: oneOf(['from', 'to', 'subject', 'body', 'has_attachment']),
          operator: oneOf(['contains', 'not_contains', 'equals', 'not_equals', 'starts_with', 'ends_with']),
          value: text(),
        }),
      ),
      actions: list(
        tagged<FilterAction>({
          move_to_folder: object<{ folder: string }>({ folder: text({ filled: true }) }),
          add_label: object<{ label: string }>({ label: text({ filled: true }) }),
          mark_as_read: plain,
          mark_as_starred: plain,
          mark_as_spam: plain,
          delete: plain,
          archive: plain,
        }),
      ),
      lastMatchedAt: optional(integer(0, Number.MAX_SAFE_INTEGER)),
    }),
  ),
  counters: ['matches'],
  sets: [],
  latestWins: ['lastMatchedAt'],
  key: (filter) => contentKey('filter', filter, ['lastMatchedAt']),
}
