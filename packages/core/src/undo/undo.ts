// Undo and redo of what this device wrote to some collections. What is taken back is written anew, as any edit is: it travels, and other
// devices' edits stay. Kept in memory, and in values: neither a rebase nor a new writer nor a restart of the connection changes it.
import { type Edit, isPurged, type RecordChanges, takeBack } from '../document'
import { Listeners } from '../sync'
import { EditStep } from './edit-step'
import { oursIn, type ReadDocument, type RecordedWrite, type Recorder } from './recording'
import { addTo, emptyStep, UndoStack, type UndoStep } from './undo-stack'

/** How `createUndo` keeps steps. */
export interface UndoOptions {
  /** Edits that follow one another within so many milliseconds are one step; default 500, 0 for never. */
  readonly captureMs?: number
  /** So many steps are kept; default 100. */
  readonly limit?: number
}

/** What was not taken back, since somebody else had been there. */
export interface UndoSkipped {
  /** Name of the collection. */
  readonly collection: string
  readonly id: string
  /** Left out where it is the record as a whole. */
  readonly field?: string
  readonly reason: 'changed-since' | 'deleted-since'
}

/** What undoing or redoing one step did. */
export interface UndoResult {
  /** Of the step, where it was declared with one. */
  readonly label: string | undefined
  /** How many records changed by it. */
  readonly records: number
  readonly skipped: readonly UndoSkipped[]
}

/** Of a collection, what undoing needs. */
export interface UndoTarget {
  readonly name: string
  /** @internal */
  record(recorder: Recorder): () => void
  subscribe(listener: (changed: ReadonlySet<string> | undefined) => void): () => void
  /** @internal */
  reading(): { readonly document: ReadDocument; readonly device: string }
  within(step: EditStep): {
    /** @internal */
    apply(edits: readonly Edit[]): Promise<void>
  }
}

/** Records written in one go, so that a window goes on drawing. */
const RECORDS_PER_SLICE = 256

/**
 * Undo and redo of this device's edits of some collections, from now on. Only where the value is still the one that this device wrote: what
 * another device has changed since stays as it is, and is named in the result. Each call has a stack of its own, so a window can
 * undo what was done in it.
 *
 * @example
 * const contacts = await sync.open<{ name: string }>('contacts')
 * const undo = createUndo([contacts])
 * await contacts.add('ann', { name: 'Ann' })
 * await undo.undo()
 * console.log(contacts.has('ann'), undo.canRedo) // false true
 * undo.close()
 */
export function createUndo(collections: Iterable<UndoTarget>, options: UndoOptions = {}): Undo {
  return new Undo(collections, options)
}

/** Of `createUndo`. */
export class Undo {
  private readonly undoStack: UndoStack<UndoTarget>
  private readonly redoStack: UndoStack<UndoTarget>
  private readonly captureMs: number
  private readonly listeners = new Listeners<[]>()
  private readonly stops: (() => void)[]
  /** What is being taken back writes here. */
  private taking: UndoStep<UndoTarget> | undefined
  /** One at a time. */
  private last: Promise<unknown> = Promise.resolve()

  /** @internal */
  constructor(collections: Iterable<UndoTarget>, { captureMs = 500, limit = 100 }: UndoOptions) {
    this.captureMs = captureMs
    this.undoStack = new UndoStack(limit)
    this.redoStack = new UndoStack(limit)
    this.stops = [...new Set(collections)].flatMap((collection) => [
      collection.record((write) => this.recorded(collection, write)),
      collection.subscribe((changed) => this.forgetPurged(collection, changed)),
    ])
  }

  get canUndo(): boolean {
    return this.undoStack.last !== undefined
  }

  get canRedo(): boolean {
    return this.redoStack.last !== undefined
  }

  /** What `undo` would take back, where that was declared with a label. */
  get undoLabel(): string | undefined {
    return this.undoStack.last?.step?.label
  }

  get redoLabel(): string | undefined {
    return this.redoStack.last?.step?.label
  }

  /**
   * Takes the last step back.
   * @returns once it is on this device's disk; undefined when there was nothing to take back
   * @throws SyncError `device-removed`, `closed`; the step can be taken back later then
   */
  undo(): Promise<UndoResult | undefined> {
    return this.take(this.undoStack, this.redoStack)
  }

  /**
   * Takes the last undo back.
   * @throws as `undo`
   */
  redo(): Promise<UndoResult | undefined> {
    return this.take(this.redoStack, this.undoStack)
  }

  /** Forgets everything that could be undone or redone. */
  clear(): void {
    this.undoStack.steps.length = 0
    this.redoStack.steps.length = 0
    this.listeners.tell()
  }

  /** Calls `listener` whenever what can be undone or redone may have changed. @returns a function that ends it */
  subscribe(listener: () => void): () => void {
    return this.listeners.add(listener)
  }

  /** Listens to the collections no more. */
  close(): void {
    for (const stop of this.stops) stop()
    this.clear()
  }

  private recorded(collection: UndoTarget, write: RecordedWrite): void {
    if (this.taking !== undefined && write.step === this.taking.step) {
      addTo(this.taking, collection, write)
      return
    }
    this.undoStack.add(collection, write, this.captureMs)
    this.redoStack.steps.length = 0
    this.listeners.tell()
  }

  /** What a purged record held is not kept here: a record that is made anew under its id would get it back. */
  private forgetPurged(collection: UndoTarget, changed: ReadonlySet<string> | undefined): void {
    const stacks = [this.undoStack, this.redoStack]
    const { registers } = collection.reading().document
    for (const id of changed ?? new Set(stacks.flatMap((stack) => [...stack.idsOf(collection)])))
      if (!registers.has(id) && isPurged(registers.slots(id))) for (const stack of stacks) stack.forget(collection, id)
  }

  private take(from: UndoStack<UndoTarget>, to: UndoStack<UndoTarget>): Promise<UndoResult | undefined> {
    const taking = this.last.then(() => this.takeStep(from, to))
    this.last = taking.catch(() => {})
    return taking
  }

  private async takeStep(from: UndoStack<UndoTarget>, to: UndoStack<UndoTarget>): Promise<UndoResult | undefined> {
    const taken = from.steps.pop()
    if (taken === undefined) return undefined
    const label = taken.step?.label
    const inverse = emptyStep<UndoTarget>({ step: new EditStep(label ?? ''), nowMs: taken.lastMs })
    const skipped: UndoSkipped[] = []
    const left = new Map([...taken.records].map(([collection, records]) => [collection, new Map(records)]))
    try {
      for (const [collection, records] of left) await this.write(collection, records, inverse, skipped)
    } finally {
      // What could not be written can be tried again.
      const rest = new Map([...left].filter(([, records]) => records.size > 0))
      if (rest.size > 0) from.push({ ...taken, records: rest })
      if (inverse.records.size > 0) to.push({ ...inverse, step: taken.step })
      this.listeners.tell()
    }
    const records = [...inverse.records.values()].reduce((sum, { size }) => sum + size, 0)
    return { label, records, skipped }
  }

  /** @param left what is not written yet; becomes empty */
  private async write(
    collection: UndoTarget,
    left: Map<string, RecordChanges>,
    inverse: UndoStep<UndoTarget>,
    skipped: UndoSkipped[],
  ): Promise<void> {
    const writer = collection.within(inverse.step as EditStep)
    while (left.size > 0) {
      const slice = [...left].reverse().slice(0, RECORDS_PER_SLICE)
      const { document, device } = collection.reading()
      const isOurs = oursIn(document, device)
      const plans = slice.map(([id, changes]) => ({
        id,
        ...takeBack(id, changes, document.registers.slots(id), isOurs),
      }))
      this.taking = inverse
      let stored: Promise<void>
      try {
        stored = writer.apply(plans.flatMap(({ edits }) => edits))
      } finally {
        this.taking = undefined
      }
      for (const { id, skipped: each } of plans) {
        left.delete(id)
        skipped.push(...each.map((what) => ({ collection: collection.name, id, ...what })))
      }
      await stored
    }
  }
}
