// What can be taken back, newest last. Knows nothing of documents.
import { purgedChanges, type RecordChanges, withChange } from '../document'
import type { EditStep } from './edit-step'
import type { RecordedWrite } from './recording'

/** One thing that a person did, over one collection or several. */
export interface UndoStep<Key> {
  readonly step: EditStep | undefined
  lastMs: number
  /** By collection and record. */
  readonly records: Map<Key, Map<string, RecordChanges>>
}

export class UndoStack<Key> {
  readonly steps: UndoStep<Key>[] = []

  /** @param limit the oldest steps beyond are forgotten */
  constructor(private readonly limit: number) {}

  get last(): UndoStep<Key> | undefined {
    return this.steps.at(-1)
  }

  push(step: UndoStep<Key>): void {
    this.steps.push(step)
    if (this.steps.length > this.limit) this.steps.splice(0, this.steps.length - this.limit)
  }

  /**
   * Takes a write into the step that it is part of: the declared one, or the last, when that is no older than `captureMs` and undeclared
   * too.
   */
  add(key: Key, write: RecordedWrite, captureMs: number): void {
    const present = write.step === undefined ? this.open(write.nowMs, captureMs) : this.find(write.step)
    const step = present ?? emptyStep<Key>(write)
    addTo(step, key, write)
    if (present === undefined) this.push(step)
  }

  /** Ids of the records of the collection that something can be taken back of. */
  idsOf(key: Key): Set<string> {
    return new Set(this.steps.flatMap(({ records }) => [...(records.get(key)?.keys() ?? [])]))
  }

  /** The record was purged: nothing of what it held is kept here either. */
  forget(key: Key, id: string): void {
    for (const { records } of this.steps) {
      const present = records.get(key)
      if (present?.has(id)) present.set(id, purgedChanges)
    }
  }

  private open(nowMs: number, captureMs: number): UndoStep<Key> | undefined {
    const { last } = this
    // A clock may be set back.
    const isOpen = last !== undefined && last.step === undefined && Math.abs(nowMs - last.lastMs) < captureMs
    return isOpen ? last : undefined
  }

  private find(declared: EditStep): UndoStep<Key> | undefined {
    return this.steps.findLast(({ step }) => step === declared)
  }
}

export function emptyStep<Key>({ step, nowMs }: Pick<RecordedWrite, 'step' | 'nowMs'>): UndoStep<Key> {
  return { step, lastMs: nowMs, records: new Map() }
}

export function addTo<Key>(step: UndoStep<Key>, key: Key, { changes, nowMs }: RecordedWrite): void {
  step.lastMs = nowMs
  const records = step.records.get(key) ?? new Map<string, RecordChanges>()
  step.records.set(key, records)
  for (const [id, change] of changes) records.set(id, withChange(records.get(id), change))
}
