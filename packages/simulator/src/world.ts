// One world from one plan: devices, relay, network, disks and clocks in one process on virtual time. The plan's steps happen, then
// faults stop, everybody comes back, and what must be true by then is checked.
import { createAccount, openMemoryStore } from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import { appliedIn } from '@owlivion/sync/testing'
import { checkRecords, digestOf } from './checks'
import { VirtualTime } from './clock'
import type { Capture } from './connection'
import { type Boundary, CrashPoints } from './crash-points'
import { Cryptography } from './cryptography'
import { describe } from './describe'
import { SimDevice } from './device'
import { SimDisk } from './disk'
import { Faults } from './faults'
import { Duties } from './hostile/duties'
import { Ledger } from './ledger'
import { Network } from './network'
import { Phrases } from './phrases'
import { CANARY, mayRebase, type Plan } from './plan'
import { RandomStream } from './random'
import { RELAY_URL, SimRelay } from './relay'
import { RelayDisk, type RelayDiskOptions } from './relay-disk'
import { RelayLosses } from './relay-losses'
import { areAtRest, describeDevices, wantLive } from './rest'
import type { Death, RunOptions, RunResult } from './run'
import { ScheduleWatch } from './schedule-watch'
import { SentEntries } from './sent-entries'
import { Trace } from './trace'

/** Longer than every time limit, back-off and heartbeat of both sides together. */
const SETTLE_MS = 15 * 60_000
/** Long enough for two heartbeats: nothing may stir any more. */
const SETTLED_AGAIN_MS = 5_000
const QUIET_MS = 35_000
/** How long a close or a start may take when nothing is broken. */
const CLOSE_MS = 120_000

let hasWarmedUp = false

/** The words of recovery phrases are a module that loads on first use, on the real event loop: before virtual time begins. */
async function warmUp(): Promise<void> {
  if (hasWarmedUp) return
  const details = { platform: nodePlatform(), store: openMemoryStore(), relay: RELAY_URL, deviceName: 'warm-up' }
  await (await createAccount({ ...details, online: false })).sync.close()
  hasWarmedUp = true
}

export async function runWorld(options: RunOptions): Promise<RunResult> {
  await warmUp()
  const world = new World(options)
  const onRejection = (error: unknown) => world.fail(`a rejection that nobody handles: ${describe(error)}`)
  process.on('unhandledRejection', onRejection)
  try {
    await world.run()
  } catch (error) {
    world.fail(`an exception that nobody catches: ${describe(error)}`)
  } finally {
    process.off('unhandledRejection', onRejection)
  }
  return world.result()
}

class World {
  readonly #failures: string[] = []
  readonly #time = new VirtualTime()
  readonly #trace: Trace
  readonly #network: Network
  readonly #relay: SimRelay
  readonly #relayDisk: RelayDisk
  readonly #devices: readonly SimDevice[]
  readonly #faults: Faults
  readonly #losses: RelayLosses
  readonly #schedules: ScheduleWatch
  readonly #ledger = new Ledger((reason) => this.fail(reason))
  readonly #sentEntries = new SentEntries((reason) => this.fail(reason))
  readonly #plan: Plan
  readonly #relayPoints = new CrashPoints()

  constructor({ plan, death, defects = {}, keepsTrace = false }: RunOptions) {
    const { seed } = plan
    const time = this.#time
    const trace = new Trace(time, keepsTrace)
    const verdicts = new Map<string, boolean>()
    const cryptographyOf = (actor: string) =>
      new Cryptography(time, new RandomStream(seed, actor, 'cryptography'), verdicts)
    const duties = new Duties(time, trace, (reason) => this.fail(reason))
    const network = new Network({ time, trace, seed, capture: this.#capture, tamper: defects.tamper, duties })
    const phrases = new Phrases()
    this.#plan = plan
    this.#trace = trace
    this.#network = network
    const relayCryptography = cryptographyOf('relay')
    const crashPoints = this.#relayPoints
    const disksLike: RelayDiskOptions = {
      time,
      random: new RandomStream(seed, 'relay', 'disk'),
      sha512: relayCryptography.sha512,
      begins: () => crashPoints.reached('begins a commit'),
      hasRead: () => crashPoints.reached('has read'),
      committed: () => {
        trace.add('relay', 'commits')
        // One that was put back rests on what a device gave it.
        if (!losses.haveHappened && this.#relayDisk.prunedUnjudged(this.#relay.nowMs))
          this.fail('the relay lets go of what nobody has looked for in its sum')
        crashPoints.reached('has committed')
      },
      answersEarly: defects.relayAnswersEarly ?? false,
    }
    this.#relayDisk = new RelayDisk(disksLike)
    const relaysLike = {
      time,
      trace,
      network,
      crashPoints,
      cryptography: relayCryptography,
      random: new RandomStream(seed, 'relay', 'randomness'),
    }
    this.#relay = new SimRelay({
      ...relaysLike,
      disk: this.#relayDisk,
      name: 'relay',
      listen: (listener) => {
        network.listener = listener
      },
    })
    const losses = new RelayLosses({
      ...{ network, trace, disksLike, relaysLike },
      relay: this.#relay,
      disk: this.#relayDisk,
    })
    this.#losses = losses
    if (plan.steps.some(({ kind }) => kind === 'relay loss' || kind === 'fork')) this.#ledger.relayMayLose()
    const documents = new Map<string, string>()
    const names = Array.from({ length: plan.devices }, (_, index) => `device ${index}`)
    const disks = names.map((name) => new SimDisk(time, new RandomStream(seed, name, 'disk'), defects.disk))
    this.#devices = names.map(
      (name, index) =>
        new SimDevice({
          name,
          seed,
          time,
          trace,
          network,
          disk: disks[index] as SimDisk,
          cryptography: cryptographyOf(name),
          ledger: this.#ledger,
          sentEntries: this.#sentEntries,
          duties,
          losses,
          collectionNames: plan.collections,
          documents,
          documentLimits: plan.documentLimits,
          phrases,
          makesAccount: index === 0,
          findMember: () => this.#devices.find(({ isInAccount }) => isInAccount),
          fail: (reason) => this.fail(reason),
          whenOpen: () => defects.records?.(this.#devices[index] as SimDevice),
        }),
    )
    const [devices, relay, relayDisk] = [this.#devices, this.#relay, this.#relayDisk]
    this.#faults = new Faults({ time, trace, network, relay, relayDisk, devices, disks, duties, losses, crashPoints })
    if (death !== undefined) this.#faults.arm(death)
    this.#schedules = new ScheduleWatch(time, devices, (reason) => this.fail(reason))
  }

  fail(reason: string): void {
    this.#trace.add('world', 'FAILS', reason)
    this.#failures.push(reason)
  }

  async run(): Promise<void> {
    this.#relay.start()
    ;(this.#devices[0] as SimDevice).start()
    for (const step of this.#plan.steps) this.#time.after(step.atMs, () => this.#faults.take(step))
    if (this.#plan.steps.some(({ kind }) => kind === 'set schedule')) this.#schedules.begin()
    await this.#runUntil(this.#plan.endMs)
    if (this.#hasFailed) return
    this.#trace.add('world', 'faults end')
    this.#faults.end()
    this.#reviveAll()
    await this.#schedules.keep((limitMs, isTrue) => this.#untilAfterAWeek(limitMs, isTrue))
    if (this.#hasFailed) return
    // What is off somewhere rests without it. Not where a relay has lost what only that device has.
    const isOff = !this.#losses.haveHappened && this.#devices.some(({ choices }) => choices.anyOff)
    if (isOff) {
      if (!(await this.#untilAfterAWeek(SETTLE_MS, () => this.#isSettled())))
        this.fail(`does not converge but for what is off: ${describeDevices(this.#devices)}`)
      this.#trace.add('world', 'is settled but for what is off')
      this.#checkRecords()
    }
    if (this.#hasFailed) return
    this.#wantsAll = true
    const isSettled = await this.#untilAfterAWeek(SETTLE_MS, () => this.#isSettled())
    if (this.#hasFailed) return
    if (!isSettled) {
      this.fail(`does not converge within ${SETTLE_MS / 60_000} minutes: ${describeDevices(this.#devices)}`)
      return
    }
    this.#trace.add('world', 'is settled')
    for (const device of this.#devices) device.mayComplain = false
    await this.#runUntil(this.#time.nowMs + QUIET_MS)
    if (this.#hasFailed) return
    // It may have ended while a summary was on its way.
    if (!(await this.#until(SETTLED_AGAIN_MS, () => this.#isSettled())) && !this.#hasFailed)
      this.fail(`does not stay converged: ${describeDevices(this.#devices)}`)
    this.#checkRecords()
    const [member] = this.#devices
    // A branch of the keyring that does not count takes with it who was there to be removed.
    if (member?.sync && !this.#losses.haveHappened)
      this.#ledger.undertakings.check(member.sync, (reason) => this.fail(reason))
    this.#checkRelay()
    if (!this.#hasFailed) await this.#closeAndReopen()
  }

  result(): RunResult {
    const entries = [...this.#ledger.books.values()].flatMap((book) => book.entries)
    return {
      seed: this.#plan.seed,
      failures: this.#failures,
      traceHash: this.#trace.hash(),
      trace: this.#trace.lines,
      counts: this.#trace.counts,
      boundaries: new Map<Death['actor'], readonly Boundary[]>([
        ['relay', this.#relayPoints.passed],
        ...this.#devices.map(({ crashPoints }, index) => [index, crashPoints.passed] as const),
      ]),
      calls: this.#ledger.calls,
      edits: this.#ledger.edits,
      rewrites: this.#ledger.rewrites,
      purges: this.#ledger.purges,
      neverPromised: entries.filter((entry) => !entry.isStored && !entry.isAcknowledged && entry.rewritten.length === 0)
        .length,
      conflicts: this.#conflicts,
      snapshots: (this.#trace.counts.get('relay sends snapshot-stored') ?? 0) - this.#rebases,
      rebases: this.#rebases,
      pruned: this.#relayDisk.prunedEntries(),
      lost: this.#failures.filter((failure) => failure.includes(' lacks an edit of ')).length,
      virtualMs: this.#time.nowMs,
    }
  }

  #wantsAll = false
  #conflicts = 0
  #rebases = 0

  get #hasFailed(): boolean {
    return this.#failures.length > 0
  }

  #runUntil(endMs: number): Promise<void> {
    return this.#time.runUntil(endMs, () => this.#hasFailed)
  }

  /** Looks once a second; answers whether it came true in time. */
  async #until(limitMs: number, isTrue: () => boolean): Promise<boolean> {
    const endMs = this.#time.nowMs + limitMs
    while (!this.#hasFailed) {
      if (isTrue()) return true
      if (this.#time.nowMs >= endMs) return false
      await this.#runUntil(this.#time.nowMs + 1_000)
    }
    return false
  }

  /** Whoever is down comes up; who is on the way down comes up when it is there. */
  #reviveAll(): void {
    this.#relay.start()
    for (const device of this.#devices) device.revive()
  }

  /** As `#until`, and once more after a week where somebody waits for one. */
  async #untilAfterAWeek(limitMs: number, isTrue: () => boolean): Promise<boolean> {
    if (await this.#until(limitMs, isTrue)) return true
    if (this.#hasFailed || !this.#devices.some(({ waitsForAWeek }) => waitsForAWeek)) return false
    this.#faults.passWeek()
    return this.#until(limitMs, isTrue)
  }

  #isSettled(): boolean {
    // Also while somebody is not in yet: who is paused lets nobody in, and one who made the account may not have given it to the relay.
    wantLive(this.#devices, this.#wantsAll)
    const isUp = this.#relay.isUp && this.#devices.every(({ state }) => state === 'open')
    if (!isUp) {
      this.#reviveAll()
      return false
    }
    return this.#network.isSound && areAtRest(this.#devices, this.#plan.collections)
  }

  #capture: Capture = (direction, device, bytes, frame) => {
    if (includesCanary(bytes)) this.fail('a frame shows the relay what it must not know')
    if (frame === undefined) return
    if (direction === 'up') this.#sentEntries.send(device, frame)
    const { choices } = this.#devices.find(({ name }) => name === device) as SimDevice
    choices.saw(direction, frame)
  }

  #checkRecords(): void {
    const mayShowMore = this.#losses.haveHappened && mayRebase(this.#plan)
    checkRecords(this.#ledger, this.#devices, { mayShowMore, fail: (reason) => this.fail(reason) })
  }

  #checkRelay(): void {
    let count = 0
    for (const bytes of this.#relayDisk.storedBytes()) {
      count++
      if (includesCanary(bytes)) this.fail('the relay holds what it must not know')
    }
    if (count === 0) this.fail('the relay holds nothing at all')
  }

  /** Nothing may be left behind by a close, and what is on disk must be what was in memory. */
  async #closeAndReopen(): Promise<void> {
    const digests = this.#devices.map(({ collections }) => [...collections.values()].map(digestOf).join())
    this.#conflicts = [...(this.#devices[0] as SimDevice).collections.values()].reduce(
      (sum, collection) => sum + collection.conflicts().length + collection.deleteConflicts().length,
      0,
    )
    this.#rebases = [...(this.#devices[0] as SimDevice).collections.values()].reduce(
      (sum, collection) => sum + appliedIn(collection).rebases,
      0,
    )
    for (const device of this.#devices) void device.close()
    if (!(await this.#until(CLOSE_MS, () => this.#devices.every(({ state }) => state === 'closed')))) {
      this.fail('a device does not close')
      return
    }
    let isStopped = false
    void this.#relay.stop().then(() => {
      isStopped = true
    })
    if (!(await this.#until(CLOSE_MS, () => isStopped))) this.fail('the relay does not stop')
    if (this.#relay.openTimers > 0) this.fail(`the relay left ${this.#relay.openTimers} timers behind`)
    for (const device of this.#devices) device.start(false)
    if (!(await this.#until(CLOSE_MS, () => this.#devices.every(({ state }) => state === 'open')))) {
      this.fail('a device does not open again')
      return
    }
    this.#devices.forEach(({ name, collections }, index) => {
      const reopened = [...collections.values()].map(digestOf).join()
      if (reopened !== digests[index]) this.fail(`${name} opened with other records than it was closed with`)
    })
    for (const device of this.#devices) void device.close()
    await this.#until(CLOSE_MS, () => this.#devices.every(({ state }) => state === 'closed'))
  }
}

function includesCanary(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(CANARY)
}
