// Listens to what a collection writes: what each record was before a write of this device, and after. A write is done at once, so
// nobody else's edit is ever in between.
import { changeBetween, type Edit, type RecordChanges } from '../document'
import type { LiveDocument } from '../sync'
import type { EditStep } from './edit-step'

/** What one write did, by record. */
export interface RecordedWrite {
  readonly changes: ReadonlyMap<string, RecordChanges>
  /** What it was declared to be part of. */
  readonly step: EditStep | undefined
  readonly nowMs: number
}

export type Recorder = (write: RecordedWrite) => void

/** What of a document is read to know whose a value is. */
export type ReadDocument = Pick<LiveDocument, 'registers' | 'authors'>

/** @returns tells whether this device writes as the writer */
export function oursIn({ authors }: ReadDocument, device: string): (writer: string) => boolean {
  return (writer) => authors.deviceOf(writer) === device
}

/** Runs the write, and tells the recorders what it did, also when it stopped in the middle. */
export function recorded<Result>(
  document: ReadDocument,
  device: string,
  edits: readonly Edit[],
  step: EditStep | undefined,
  recorders: Iterable<Recorder>,
  write: () => Result,
): Result {
  const { registers } = document
  const before = new Map(edits.map(({ id }) => [id, registers.slots(id)]))
  try {
    return write()
  } finally {
    const isOurs = oursIn(document, device)
    const changes = new Map<string, RecordChanges>()
    for (const [id, slots] of before) {
      const change = changeBetween(id, slots, document.registers.slots(id), edits, isOurs)
      if (change !== undefined) changes.set(id, change)
    }
    if (changes.size > 0) for (const tell of recorders) tell({ changes, step, nowMs: document.registers.now() })
  }
}
