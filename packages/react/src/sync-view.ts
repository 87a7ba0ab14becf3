// What an account answers to React. React asks for a snapshot at every render and wants the same object for as long as nothing
// changed, so the answers are kept here, one view an account, for as long as the account itself lives.
import type {
  Collection,
  CollectionOptions,
  DeviceDetails,
  RecordFields,
  ReissueDetails,
  Sync,
  SyncError,
  SyncSchedule,
  SyncStatus,
} from '@owlivion/sync'

/** A collection on its way from the disk: neither field is set while it is being read. */
export interface Opening {
  readonly collection: Collection<never> | undefined
  readonly error: SyncError | undefined
}

const notOpened: Opening = { collection: undefined, error: undefined }

export class SyncView {
  readonly #sync: Sync
  readonly #openings = new Map<string, Opening>()
  readonly #openingListeners = new Set<() => void>()
  readonly #statusListeners = new Set<() => void>()
  #status: SyncStatus | undefined
  #devices: readonly DeviceDetails[] = []
  #reissue: ReissueDetails | undefined
  #schedule: SyncSchedule | undefined

  constructor(sync: Sync) {
    this.#sync = sync
    // Never taken back: view and account hold only each other, and go together. One subscription for all components, so that the
    // kept status is given up before the first of them asks.
    sync.subscribe(() => this.#statusChanged())
  }

  readonly onStatus = (listener: () => void): (() => void) => {
    this.#statusListeners.add(listener)
    return () => this.#statusListeners.delete(listener)
  }

  status(): SyncStatus {
    this.#status ??= this.#sync.status
    return this.#status
  }

  devices(): readonly DeviceDetails[] {
    this.#devices = sameOr(this.#devices, this.#sync.devices())
    return this.#devices
  }

  reissue(): ReissueDetails | undefined {
    this.#reissue = sameOr(this.#reissue, this.#sync.reissue)
    return this.#reissue
  }

  schedule(): SyncSchedule {
    const { schedule } = this.#sync
    this.#schedule = sameOr(this.#schedule ?? schedule, schedule)
    return this.#schedule
  }

  opening(name: string): Opening {
    return this.#openings.get(name) ?? notOpened
  }

  /** Opens the collection unless that is done or under way; after a failure it tries again. */
  open<T extends RecordFields<T>>(name: string, options: CollectionOptions<T>): void {
    if (this.#openings.has(name) && this.#openings.get(name)?.error === undefined) return
    this.#openings.set(name, notOpened)
    this.#sync.open(name, options).then(
      (collection) => this.#opened(name, { collection: collection as unknown as Collection<never>, error: undefined }),
      (error: SyncError) => this.#opened(name, { collection: undefined, error }),
    )
  }

  onOpened(listener: () => void): () => void {
    this.#openingListeners.add(listener)
    return () => this.#openingListeners.delete(listener)
  }

  #statusChanged(): void {
    this.#status = undefined
    for (const listener of [...this.#statusListeners]) listener()
  }

  #opened(name: string, opening: Opening): void {
    this.#openings.set(name, opening)
    // An open collection is part of the status.
    this.#statusChanged()
    for (const listener of [...this.#openingListeners]) listener()
  }
}

/** The status changes with every edit, and devices hardly ever: what reads the same stays the same object. */
function sameOr<Value>(before: Value, now: Value): Value {
  return JSON.stringify(before) === JSON.stringify(now) ? before : now
}

const viewBySync = new WeakMap<Sync, SyncView>()

export function viewOfSync(sync: Sync): SyncView {
  let view = viewBySync.get(sync)
  if (view === undefined) {
    view = new SyncView(sync)
    viewBySync.set(sync, view)
  }
  return view
}
