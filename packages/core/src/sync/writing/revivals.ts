// Watches over the records that this device has edited: one may be purged by devices that had not seen the edit, having waited for this one
// long enough. Then the edit counts, and the record comes back whole, from what this device had of it. What this device has nothing to
// send of is remembered for a while, too: the purge may have been on its way already.
import { type Dot, hasRow, lacksRow, type RecordSlots, revivingOperations, type SlotOperation } from '../../document'
import type { DocumentState } from '../document/document-state'
import { copyText, rootsIn, type TextCopy } from '../purge/purged-texts'
import type { PendingTransaction } from './outbox'

/** So many records that were edited here and sent are remembered. */
const MAX_SENT = 1_000

/** What a record held, and the operations that bring it back. */
export interface Revival {
  readonly id: string
  readonly plan: (author: Dot) => readonly SlotOperation[]
  /** What its texts held, by the names of their roots. */
  readonly texts: ReadonlyMap<string, TextCopy>
}

export class Revivals {
  /** Of records with edits of this device: what they were when they were last whole, those edited last at the end. */
  private readonly whole = new Map<string, RecordSlots>()

  /** What texts of these records held before something was taken in last, by the names of their roots. */
  private texts = new Map<string, TextCopy>()

  constructor(private readonly state: Pick<DocumentState, 'registers' | 'outbox' | 'texts'>) {}

  /** Call before texts of others are taken in: a purge may be among them. Costs nothing unless something waits to be sent. */
  keepTexts(): void {
    const { outbox, texts } = this.state
    this.texts = new Map()
    if (!outbox.pending.some(({ transaction }) => transaction.texts !== undefined)) return
    for (const slots of this.whole.values()) {
      for (const name of rootsIn(slots, texts)) {
        const copy = copyText(texts.getXmlFragment(name))
        if (copy !== undefined) this.texts.set(name, copy)
      }
    }
  }

  /**
   * Call after every change of the live document. Costs what has changed, not what is pending.
   * @param changed ids of records, undefined when any may have
   */
  after(changed: ReadonlySet<string> | undefined): Revival[] {
    const { registers, outbox } = this.state
    // Who changed something last may have been this device.
    const edited = new Set((changed === undefined ? outbox.pending : outbox.pending.slice(-1)).flatMap(recordsIn))
    const revivals: Revival[] = []
    for (const id of changed ?? new Set([...this.whole.keys(), ...edited])) {
      const known = this.whole.get(id)
      if (known === undefined && !edited.has(id)) continue
      const slots = registers.slots(id)
      if (hasRow(slots)) {
        this.whole.delete(id)
        this.whole.set(id, slots)
      } else if (known !== undefined && lacksRow(slots)) {
        const texts = rootsIn(known, this.state.texts).flatMap((name) => {
          const copy = this.texts.get(name)
          // A copy can be put back once.
          return copy !== undefined && this.texts.delete(name) ? [[name, copy] as const] : []
        })
        revivals.push({ id, plan: revivingOperations(registers, id, known), texts: new Map(texts) })
      }
    }
    if (this.whole.size > MAX_SENT) this.forget()
    return revivals
  }

  private forget(): void {
    const pending = new Set(this.state.outbox.pending.flatMap(recordsIn))
    for (const id of this.whole.keys()) {
      if (this.whole.size <= MAX_SENT) return
      if (!pending.has(id)) this.whole.delete(id)
    }
  }
}

function recordsIn({ transaction }: PendingTransaction): string[] {
  return transaction.operations.flatMap(({ kind, record }) => (kind === 'cells' ? [record] : []))
}
