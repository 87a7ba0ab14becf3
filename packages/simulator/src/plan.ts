// What a seed does to its world, drawn before the world begins: a list of steps, each with its time and everything it needs. So a
// failing list can be shortened step by step without changing what the others do.

import type { DocumentLimits } from '@owlivion/sync/testing'
import type { Weather } from './connection'
import { type DevicePlace, devicePlaces, type RelayPlace, relayPlaces } from './crash-points'
import type { CrashKind } from './disk'
import type { DocumentLie } from './hostile/document-lies'
import { drawKeyEvents, type KeyAction, type WeekPasses } from './plan-keys'
import { drawRelayLosses, type RelayLossAction } from './plan-relay'
import { afterNight, drawSchedules, type Night, type ScheduleAction } from './plan-schedule'
import { drawSelection, type SelectionAction } from './plan-selection'
import { drawStoreFailures, type StoreAction } from './plan-storage'
import { RandomStream } from './random'

/** A text that must never reach the relay in the clear; part of every name and value. */
export const CANARY = 'canary'

export type PlannedValue = string | number | null | { readonly [key: string]: string } | undefined

export type PlannedEdit =
  | {
      readonly kind: 'add' | 'update'
      readonly id: string
      readonly fields: { readonly [field: string]: PlannedValue }
    }
  | { readonly kind: 'delete' | 'restore'; readonly id: string }

export type Action =
  /** Edits of one turn, each a call of its own; or, `together`, additions in one call. */
  | {
      readonly kind: 'edit'
      readonly together: boolean
      readonly device: number
      readonly collection: string
      readonly edits: readonly PlannedEdit[]
    }
  | { readonly kind: 'go offline' | 'go online' | 'close' | 'open' | 'flush'; readonly device: number }
  /** `awayMs`: how long the device stays offline after it has come up again. */
  | {
      readonly kind: 'crash'
      readonly device: number
      readonly how: CrashKind
      readonly downMs: number
      readonly awayMs: number
    }
  /** The nth time from then on that it comes to this place. */
  | {
      readonly kind: 'crash at'
      readonly device: number
      readonly place: DevicePlace
      readonly nth: number
      readonly how: CrashKind
      readonly downMs: number
    }
  | { readonly kind: 'relay crash at'; readonly place: RelayPlace; readonly nth: number; readonly lastsMs: number }
  | { readonly kind: 'relay crash' | 'relay restart' | 'relay disk full'; readonly lastsMs: number }
  | { readonly kind: 'weather'; readonly device: number; readonly weather: Weather; readonly lastsMs: number }
  | { readonly kind: 'partition' | 'disk full'; readonly device: number; readonly lastsMs: number }
  | { readonly kind: 'reset'; readonly device: number; readonly whoLearns: 'device' | 'relay' | 'both' }
  | { readonly kind: 'set clock'; readonly device: number; readonly offsetMs: number }
  /** The relay lies to the device about its documents. */
  | { readonly kind: 'lie'; readonly device: number; readonly lie: DocumentLie; readonly lastsMs: number }
  /** A further device joins. */
  | { readonly kind: 'join'; readonly device: number }
  | KeyAction
  | WeekPasses
  | RelayLossAction
  | ScheduleAction
  | SelectionAction
  | StoreAction

export type Step = Action & { readonly atMs: number }

export interface PlanOptions {
  readonly seed: number
  /** Devices in all, of which the first makes the account. Left out, the seed draws 2 to 4. */
  readonly devices?: number | undefined
  /** Steps that edit. Left out, the seed draws 30 to 90. */
  readonly steps?: number | undefined
  /**
   * Draws what people choose on their devices, too. Not by default: a few of a hundred seeds fail with it, and of most of these nobody knows yet
   * whether the engine or the world is wrong.
   */
  readonly choices?: boolean | undefined
}

export interface Plan {
  readonly seed: number
  readonly devices: number
  readonly collections: readonly string[]
  /** From where on a document is summed up and rebased; the usual, when left out, is far beyond what happens in a world. */
  readonly documentLimits?: DocumentLimits | undefined
  /** In order of time. */
  readonly steps: readonly Step[]
  /** When faults stop and everything must come together. */
  readonly endMs: number
}

/** Whether documents of this world are short enough to be rebased. */
export function mayRebase({ documentLimits }: Plan): boolean {
  return documentLimits !== undefined && documentLimits.minDeadStructs < Number.MAX_SAFE_INTEGER
}

const YEAR_MS = 365 * 24 * 3_600_000
const recordIds = ['ann', 'bob', 'cem'].map((name) => `${CANARY}-${name}@example.com`)
const fieldNames = ['name', 'mail', 'note'].map((name) => `${CANARY}_${name}`)
const collections = [`${CANARY} contacts`, `${CANARY} settings`]
const commonValues: readonly PlannedValue[] = [`${CANARY} same`, null, 1, { [`${CANARY} key`]: `${CANARY} part` }]

/** Chosen so that devices meet in the same fields, and faults meet edits. */
export function createPlan(options: PlanOptions): Plan {
  const { seed } = options
  const random = new RandomStream(seed, 'plan', 'size')
  const devices = options.devices ?? random.between(2, 4)
  const edits = options.steps ?? random.between(30, 90)
  const endMs = edits * random.pick([100, 500, 1_000, 3_000])
  const steps: Step[] = []
  for (let device = 1; device < devices; device++) {
    const isLate = device > 1 && random.chance(0.5)
    steps.push({ atMs: isLate ? random.between(0, endMs) : random.between(0, 2_000), kind: 'join', device })
  }
  const editTimes = drawEdits(seed, devices, edits, endMs, steps)
  drawFaults(seed, devices, endMs, editTimes, steps)
  drawCrashPoints(new RandomStream(seed, 'plan', 'crash points'), devices, endMs, steps)
  drawLies(new RandomStream(seed, 'plan', 'lies'), devices, endMs, steps)
  const losses = drawRelayLosses(new RandomStream(seed, 'plan', 'relay losses'), devices, endMs)
  const keyEvents = drawKeyEvents(new RandomStream(seed, 'plan', 'keys'), devices, endMs)
  const documentLimits = drawLimits(new RandomStream(seed, 'plan', 'limits'))
  steps.push(...losses, ...(losses.length === 0 ? keyEvents : keyEvents.filter(isDecidedAlone)))
  if (documentLimits !== undefined) drawWeeks(new RandomStream(seed, 'plan', 'weeks'), endMs, steps)
  // What the relay and its author's disk both lose is lost: there a device that dies keeps what it has committed.
  if (losses.length > 0)
    for (const [at, step] of steps.entries())
      if ('how' in step && step.how === 'power') steps[at] = { ...step, how: 'process' }
  // Where the log is summed up besides, others may go on suspecting a device that this lie has made heal the relay: not mended yet, see healing.md.
  if (documentLimits !== undefined)
    for (const [at, step] of steps.entries())
      if (step.kind === 'lie' && step.lie === 'alters bytes and hashes') steps[at] = { ...step, lie: 'alters bytes' }
  const night = options.choices === true ? drawChoices(seed, devices, endMs, steps) : undefined
  return {
    seed,
    devices,
    collections,
    // Sorting is stable: steps of one time keep the order in which they were drawn.
    steps: steps.map((step) => afterNight(step, night)).sort((a, b) => a.atMs - b.atMs),
    endMs: endMs + (night?.lastsMs ?? 0),
    documentLimits,
  }
}

/** What people choose on their devices: which data, and when; and what befalls their stores. */
function drawChoices(seed: number, devices: number, endMs: number, steps: Step[]): Night | undefined {
  steps.push(...drawSelection(new RandomStream(seed, 'plan', 'selection'), devices, collections, endMs))
  steps.push(...drawStoreFailures(new RandomStream(seed, 'plan', 'stores'), devices, endMs))
  const { steps: scheduled, night } = drawSchedules(new RandomStream(seed, 'plan', 'schedules'), devices, endMs)
  steps.push(...scheduled)
  return night
}

function drawEdits(seed: number, devices: number, count: number, endMs: number, steps: Step[]): readonly number[] {
  const random = new RandomStream(seed, 'plan', 'edits')
  const times: number[] = []
  let values = 0
  const value = (): PlannedValue => (random.chance(0.8) ? `${CANARY} ${++values}` : random.pick(commonValues))
  const edit = (together: boolean): PlannedEdit => {
    const id = random.pick(recordIds)
    const drawn = random.weighted<PlannedEdit['kind']>([
      [3, 'add'],
      [6, 'update'],
      [1.5, 'delete'],
      [1, 'restore'],
    ])
    const kind = together ? 'add' : drawn
    if (kind === 'delete' || kind === 'restore') return { kind, id }
    const fields: Record<string, PlannedValue> = {}
    for (let n = random.between(1, 2); n > 0; n--) fields[random.pick(fieldNames)] = value()
    if (kind === 'update' && random.chance(0.15)) fields[random.pick(fieldNames)] = undefined
    return { kind, id, fields }
  }
  for (let n = 0; n < count; n++) {
    const device = random.between(0, devices - 1)
    // Most edits are in one collection, so that they collide.
    const collection = random.chance(0.85) ? (collections[0] as string) : (collections[1] as string)
    const size = random.weighted([
      [8, 1],
      [2, 3],
      [1, 10],
    ])
    const atMs = random.between(0, endMs)
    times.push(atMs)
    const together = random.chance(0.15)
    const edits = Array.from({ length: size }, () => edit(together))
    steps.push({ atMs, kind: 'edit', device, collection, together, edits })
  }
  return times
}

function drawFaults(seed: number, devices: number, endMs: number, editTimes: readonly number[], steps: Step[]): void {
  const random = new RandomStream(seed, 'plan', 'faults')
  // Some worlds are calm, so that what is common is tried too.
  const count = random.weighted([
    [1, 2],
    [3, 10],
    [3, 25],
  ])
  const device = (): number => random.between(0, devices - 1)
  const lastsMs = (): number => random.delay(200, 60_000)
  const rate = (): number => (random.chance(0.5) ? 0 : random.fraction() * 0.4)
  // An account that is used before it has ever met a relay.
  if (random.chance(0.3)) {
    steps.push({ atMs: 0, kind: 'go offline', device: 0 })
    steps.push({ atMs: lastsMs(), kind: 'go online', device: 0 })
  }
  // Lines that are never good.
  for (let device = 0; device < devices; device++) {
    if (!random.chance(0.3)) continue
    const weather = { drop: rate() / 4, duplicate: rate(), reorder: rate(), slowMs: random.delay(20, 3_000) }
    steps.push({ atMs: 0, kind: 'weather', device, weather, lastsMs: endMs })
  }
  for (let device = 0; device < devices; device++) {
    if (random.chance(0.6)) steps.push({ atMs: 0, kind: 'set clock', device, offsetMs: clockOffset(random) })
  }
  for (let n = 0; n < count; n++) {
    // Often just after an edit, while its bytes are on the way.
    const atMs = random.chance(0.6) ? random.pick(editTimes) + random.between(0, 120) : random.between(0, endMs)
    const action = random.weighted<() => Action>([
      [
        4,
        () => {
          const how = random.pick<CrashKind>(['process', 'power'])
          // What it writes before it meets its own lost past again is what it then has to write anew.
          const awayMs = random.chance(0.4) ? random.delay(100, 60_000) : 0
          return { kind: 'crash', device: device(), how, downMs: random.delay(10, 30_000), awayMs }
        },
      ],
      [2, () => ({ kind: 'relay crash', lastsMs: random.delay(10, 20_000) })],
      [0.5, () => ({ kind: 'relay restart', lastsMs: random.delay(10, 5_000) })],
      [0.7, () => ({ kind: 'relay disk full', lastsMs: lastsMs() })],
      [
        3,
        () => {
          const weather = { drop: rate(), duplicate: rate(), reorder: rate(), slowMs: random.delay(20, 8_000) }
          return { kind: 'weather', device: device(), weather, lastsMs: lastsMs() }
        },
      ],
      [2, () => ({ kind: 'partition', device: device(), lastsMs: lastsMs() })],
      [0.7, () => ({ kind: 'disk full', device: device(), lastsMs: lastsMs() })],
      [2, () => ({ kind: 'reset', device: device(), whoLearns: random.pick(['device', 'relay', 'both'] as const) })],
      [1, () => ({ kind: 'set clock', device: device(), offsetMs: clockOffset(random) })],
      [2, () => ({ kind: 'go offline', device: device() })],
      [2, () => ({ kind: 'go online', device: device() })],
      [1, () => ({ kind: 'close', device: device() })],
      [1, () => ({ kind: 'open', device: device() })],
      [1, () => ({ kind: 'flush', device: device() })],
    ])()
    steps.push({ ...action, atMs })
    // What an app ends by itself it also begins again.
    if (action.kind === 'go offline') steps.push({ atMs: atMs + lastsMs(), kind: 'go online', device: action.device })
    if (action.kind === 'close') steps.push({ atMs: atMs + lastsMs(), kind: 'open', device: action.device })
  }
}

const documentLies: readonly DocumentLie[] = [
  'alters bytes',
  'alters bytes and hashes',
  'forges signatures',
  'swaps documents',
  'drops in the middle',
  'reorders',
  'repeats pages',
  'freezes the tail',
]

function drawCrashPoints(random: RandomStream, devices: number, endMs: number, steps: Step[]): void {
  for (let n = random.between(0, 6); n > 0; n--) {
    const [atMs, nth, downMs] = [random.between(0, endMs), random.between(1, 30), random.delay(10, 20_000)]
    const how = random.pick<CrashKind>(['process', 'power'])
    if (random.chance(0.3))
      steps.push({ atMs, kind: 'relay crash at', place: random.pick(relayPlaces), nth, lastsMs: downMs })
    else {
      const device = random.between(0, devices - 1)
      steps.push({ atMs, kind: 'crash at', device, place: random.pick(devicePlaces), nth, how, downMs })
    }
  }
}

/** What was summed up settles in weeks, and what it covers goes from the relay. */
function drawWeeks(random: RandomStream, endMs: number, steps: Step[]): void {
  if (!random.chance(0.5)) return
  for (let n = random.between(1, 4); n > 0; n--)
    steps.push({ atMs: random.between(Math.floor(endMs / 2), endMs), kind: 'a week passes' })
}

/** In some worlds logs are summed up, in some of those documents are rebased, too. */
function drawLimits(random: RandomStream): DocumentLimits | undefined {
  if (!random.chance(0.5)) return undefined
  return {
    minTailBytes: random.between(500, 5_000),
    minDeadStructs: random.chance(0.4) ? random.between(10, 60) : Number.MAX_SAFE_INTEGER,
  }
}

/** In most worlds the relay is honest. */
function drawLies(random: RandomStream, devices: number, endMs: number, steps: Step[]): void {
  if (!random.chance(0.3)) return
  for (let n = random.between(1, 4); n > 0; n--) {
    const lie = random.pick(documentLies)
    const [device, atMs] = [random.between(0, devices - 1), random.between(0, endMs)]
    steps.push({ atMs, kind: 'lie', device, lie, lastsMs: random.between(2_000, 60_000) })
  }
}

const endsMembership: ReadonlySet<Action['kind']> = new Set<Action['kind']>(['remove', 'sign out', 'recover'])

/**
 * Where two relays differ, only the phrase can decide about somebody who was put out at one of them, or about phrases that were made at both;
 * and what neither a relay nor a device has is lost.
 */
function isDecidedAlone({ kind }: Step, at: number, keyEvents: readonly Step[]): boolean {
  return (
    !endsMembership.has(kind) && (kind !== 'new phrase' || keyEvents.findIndex((each) => each.kind === kind) === at)
  )
}

/** Seconds, hours, or up to a year, either way. */
function clockOffset(random: RandomStream): number {
  const largest = random.pick([0, 5_000, 600_000, 12 * 3_600_000, YEAR_MS])
  return random.between(-largest, largest)
}

/** One line a step, for a report. */
export function describeStep({ atMs, kind, ...rest }: Step): string {
  return `at ${atMs} ms: ${kind} ${JSON.stringify(rest, (_, value) => (value === undefined ? '(cleared)' : value))}`
}
