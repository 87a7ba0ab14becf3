// The relay's disk on virtual time. A write is atomic, takes a while, and is there for readers and safe from any crash at the same
// moment, before its caller hears of it. Reads take time too, and what they answer may be old when it arrives.
import { RelayError } from '@owlivion/relay'
import {
  createMemoryData,
  createMemoryStore,
  type MemoryData,
  type RelayStore,
  storedBytes,
} from '@owlivion/relay/testing'
import { bytesEqual, bytesToHex, type Generation, type Sha512, UNJUDGED_SNAPSHOT_MS } from '@owlivion/sync-protocol'
import type { Life, VirtualTime } from './clock'
import { never } from './crash-points'
import type { RandomStream } from './random'

export interface RelayDiskOptions {
  readonly time: VirtualTime
  readonly random: RandomStream
  readonly sha512: Sha512
  /** Called when a write is about to reach the disk; its process may die of it. */
  readonly begins?: () => void
  /** Called when a read is answered; its process may die of it. */
  readonly hasRead?: () => void
  /** Called when a write has reached the disk. */
  readonly committed: () => void
  /** For a test that the checks notice: answers before what it answers for is safe from a crash. */
  readonly answersEarly: boolean
  /** What is on it from the start; nothing when left out. */
  readonly data?: MemoryData
}

export class RelayDisk {
  #data: MemoryData
  /** What a disk that answers early has really kept. */
  #kept: MemoryData | undefined
  #isFull = false
  readonly #prunedThrough = new Map<string, number>()

  constructor(private readonly options: RelayDiskOptions) {
    this.#data = options.data ?? this.empty()
  }

  /** What a new database holds. */
  empty(): MemoryData {
    return createMemoryData(this.options.random.bytes(16) as Generation)
  }

  /** What a backup holds that is made now. */
  copy(): MemoryData {
    return structuredClone(this.#data)
  }

  /** Puts other content in place of what is there. No process may have the store open. */
  replace(data: MemoryData): void {
    this.#kept = undefined
    this.#data = data
  }

  /** The disk is the relay's, and says that it is another one. */
  renamed(data: MemoryData): MemoryData {
    return { ...data, generation: this.options.random.bytes(16) as Generation }
  }

  /** Everything on the disk of what devices sent. */
  storedBytes(): Iterable<Uint8Array> {
    return storedBytes(this.#data)
  }

  /** Entries that are in no log any more, because snapshots cover them. */
  prunedEntries(): number {
    let pruned = 0
    for (const { documents } of this.#data.accounts.values())
      for (const { base } of documents.values()) pruned += base.number
    return pruned
  }

  /** True when entries went since the last call that no device but their sum's author has found in it, and nobody had a month to find. */
  prunedUnjudged(nowMs: number): boolean {
    let isUnjudged = false
    for (const { documents } of this.#data.accounts.values())
      for (const { id, base, snapshots } of documents.values()) {
        const isJudged = snapshots.some(
          ({ coveredNumber, author, verdicts, storedAtMs }) =>
            coveredNumber >= base.number &&
            (nowMs - storedAtMs >= UNJUDGED_SNAPSHOT_MS ||
              verdicts.some(({ verdict, device }) => verdict === 'accept' && !bytesEqual(device, author))),
        )
        const key = bytesToHex(id)
        const isNew = base.number > (this.#prunedThrough.get(key) ?? 0)
        this.#prunedThrough.set(key, base.number)
        if (isNew && !isJudged) isUnjudged = true
      }
    return isUnjudged
  }

  /** While it is full every write is refused. */
  setFull(isFull: boolean): void {
    this.#isFull = isFull
  }

  /** Opens the store for a process. Every call of it is answered while `life` lasts. */
  open(life: Life): RelayStore {
    const { sha512 } = this.options
    return this.#slow(
      createMemoryStore({ sha512, data: this.#data, commit: (apply) => this.#commit(apply, life) }),
      life,
    )
  }

  /** The process that had the store open died. What it had not committed is gone. */
  crash(): void {
    if (this.#kept) this.#data = this.#kept
    this.#kept = undefined
  }

  async #commit(apply: () => void, life: Life): Promise<void> {
    const { time, random, begins, committed, answersEarly } = this.options
    if (this.#isFull) {
      await time.sleep(random.delay(0, 20), life)
      throw new RelayError('storage-unavailable', 'The disk is full.')
    }
    if (answersEarly) this.#kept ??= structuredClone(this.#data)
    await time.sleep(random.delay(1, 30), life)
    begins?.()
    if (!life.alive) return never()
    apply()
    committed()
    // On disk, but nobody has heard of it yet.
    await time.sleep(random.delay(0, 5), life)
  }

  #slow(store: RelayStore, life: Life): RelayStore {
    const { time, random, hasRead } = this.options
    const slowly =
      <Arguments extends unknown[], T>(read: (...given: Arguments) => Promise<T>) =>
      async (...given: Arguments): Promise<T> => {
        await time.sleep(random.delay(0, 3), life)
        const answer = await read(...given)
        await time.sleep(random.delay(0, 3), life)
        hasRead?.()
        return life.alive ? answer : never()
      }
    const { snapshots } = store
    return {
      ...store,
      snapshots: {
        ...snapshots,
        list: slowly(snapshots.list),
        readFile: slowly(snapshots.readFile),
        readExempt: slowly(snapshots.readExempt),
        readHashes: slowly(snapshots.readHashes),
        bytesBetween: slowly(snapshots.bytesBetween),
      },
      generation: slowly(store.generation),
      accountByRecovery: slowly(store.accountByRecovery),
      readKeyring: slowly(store.readKeyring),
      readChains: slowly(store.readChains),
      readPage: slowly(store.readPage),
      readHeads: slowly(store.readHeads),
      readSeen: slowly(store.readSeen),
    }
  }
}
