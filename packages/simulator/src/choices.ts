// What was chosen on a device, as its person remembers it: which data types it syncs, and when. A choice that was said to be stored holds
// until the disk loses it; and what was chosen binds at once: what is off costs no byte, and who is paused says nothing.
import { isSyncError, type Sync } from '@owlivion/sync'
import type { Frame } from '@owlivion/sync-protocol'
import type { Life } from './clock'
import { describe } from './describe'
import { documentsOf } from './frame-documents'
import type { ScheduleAction } from './plan-schedule'
import type { Trace } from './trace'

export interface ChoicesOptions {
  readonly name: string
  readonly trace: Trace
  /** By name, hex of its id; of those that some device has opened. */
  readonly documents: ReadonlyMap<string, string>
  readonly committedCount: () => number
  /** The device's own clock, in ms since 1970. */
  readonly now: () => number
  readonly fail: (reason: string) => void
}

interface Choice<T> {
  value: T
  /** The device said so. */
  isStored: boolean
  /** Commits of its disk at that time. */
  storedAt: number
  /** Its disk may have lost it: the device says what holds. */
  isKnown: boolean
}

type Schedule = Pick<Sync['schedule'], 'mode' | 'onStart' | 'onNetworkReturn'> & { readonly isPaused: boolean }

const usualSchedule: Schedule = { mode: 'live', onStart: true, onNetworkReturn: true, isPaused: false }

export class Choices {
  readonly #off = new Map<string, Choice<boolean>>()
  #schedule: Choice<Schedule> = certain(usualSchedule)
  /** Counts changes by collection: what spans one is not judged. */
  readonly #changes = new Map<string, number>()
  /** Hex of the documents that were off when the connection began, and ever since. */
  readonly #offSinceHello = new Set<string>()

  constructor(private readonly options: ChoicesOptions) {}

  isOff(collection: string): boolean {
    return this.#off.get(collection)?.value ?? false
  }

  get anyOff(): boolean {
    return [...this.#off.values()].some(({ value }) => value)
  }

  /** How often the collection was switched. */
  changesOf(collection: string): number {
    return this.#changes.get(collection) ?? 0
  }

  switch(sync: Sync, life: Life, collection: string, isOff: boolean): void {
    if (this.isOff(collection) === isOff) return
    const { name, trace, documents } = this.options
    trace.add(name, isOff ? 'switches off' : 'switches on', collection)
    this.#changes.set(collection, this.changesOf(collection) + 1)
    if (!isOff) this.#offSinceHello.delete(documents.get(collection) ?? '')
    const choice = { value: isOff, isStored: false, storedAt: 0, isKnown: true }
    this.#off.set(collection, choice)
    this.#await(choice, life, sync.setCollectionEnabled(collection, !isOff), 'switch a data type')
  }

  schedule(sync: Sync, life: Life, step: ScheduleAction): void {
    const before = this.#schedule.value
    const change = (value: Schedule, paused?: boolean | { readonly untilMs: number }): void => {
      const { mode, onStart, onNetworkReturn } = value
      const choice = { value, isStored: false, storedAt: 0, isKnown: true }
      this.#schedule = choice
      const settings = { mode, onStart, onNetworkReturn, ...(paused !== undefined && { paused }) }
      this.#await(choice, life, sync.setSchedule(settings), 'change its schedule')
    }
    const { name, trace } = this.options
    if (step.kind === 'set schedule') {
      const { mode, onStart, onNetworkReturn } = step
      trace.add(name, typeof mode === 'number' ? 'syncs every so many minutes' : `syncs ${mode}`, String(mode))
      change({ ...before, mode, onStart, onNetworkReturn })
    }
    if (step.kind === 'pause') {
      const isForLong = step.lastsMs === undefined
      trace.add(name, isForLong ? 'pauses' : 'pauses for a while')
      // By its own clock, which may say anything by then: only a pause without an end is known to last.
      change({ ...before, isPaused: isForLong }, isForLong || { untilMs: this.options.now() + (step.lastsMs ?? 0) })
    }
    if (step.kind === 'resume') {
      trace.add(name, 'resumes')
      change({ ...before, isPaused: false }, false)
    }
  }

  resume(sync: Sync, life: Life, { mode = this.#schedule.value.mode } = {}): void {
    const { value } = this.#schedule
    if (value.mode === mode && !sync.schedule.isPaused) return
    const choice = { value: { ...value, mode, isPaused: false }, isStored: false, storedAt: 0, isKnown: true }
    this.#schedule = choice
    this.#await(choice, life, sync.setSchedule({ mode, paused: false }), 'resume')
  }

  /** From now on everything is synced. */
  wantAll(sync: Sync, life: Life): void {
    for (const [collection, { value }] of this.#off) if (value) this.switch(sync, life, collection, false)
  }

  /** Holds what it says at its start against what was promised. */
  opened(sync: Sync, collections: Iterable<string>): void {
    const { name, fail } = this.options
    if (sync.status.connection === 'removed') return
    for (const collection of collections) {
      const isOff = !sync.isCollectionEnabled(collection)
      const choice = this.#off.get(collection) ?? certain(false)
      if (choice.isKnown && choice.value !== isOff)
        fail(`${name} forgot that ${collection} is ${choice.value ? 'off' : 'on'}`)
      this.#off.set(collection, { ...choice, value: isOff, isKnown: true })
    }
    const { mode, onStart, onNetworkReturn, isPaused, pausedUntilMs } = sync.schedule
    const actual = { mode, onStart, onNetworkReturn, isPaused: isPaused && pausedUntilMs === undefined }
    const { value, isKnown } = this.#schedule
    if (isKnown && JSON.stringify(actual) !== JSON.stringify(value))
      fail(`${name} forgot its schedule: ${JSON.stringify(actual)} and not ${JSON.stringify(value)}`)
    this.#schedule = { ...this.#schedule, value: actual, isKnown: true }
  }

  /** The process ended; of the commits of its disk this many are left. */
  ended(committedCount: number): void {
    for (const choice of [this.#schedule, ...this.#off.values()])
      if (!choice.isStored || choice.storedAt > committedCount) choice.isKnown = false
    this.#offSinceHello.clear()
  }

  /** The device left the account with everything. */
  forgotten(): void {
    this.#off.clear()
    this.#schedule = certain(usualSchedule)
    this.#offSinceHello.clear()
  }

  /** Frames of the device itself, and to it. */
  saw(direction: 'up' | 'down', frame: Frame): void {
    const { name, documents, fail } = this.options
    const known = [...this.#off].filter(([, { value, isKnown }]) => value && isKnown)
    const off = new Set(known.map(([collection]) => documents.get(collection) ?? ''))
    if (frame.type === 'hello') for (const document of off) this.#offSinceHello.add(document)
    const { value, isKnown } = this.#schedule
    // Two devices that are paired talk beside the account.
    const isPairing = frame.type === 'mailbox-open' || frame.type === 'mailbox-put'
    if (direction === 'up' && value.isPaused && isKnown && !isPairing)
      fail(`${name} sends ${frame.type} while it is paused`)
    if (off.size === 0 || frame.type === 'unsubscribe') return
    // What was on its way when it was switched off still comes.
    const silent = direction === 'up' ? off : this.#offSinceHello
    const said = documentsOf(frame).find((document) => silent.has(document))
    if (said !== undefined)
      fail(`${direction === 'up' ? name : 'the relay'} sends ${frame.type} of what ${name} has off`)
  }

  #await(choice: Choice<unknown>, life: Life, stored: Promise<void>, what: string): void {
    const { name, committedCount, fail } = this.options
    stored.then(
      () => {
        if (!life.alive) return
        choice.isStored = true
        choice.storedAt = committedCount()
      },
      (error: unknown) => {
        if (!life.alive) return
        if (!isSyncError(error, 'closed') && !isSyncError(error, 'device-removed'))
          fail(`${name} could not ${what}: ${describe(error)}`)
      },
    )
  }
}

/** As every device begins. */
function certain<T>(value: T): Choice<T> {
  return { value, isStored: true, storedAt: 0, isKnown: true }
}
