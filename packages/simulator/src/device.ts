// One device: the real client on a simulated platform and disk, and a person who opens it again when it died and tries again when it
// was refused. Everything is asked through the public interface.
import { isSyncError, type Sync, type SyncError } from '@owlivion/sync'
import { documentOf, limitDocuments, observeDocuments } from '@owlivion/sync/testing'
import type { SimCollection } from './book'
import { Choices } from './choices'
import { Life, WallClock } from './clock'
import { CrashPoints } from './crash-points'
import { describe } from './describe'
import type { DeviceState, SimDeviceOptions } from './device-options'
import { createDevicePlatform, DeviceLock, dyingStore } from './device-platform'
import type { CrashKind } from './disk'
import { enterAccount } from './enter-account'
import { isExpectedReport } from './expected-codes'
import { type KeyHolder, takeKeyStep } from './key-steps'
import { Leftovers } from './leftovers'
import { lookAfterPhrase } from './phrases'
import type { PlannedEdit } from './plan'
import { RandomStream } from './random'

/** After so many tries a person follows the advice to join anew: what let the device in was lost. */
const MAX_TIMES_UNKNOWN = 12

export class SimDevice {
  readonly name: string
  readonly wallClock: WallClock
  /** How often the clock had been set when this process started, and looked at it. */
  clockSetsAtStart = 0
  readonly crashPoints = new CrashPoints()
  readonly choices: Choices
  readonly collections = new Map<string, SimCollection>()
  state: DeviceState = 'absent'
  sync: Sync | undefined
  /** While it is false, reports of a bad network are as wrong as any other. */
  mayComplain = true
  /** It counts the days until it believes in a new recovery phrase. */
  waitsForAWeek = false
  #life: Life = new Life()
  #wantsOnline = true
  readonly #lock = new DeviceLock()
  readonly #leftovers: Leftovers
  /** Its disk holds an account, and nothing but its owner may end that. */
  #isMember = false
  /** It signs out as soon as it can; its person has put it away. */
  #isLeaving = false
  /** How it comes into the account the next time. */
  #entersBy: 'phrase' | 'recovery' = 'phrase'
  /** In a row the relay said that it does not know this device. */
  #timesUnknown = 0
  readonly #draws: RandomStream
  readonly #person: RandomStream

  constructor(readonly options: SimDeviceOptions) {
    this.name = options.name
    this.#leftovers = new Leftovers(options, this.#lock)
    this.#draws = new RandomStream(options.seed, options.name, 'randomness')
    this.#person = new RandomStream(options.seed, options.name, 'person')
    const clock = new WallClock(options.time, 0, (this.#person.fraction() - 0.5) * 2e-4)
    this.wallClock = clock
    const { disk } = options
    this.choices = new Choices({ ...options, committedCount: () => disk.committedCount, now: () => clock.now() })
  }

  get life(): Life {
    return this.#life
  }

  get openTimers(): number {
    return this.#life.openTimers
  }

  get isAsleep(): boolean {
    return this.#life.isAsleep
  }

  /** Starts the app, with the account that the disk holds, or by making or joining one. */
  start(online = this.#wantsOnline): void {
    if (this.state === 'opening' || this.state === 'open' || this.state === 'closing') return
    this.clockSetsAtStart = this.wallClock.sets
    this.state = 'opening'
    this.#wantsOnline = online
    const life = new Life()
    this.#life = life
    this.options.trace.add(this.name, 'starts')
    this.#open(life).catch((error: unknown) => {
      if (life.alive) this.options.fail(`${this.name} could not open: ${describe(error)}`)
    })
  }

  /** Whoever is down comes up, and whoever is offline goes online; what its schedule says is left to it. */
  revive(): void {
    this.start(true)
    if (!this.#wantsOnline || this.sync?.schedule.mode === 'live') this.goOnline()
  }

  crash(how: CrashKind): void {
    if (this.state === 'absent' || this.state === 'dead' || this.state === 'closed') return
    const { trace, network, disk, ledger, sentEntries } = this.options
    this.#life.end()
    network.deviceDied(this.name)
    const lost = disk.crash(how)
    if (lost > 0) sentEntries.forgotten(this.name)
    trace.add(this.name, how === 'process' ? 'crashes' : 'loses power', `${lost} commits lost`)
    ledger.crashed(this.name, disk.committedCount)
    this.choices.ended(disk.committedCount)
    this.#forget('dead')
  }

  async close(): Promise<void> {
    if (this.state !== 'open') return
    const { trace, ledger } = this.options
    const life = this.#life
    this.state = 'closing'
    trace.add(this.name, 'closes')
    // Its person has waited long enough: what the disk never took was never said to be stored.
    await this.sync?.close({ discardUnsaved: true })
    if (!life.alive) return
    trace.add(this.name, 'closed')
    this.#leftovers.check(life)
    life.end()
    ledger.closed(this.name)
    this.choices.ended(this.committedCount)
    this.#forget('closed')
  }

  signOut(): void {
    const { sync } = this
    if (sync === undefined || !this.#isActive) return
    // The last one would leave an account without a device.
    if (sync.devices().filter(({ isRemoved }) => !isRemoved).length < 2) return
    const life = this.#life
    this.#isLeaving = true
    this.#keyStep(
      'signs out',
      () => sync.signOut(),
      () => this.#isGone(life),
      () => {
        this.#isLeaving = false
      },
    )
  }

  /** The device is gone with its disk; its person takes another one and the phrase. */
  loseAndRecover(): void {
    const { phrases, trace, network, disk, ledger, time } = this.options
    if (!phrases.isAtRelay || this.state === 'absent' || this.state === 'closing') return
    trace.add(this.name, 'is lost')
    this.#life.end()
    network.deviceDied(this.name)
    disk.replace()
    ledger.lostDisk(this.name)
    this.choices.forgotten()
    this.#isMember = false
    this.#isLeaving = false
    this.#entersBy = 'recovery'
    this.#forget('closed')
    time.after(this.#person.delay(1_000, 20_000), () => this.start())
  }

  /** For what its person does about the keys of the account; undefined while nobody can. */
  get keyHolder(): KeyHolder | undefined {
    const { sync } = this
    if (sync === undefined || !this.#isActive) return undefined
    const { name, phrases, fail } = this.options
    return { name, sync, phrases, fail, step: (what, act, done) => this.#keyStep(what, act, done) }
  }

  goOffline(): void {
    this.#wantsOnline = false
    this.sync?.goOffline()
  }

  goOnline(): void {
    this.#wantsOnline = true
    this.sync?.goOnline()
  }

  /** Each edit is a call of its own, or all are one call; then they are additions. */
  edit(collectionName: string, edits: readonly PlannedEdit[], together: boolean): void {
    const collection = this.collections.get(collectionName)
    if (collection === undefined || !this.#isActive) return
    const { trace, ledger } = this.options
    const life = this.#life
    for (const call of together ? [edits] : edits.map((edit) => [edit])) {
      if (!life.alive) return
      trace.add(this.name, together ? 'edits add together' : `edits ${call[0]?.kind}`)
      ledger.edit(this, collection, call)
    }
  }

  get committedCount(): number {
    return this.options.disk.committedCount
  }

  async #open(life: Life): Promise<void> {
    const { disk, ledger, collectionNames, documentLimits, documents, trace, network } = this.options
    const { name, wallClock, options } = this
    const platform = createDevicePlatform({
      ...options,
      name,
      life,
      wallClock,
      random: this.#draws,
      lock: this.#lock,
      crashPoints: this.crashPoints,
    })
    observeDocuments(platform, ledger.observerFor(this.name, life))
    if (documentLimits) limitDocuments(platform, documentLimits)
    const sync = await enterAccount({
      ...options,
      ...{ life, platform, person: this.#person, by: this.#entersBy },
      isLiedTo: () => network.liesTo(name).haveBeenTold,
      openStore: async () => dyingStore(await disk.open(life), life, this.crashPoints),
      isRelayLost: () => this.options.losses.haveHappened,
      pairingOver: this.#leftovers.pairingOver,
      isMember: () => this.#isMember,
      hasLeft: () => {
        if (!this.#isLeaving) return false
        this.choices.forgotten()
        this.#isMember = false
        this.#isLeaving = false
        return true
      },
    })
    if (!life.alive) return
    this.#isMember = true
    this.#entersBy = 'phrase'
    sync.on((event) => {
      if (!life.alive) return
      if (event.type === 'error') this.#reported(event.error)
      else if (event.type === 'removed') this.#wasRemoved(sync, life)
      else if (event.type === 'healing' || event.type === 'healed' || event.type === 'device-silent')
        trace.add(this.name, event.type)
      else if (event.state === 'refused') this.#tryAgainLater(life)
      else if (event.state === 'online') this.options.phrases.isAtRelay = true
    })
    sync.subscribe(() => {
      if (life.alive) ledger.statusChanged(this.name, sync, this.collections.values())
    })
    if (this.#wantsOnline) sync.goOnline()
    for (const each of collectionNames) this.collections.set(each, await sync.open(each))
    this.sync = sync
    this.state = 'open'
    this.options.trace.add(this.name, 'opened')
    for (const collection of this.collections.values()) {
      ledger.opened(this.name, collection)
      documents.set(collection.name, documentOf(collection))
    }
    this.choices.opened(sync, collectionNames)
    ledger.statusChanged(this.name, sync, this.collections.values())
    this.options.whenOpen?.()
    await lookAfterPhrase({ ...options, sync, life, person: this.#person })
    if (sync.status.connection === 'removed') this.#wasRemoved(sync, life)
  }

  /** Somebody locked this device out. */
  #wasRemoved(sync: Sync, life: Life): void {
    this.options.trace.add(this.name, 'is locked out')
    this.#startAnew(sync, life)
  }

  /** Its person keeps what was not sent, wipes it, and enrols it anew. */
  #startAnew(sync: Sync, life: Life): void {
    const { time, ledger, fail } = this.options
    this.#timesUnknown = 0
    const handOver = async (): Promise<void> => {
      await time.sleep(this.#person.delay(500, 10_000), life)
      if (this.sync !== sync || this.state !== 'open') return
      const edits = await sync.unsentEdits()
      if (!life.alive) return
      ledger.left(this.name, edits, this.collections.values())
      this.state = 'closing'
      // It may die when everything is gone from its disk, and nobody will have heard so.
      this.#isLeaving = true
      await sync.wipe()
      this.#isGone(life)
    }
    handOver().catch((error: unknown) => {
      if (life.alive && !isSyncError(error, 'closed')) fail(`${this.name} could not be wiped: ${describe(error)}`)
      // A full disk: its person tries again.
      if (life.alive && this.state === 'closing') {
        this.state = 'open'
        this.#isLeaving = false
      }
    })
  }

  /** It has left the account with everything; after a while its person enrols it again. */
  #isGone(life: Life): void {
    if (!life.alive) return
    const { trace, ledger, time } = this.options
    trace.add(this.name, 'is gone')
    this.#leftovers.check(life)
    life.end()
    ledger.closed(this.name)
    this.choices.forgotten()
    this.#isMember = false
    this.#isLeaving = false
    this.#forget('closed')
    time.after(this.#person.delay(1_000, 20_000), () => this.start())
  }

  get isInAccount(): boolean {
    return this.#isActive && !this.isAsleep && this.sync?.status.connection === 'online'
  }

  /** Open, and somebody writes on it. */
  get #isActive(): boolean {
    return this.state === 'open' && !this.#isLeaving && this.sync?.status.connection !== 'removed'
  }

  #keyStep<T>(what: string, act: () => Promise<T>, done?: (result: T) => void, refused?: () => void): void {
    takeKeyStep({ ...this.options, life: this.#life, what, act, done, refused })
  }

  #reported(error: SyncError): void {
    const { trace, fail } = this.options
    trace.add(this.name, `reports ${error.code}`)
    if (isExpectedReport(this, error)) return
    // A clock that was set back counts the week of a new phrase anew.
    if (error.code === 'reissue-early') {
      this.waitsForAWeek = true
      return
    }
    fail(`${this.name} reports ${describe(error)}`)
  }

  /** A person sees that the device was refused and presses the button again. */
  #tryAgainLater(life: Life): void {
    this.options.trace.add(this.name, 'is refused')
    this.options.time.after(
      this.#person.between(2_000, 20_000),
      () => {
        const { sync } = this
        if (!this.#wantsOnline || this.state !== 'open' || sync === undefined) return
        const isUnknown = sync.status.refusal?.code === 'device-unknown'
        this.#timesUnknown = isUnknown ? this.#timesUnknown + 1 : 0
        if (this.#timesUnknown > MAX_TIMES_UNKNOWN) this.#startAnew(sync, life)
        else sync.goOnline()
      },
      life,
    )
  }

  #forget(state: DeviceState): void {
    this.state = state
    this.sync = undefined
    this.collections.clear()
    this.#lock.isHeld = false
  }
}
