// The part of a collection that is beside the fields of its records: counters, which add up, and sets, which merge element by element.
import type { BesideNames, Edit } from './document'
import type { LiveDocument } from './sync'

/** What of a collection counts and what gathers. Apps have it as a part of `Collection`. */
export abstract class CountersAndSets {
  /** @internal */
  constructor(protected readonly sync: () => LiveDocument) {}

  /** The names of the record's counters and sets, also those that only a newer version of the app knows. */
  besideNames(id: string): BesideNames {
    return this.sync().registers.besideNames(id)
  }

  protected abstract refuseSecretName(field: string): void
  protected abstract write(edits: readonly Edit[]): Promise<void>

  /** What a counter of the record stands at; 0 before anybody counted, and when the record is not there. */
  counter(id: string, field: string): number {
    return this.sync().registers.counter(id, field)
  }

  /**
   * Adds to a counter of a record. What several devices count at once adds up. Deleting and restoring the record keeps the count,
   * adding it anew starts at 0. Counters are apart from fields: `get` does not show them, a schema does not see them.
   * @param by an integer; negative to count down
   * @throws SyncError `record-missing`, `record-deleted`, `secret-field`, `invalid-id`, `invalid-field`; `invalid-value` when `by` is no
   * integer, or the count would leave ±9007199254740991
   *
   * @example
   * const templates = await sync.open<{ subject: string }>('templates')
   * await templates.add('invoice', { subject: 'Your invoice' })
   * await templates.increment('invoice', 'uses')
   * console.log(templates.counter('invoice', 'uses')) // 1
   */
  increment(id: string, field: string, by = 1): Promise<void> {
    this.refuseSecretName(field)
    return this.write([{ kind: 'increment', id, field, by }])
  }

  /** The texts in a set of the record, sorted by UTF-16 code unit; the same frozen list until the record changes. */
  set(id: string, field: string): readonly string[] {
    return this.sync().registers.set(id, field)
  }

  /**
   * Puts texts into a set of a record. Elements merge one by one, and what one device puts in while another takes it out stays in.
   * Sets are apart from fields: `get` does not show them, a schema does not see them.
   * @param elements of at most 1024 bytes each
   * @throws SyncError `record-missing`, `record-deleted`, `secret-field`, `invalid-id`, `invalid-field`, `invalid-value`
   *
   * @example
   * const messages = await sync.open<{ subject: string }>('messages')
   * await messages.add('message-1', { subject: 'Lunch?' })
   * await messages.addToSet('message-1', 'labels', 'friends', 'to answer')
   * await messages.removeFromSet('message-1', 'labels', 'to answer')
   * console.log(messages.set('message-1', 'labels')) // [ 'friends' ]
   */
  addToSet(id: string, field: string, ...elements: readonly string[]): Promise<void> {
    this.refuseSecretName(field)
    return this.write([{ kind: 'set-add', id, field, elements }])
  }

  /**
   * Takes texts out of a set of a record. What is not in it stays out.
   * @throws as `addToSet`
   */
  removeFromSet(id: string, field: string, ...elements: readonly string[]): Promise<void> {
    this.refuseSecretName(field)
    return this.write([{ kind: 'set-remove', id, field, elements }])
  }
}
