// The one place where an import writes, so that all of it can be one step to undo.
import { SyncError } from '../../errors'
import { nextTask, type SliceOptions } from '../slices'
import { fieldChanges, type ImportPreview, type ImportRefusal } from './preview'

/** Of a collection what an import needs. */
export interface ImportTarget<T> {
  list(): (readonly [id: string, record: T])[]
  get(id: string): T | undefined
  addAll(records: Iterable<readonly [id: string, fields: T]>): Promise<void>
  update(id: string, fields: { readonly [K in keyof T]?: T[K] | undefined }): Promise<void>
  /** The same collection; what is written through it is part of one step to undo. Without it each write is one. */
  within?(step: { readonly label: string }): ImportTarget<T>
  /** Names what is there before the import, to go back to. Without it an import has no such point. */
  namePoint?(name: string): Promise<ImportPoint>
}

/** The moment before an import, as `historyOf(sync, collection).restoreTo` takes it. */
export interface ImportPoint {
  readonly id: string
  readonly name: string
  /** In ms since 1970. */
  readonly atMs: number
}

/** What an import wrote. */
export interface ImportResult {
  readonly added: number
  readonly changed: number
  /** Records that knew all of it by then, and those that somebody deleted after the preview. */
  readonly unchanged: number
  /** Records that the data type refused. */
  readonly refused: readonly ImportRefusal[]
  /** `signal` was aborted: what was written stays, the rest is not there. */
  readonly isCancelled: boolean
  /** What the account was before the first record was written. Undefined when there was nothing to write, or the target names no points. */
  readonly before: ImportPoint | undefined
}

/** Records written in one go: on disk together, and short enough that a window goes on drawing. */
const RECORDS_PER_SLICE = 100

interface Planned<T> {
  readonly id: string
  readonly record: T
  readonly isNew: boolean
}

/** @param merge what a record becomes that says the first and is told the second */
export async function writeImport<T extends object>(
  collection: ImportTarget<T>,
  preview: ImportPreview<T>,
  merge: (known: T, said: T) => T,
  { onProgress, signal }: SliceOptions,
): Promise<Omit<ImportResult, 'before'>> {
  const planned: Planned<T>[] = [
    ...preview.added.map((each) => ({ ...each, isNew: true })),
    ...preview.changed.map((each) => ({ ...each, isNew: false })),
  ]
  const writer = new SliceWriter(collection, merge)
  let done = 0
  while (done < planned.length && !signal?.aborted) {
    const slice = planned.slice(done, done + RECORDS_PER_SLICE)
    await writer.write(slice)
    done += slice.length
    onProgress?.({ done, total: planned.length })
    await nextTask()
  }
  return { ...writer.result(), isCancelled: done < planned.length }
}

/** An import that is not the first may not be taken back by undoing: other edits follow it, and the app is closed. */
export const pointBefore = (
  collection: Pick<ImportTarget<never>, 'namePoint'>,
  label: string,
): Promise<ImportPoint | undefined> => collection.namePoint?.(`Before: ${label}`) ?? Promise.resolve(undefined)

class SliceWriter<T extends object> {
  #added = 0
  #changed = 0
  #unchanged = 0
  readonly #refused: ImportRefusal[] = []

  constructor(
    private readonly collection: ImportTarget<T>,
    private readonly merge: (known: T, said: T) => T,
  ) {}

  async write(slice: readonly Planned<T>[]): Promise<void> {
    const fresh: (readonly [string, T])[] = []
    const writes: Promise<void>[] = []
    for (const { id, record, isNew } of slice) {
      const known = this.collection.get(id)
      if (known === undefined) {
        if (isNew) fresh.push([id, record])
        else this.#unchanged++
        continue
      }
      const changes = fieldChanges(known, this.merge(known, record))
      if (changes.length === 0) this.#unchanged++
      else writes.push(this.#change(id, Object.fromEntries(changes.map(({ field, after }) => [field, after]))))
    }
    await Promise.all([this.#add(fresh), ...writes])
  }

  result(): Omit<ImportResult, 'isCancelled' | 'before'> {
    return { added: this.#added, changed: this.#changed, unchanged: this.#unchanged, refused: this.#refused }
  }

  async #change(id: string, fields: object): Promise<void> {
    try {
      await this.collection.update(id, fields as { readonly [K in keyof T]?: T[K] })
      this.#changed++
    } catch (cause) {
      this.#refused.push(refusalOf(id, cause))
    }
  }

  /** All in one go; when one of them is refused, nothing of it was written, and each is tried by itself. */
  async #add(records: readonly (readonly [string, T])[]): Promise<void> {
    if (records.length === 0) return
    try {
      await this.collection.addAll(records)
      this.#added += records.length
    } catch (cause) {
      const [only, ...others] = records
      if (only === undefined || others.length === 0) this.#refused.push(refusalOf(only?.[0] ?? '', cause))
      else {
        if (!isAboutRecord(cause)) throw cause
        for (const record of records) await this.#add([record])
      }
    }
  }
}

const recordCodes = new Set([
  'invalid-record',
  'invalid-id',
  'invalid-field',
  'invalid-value',
  'field-too-large',
  'secret-field',
])

function isAboutRecord(cause: unknown): cause is SyncError {
  return cause instanceof SyncError && recordCodes.has(cause.code)
}

/** @throws what is not about this record but about the account, such as a full disk */
function refusalOf(id: string, cause: unknown): ImportRefusal {
  if (!isAboutRecord(cause)) throw cause
  const code = cause.code === 'secret-field' ? 'secret-field' : 'invalid-record'
  return { line: 1, code, reason: `The record ${id} was refused: ${cause.message}` }
}
