// A device's disk on virtual time. It knows three states of a batch: handed over, committed (survives the death of the process) and
// flushed (survives a power cut). Batches reach each state in the order of the calls, so what a crash leaves is always what some
// earlier moment had.
import { openMemoryStore, type Store, type StoreBatch, SyncError } from '@owlivion/sync'
import type { Life, VirtualTime } from './clock'
import type { RandomStream } from './random'

/** `power at once`: whatever was not flushed yet is gone, where a power cut may leave some of it. */
export type CrashKind = 'process' | 'power' | 'power at once'

/** What an operating system keeps in memory when nothing else makes it write. */
const LONGEST_UNFLUSHED_MS = 30_000

interface Batch {
  readonly batch: StoreBatch
  isCommitted: boolean
}

/** How a test breaks a disk, to see that the checks notice. */
export type DiskDefect = (batch: StoreBatch) => StoreBatch

export class SimDisk {
  /** What a power cut leaves. */
  readonly #flushed = openMemoryStore()
  #flushing: Promise<void> = Promise.resolve()
  /** Committed or handed over since, in order. */
  #tail: Batch[] = []
  #flushedCount = 0
  #committedCount = 0
  #isFull = false
  /** Stores that were opened before this count are taken away from their apps. */
  #ended = 0
  #opened = 0

  constructor(
    private readonly time: VirtualTime,
    private readonly random: RandomStream,
    private readonly defect: DiskDefect = (batch) => batch,
  ) {}

  /** Batches committed since the disk was new, of which a crash takes none. Counts back when a power cut takes some. */
  get committedCount(): number {
    return this.#committedCount
  }

  /** While it is full every commit is refused. */
  setFull(isFull: boolean): void {
    this.#isFull = isFull
  }

  /** Whoever has the store open loses it, as to another version of the app: nothing is read or written by it any more. */
  endStores(): void {
    this.#ended = this.#opened
  }

  /** The disk is lost with everything on it; another takes its place. */
  replace(): void {
    this.#tail = []
    this.#flushing = this.#flushing.then(() => this.#flushed.commit({ removePrefix: [[]] }))
  }

  /**
   * The process that had the store open died. Batches under way may or may not have been applied; a power cut takes committed
   * ones, too, from some point on.
   * @returns how many committed batches are lost
   */
  crash(kind: CrashKind): number {
    const committed = this.#tail.filter(({ isCommitted }) => isCommitted).length
    const least = kind === 'process' ? committed : 0
    const survivors = kind === 'power at once' ? 0 : this.random.between(least, this.#tail.length)
    this.#tail.length = survivors
    for (const each of this.#tail) each.isCommitted = true
    this.#committedCount = this.#flushedCount + survivors
    if (kind !== 'process') this.#flush(survivors)
    return Math.max(0, committed - survivors)
  }

  /** Opens the store for a process. Every call of it is answered while `life` lasts. */
  async open(life: Life): Promise<Store> {
    await this.#flushing
    const visible = openMemoryStore()
    await visible.commit({ put: await this.#flushed.list([]) })
    for (const { batch } of this.#tail) await visible.commit(batch)
    return this.#openStore(visible, life)
  }

  #openStore(visible: Store, life: Life): Store {
    let closing: Promise<void> | undefined
    let isDestroyed = false
    let commitsUnderWay: Promise<unknown> = Promise.resolve()
    const answer = async <T>(highMs: number, value: T): Promise<T> => {
      await this.time.sleep(this.random.delay(0, highMs), life)
      return value
    }
    const opened = ++this.#opened
    const closed = () => new SyncError('closed', 'The store was closed.')
    const ended = 'Another version of the app has taken the store.'
    /** Why nothing can be asked of it. */
    const refusal = (): SyncError | undefined => {
      if (closing) return closed()
      return opened > this.#ended ? undefined : new SyncError('storage-failed', ended, { retryable: false })
    }
    return {
      commit: (batch, options) => {
        const refused = refusal()
        if (refused) return Promise.reject(refused)
        const done = this.#commit(visible, batch, options?.durability === 'strict', life, commitsUnderWay)
        commitsUnderWay = Promise.allSettled([commitsUnderWay, done])
        return done
      },
      get: async (key) => {
        const refused = refusal()
        if (refused) throw refused
        return answer(2, await visible.get(key))
      },
      list: async (prefix) => {
        const refused = refusal()
        if (refused) throw refused
        return answer(4, await visible.list(prefix))
      },
      close: () => {
        closing ??= commitsUnderWay.then(() => answer(2, undefined))
        return closing
      },
      destroy: () => {
        const refused = isDestroyed ? undefined : refusal()
        if (refused) return Promise.reject(refused)
        isDestroyed = true
        const done = this.#commit(visible, { removePrefix: [[]] }, true, life, commitsUnderWay)
        closing ??= done.catch(() => {})
        return done
      },
    }
  }

  /** A batch is visible to reads at once, committed after a while, and flushed later still unless `strict` waits for it. */
  async #commit(visible: Store, batch: StoreBatch, isStrict: boolean, life: Life, previous: Promise<unknown>) {
    if (this.#isFull) {
      await this.time.sleep(this.random.delay(0, 5), life)
      throw new SyncError('storage-failed', 'The disk is full.')
    }
    // The memory store applies a batch or refuses it within the microtasks of the call, so the order of calls is the order of
    // the tail.
    await visible.commit(this.defect(batch))
    // Died in between, with what it had handed over decided already: a dead process writes nothing.
    if (!life.alive) return new Promise<never>(() => {})
    const item: Batch = { batch: copyBatch(this.defect(batch)), isCommitted: false }
    this.#tail.push(item)
    await this.time.sleep(this.random.delay(0, isStrict ? 40 : 15), life)
    await previous
    item.isCommitted = true
    this.#committedCount++
    const throughThis = () => this.#flush(this.#tail.indexOf(item) + 1)
    if (isStrict) throughThis()
    else this.time.after(this.random.chance(0.15) ? this.random.delay(0, 5_000) : LONGEST_UNFLUSHED_MS, throughThis)
  }

  /** Moves the first batches of the tail to where a power cut does not reach. */
  #flush(count: number): void {
    const flushed = this.#tail.splice(0, count)
    this.#flushedCount += flushed.length
    for (const { batch } of flushed) this.#flushing = this.#flushed.commit(batch)
  }
}

function copyBatch({ put = [], remove = [], removePrefix = [] }: StoreBatch): StoreBatch {
  return {
    put: put.map(([key, value]) => [[...key], new Uint8Array(value)] as const),
    remove: remove.map((key) => [...key]),
    removePrefix: removePrefix.map((key) => [...key]),
  }
}
