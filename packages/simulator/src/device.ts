// One device: the real client on a simulated platform and disk, and a person who opens it again when it died and tries again when it
// was refused. Everything is asked through the public interface.
import {
  createAccount,
  hasAccount,
  isSyncError,
  joinAccount,
  openAccount,
  type Platform,
  recoverAccount,
  type Store,
  type Sync,
  type SyncError,
} from '@owlivion/sync'
import { observeDocuments } from '@owlivion/sync/testing'
import { Life, type VirtualTime, WallClock } from './clock'
import type { Cryptography } from './cryptography'
import type { CrashKind, SimDisk } from './disk'
import type { Duties } from './hostile/duties'
import { type PhraseChange, type RequestAnswer, takeKeyStep } from './key-steps'
import type { Ledger, SimCollection } from './ledger'
import type { Network } from './network'
import { pair } from './pair'
import type { Phrases } from './phrases'
import type { PlannedEdit } from './plan'
import { RandomStream } from './random'
import { RELAY_URL } from './relay'
import type { SentEntries } from './sent-entries'
import type { Trace } from './trace'

export interface SimDeviceOptions {
  readonly name: string
  readonly seed: number
  readonly time: VirtualTime
  readonly trace: Trace
  readonly network: Network
  readonly disk: SimDisk
  readonly cryptography: Cryptography
  readonly ledger: Ledger
  readonly sentEntries: SentEntries
  readonly duties: Duties
  readonly collectionNames: readonly string[]
  /** Those of the account, once it exists. */
  readonly phrases: Phrases
  readonly makesAccount: boolean
  /** A device that is in the account and can let another one in. */
  readonly findMember: () => SimDevice | undefined
  /** Something happened that must not happen in any world. */
  readonly fail: (reason: string) => void
  /** Called whenever the device has opened its collections. */
  readonly whenOpen?: (device: SimDevice) => void
}

/** `absent` has never been used. `dead` was killed, `closed` was closed by its app. */
export type DeviceState = 'absent' | 'opening' | 'open' | 'closing' | 'closed' | 'dead'

/** What may be reported while the network and the disks are as bad as they can be and the relay is honest. */
const expectedCodes = new Set([
  'connection-lost',
  'relay-unreachable',
  'storage-failed',
  'storage-unavailable',
  'draining',
  'timeout',
  'replaced-connection',
  'slow-consumer',
  'too-many-requests',
  'device-suspended',
  // Followed by its proof, or taken back.
  'device-removed',
])
/** Messages of a login that came twice, late or never: a device that hears one of these starts over. */
const codesOfBadOrder = new Set(['not-authenticated', 'bad-challenge', 'malformed-frame', 'keyring-conflict'])

/** A phrase that is not known yet, or was replaced while it was typed in; a pairing in which one of the two got lost. */
const codesOfFailedEntries = new Set([
  'account-unknown',
  'wrong-account',
  'pairing-refused',
  'pairing-expired',
  'pairing-mismatch',
  'pairing-not-found',
  'mailbox-taken',
  'mailbox-expired',
  // Somebody recovered the account between the two halves of a pairing.
  'device-removed',
])

/** What a device says of a relay that lies to it. */
const codesOfLies = new Set(['relay-misbehaved', 'keyring-hidden', 'relay-forked'])

/** What people call a device; the relay must not learn it. */
const deviceNameOf = (name: string): string => `canary ${name}`

export class SimDevice {
  readonly name: string
  readonly wallClock: WallClock
  readonly collections = new Map<string, SimCollection>()
  state: DeviceState = 'absent'
  sync: Sync | undefined
  /** While it is false, reports of a bad network are as wrong as any other. */
  mayComplain = true
  /** It counts the days until it believes in a new recovery phrase. */
  waitsForAWeek = false
  #life: Life = new Life()
  #wantsOnline = true
  #isLocked = false
  /** Its disk holds an account, and nothing but its owner may end that. */
  #isMember = false
  /** It signs out as soon as it can; its person has put it away. */
  #isLeaving = false
  /** How it comes into the account the next time. */
  #entersBy: 'phrase' | 'recovery' = 'phrase'
  readonly #draws: RandomStream
  readonly #person: RandomStream

  constructor(readonly options: SimDeviceOptions) {
    this.name = options.name
    this.#draws = new RandomStream(options.seed, options.name, 'randomness')
    this.#person = new RandomStream(options.seed, options.name, 'person')
    this.wallClock = new WallClock(options.time, 0, (this.#person.fraction() - 0.5) * 2e-4)
  }

  get openTimers(): number {
    return this.#life.openTimers
  }

  get isLocked(): boolean {
    return this.#isLocked
  }

  /** Starts the app, with the account that the disk holds, or by making or joining one. */
  start(online = this.#wantsOnline): void {
    if (this.state === 'opening' || this.state === 'open' || this.state === 'closing') return
    this.state = 'opening'
    this.#wantsOnline = online
    const life = new Life()
    this.#life = life
    this.options.trace.add(this.name, 'starts')
    this.#open(life).catch((error: unknown) => {
      if (life.alive) this.options.fail(`${this.name} could not open: ${describe(error)}`)
    })
  }

  crash(how: CrashKind): void {
    if (this.state === 'absent' || this.state === 'dead' || this.state === 'closed') return
    const { trace, network, disk, ledger, sentEntries } = this.options
    this.#life.end()
    network.deviceDied(this.name)
    const lost = disk.crash(how)
    if (lost > 0) sentEntries.forgotten(this.name)
    trace.add(this.name, how === 'power' ? 'loses power' : 'crashes', `${lost} commits lost`)
    ledger.crashed(this.name, disk.committedCount)
    this.#forget('dead')
  }

  async close(): Promise<void> {
    if (this.state !== 'open') return
    const { trace, fail, network, ledger } = this.options
    const life = this.#life
    this.state = 'closing'
    trace.add(this.name, 'closes')
    await this.sync?.close()
    if (!life.alive) return
    trace.add(this.name, 'closed')
    if (life.openTimers > 0) fail(`${this.name} left ${life.openTimers} timers behind`)
    if (network.isHeldBy(this.name)) fail(`${this.name} left a connection open`)
    if (this.#isLocked) fail(`${this.name} left its lock behind`)
    life.end()
    ledger.closed(this.name)
    this.#forget('closed')
  }

  /** Locks out these devices, or all others when none is named. */
  remove(names: readonly string[]): void {
    const { sync } = this
    if (sync === undefined || !this.#isActive) return
    const ids = sync
      .devices()
      .filter((each) => !each.isThisDevice && !each.isRemoved)
      .filter(({ name }) => names.length === 0 || names.some((wanted) => name === deviceNameOf(wanted)))
      .map(({ id }) => id)
    if (ids.length === 0) return
    this.#keyStep(
      'removes devices',
      () => sync.removeDevices(ids),
      () => {
        const isOut = (id: string) => sync.devices().find((each) => each.id === id)?.isRemoved
        if (!ids.every(isOut)) this.options.fail(`${this.name} said that it had removed devices, and had not`)
      },
    )
  }

  rotateKeys(): void {
    const { sync } = this
    if (sync !== undefined && this.#isActive) this.#keyStep('rotates keys', () => sync.rotateKeys())
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
    this.#isMember = false
    this.#isLeaving = false
    this.#entersBy = 'recovery'
    this.#forget('closed')
    time.after(this.#person.delay(1_000, 20_000), () => this.start())
  }

  /** Asks for a new recovery phrase, and writes it down when it is told. */
  replacePhrase(how: PhraseChange): void {
    const { sync } = this
    const { phrases } = this.options
    if (sync === undefined || !this.#isActive || !phrases.exist) return
    const ask = () =>
      how === 'without it' ? sync.requestReissue() : sync.reissuePhrase({ recoveryPhrase: phrases.all[0] as string })
    this.#keyStep(`wants a new phrase ${how}`, ask, (phrase) => phrases.write(phrase))
  }

  answerRequest(how: RequestAnswer): void {
    const { sync } = this
    if (sync?.reissue === undefined || !this.#isActive) return
    this.#keyStep(`${how}s a new phrase`, () => (how === 'veto' ? sync.vetoReissue() : sync.approveReissue()))
  }

  goOffline(): void {
    this.#wantsOnline = false
    this.sync?.goOffline()
  }

  goOnline(): void {
    this.#wantsOnline = true
    this.sync?.goOnline()
  }

  flush(): void {
    const { trace, ledger } = this.options
    const flushed = ledger.writtenBy(this.name)
    this.sync?.flush().then(
      () => {
        trace.add(this.name, 'flushed')
        ledger.acknowledged(flushed)
      },
      (error: unknown) => {
        if (!isSyncError(error, 'closed') && !isSyncError(error, 'device-removed'))
          this.options.fail(`${this.name} could not flush: ${describe(error)}`)
      },
    )
  }

  /** Each edit is a call of its own, or all are one call; then they are additions. */
  edit(collectionName: string, edits: readonly PlannedEdit[], together: boolean): void {
    const collection = this.collections.get(collectionName)
    if (collection === undefined || !this.#isActive) return
    const { trace, ledger } = this.options
    for (const call of together ? [edits] : edits.map((edit) => [edit])) {
      trace.add(this.name, together ? 'edits add together' : `edits ${call[0]?.kind}`)
      ledger.edit(this, collection, call)
    }
  }

  get committedCount(): number {
    return this.options.disk.committedCount
  }

  async #open(life: Life): Promise<void> {
    const { disk, ledger, collectionNames, trace } = this.options
    const platform = this.#platform(life)
    observeDocuments(platform, ledger.observerFor(this.name))
    const store = await disk.open(life)
    const sync = await this.#enter(platform, store, life)
    if (!life.alive) return
    sync.on((event) => {
      if (event.type === 'error') this.#reported(event.error)
      else if (event.type === 'removed') this.#wasRemoved(sync, life)
      else if (event.type === 'healing' || event.type === 'healed') trace.add(this.name, event.type)
      else if (event.state === 'refused') this.#tryAgainLater(life)
      else if (event.state === 'online') this.options.phrases.isAtRelay = true
    })
    sync.subscribe(() => ledger.statusChanged(this.name, sync))
    if (this.#wantsOnline) sync.goOnline()
    for (const name of collectionNames) this.collections.set(name, await sync.open(name))
    this.sync = sync
    this.state = 'open'
    this.options.trace.add(this.name, 'opened')
    for (const collection of this.collections.values()) ledger.opened(this.name, collection)
    ledger.statusChanged(this.name, sync)
    this.options.whenOpen?.(this)
    await this.#lookAfterPhrase(sync, life)
    if (sync.status.connection === 'removed') this.#wasRemoved(sync, life)
  }

  /** Writes down a phrase that nobody has seen, and sometimes proves that it did. */
  async #lookAfterPhrase(sync: Sync, life: Life): Promise<void> {
    const phrase = await sync.unconfirmedPhrase()
    if (phrase === undefined || !life.alive) return
    this.options.phrases.write(phrase)
    if (!this.#person.chance(0.5)) return
    const words = phrase.split(' ')
    const answers = sync.phraseQuestions().map(({ position }) => ({ position, word: words[position - 1] as string }))
    await sync.confirmRecoveryPhrase(answers).catch((error: unknown) => {
      if (!isSyncError(error, 'closed') && !isSyncError(error, 'storage-failed'))
        this.options.fail(`${this.name} could not confirm its phrase: ${describe(error)}`)
    })
  }

  /** Somebody locked this device out. Its person keeps what was not sent, wipes it, and enrols it anew. */
  #wasRemoved(sync: Sync, life: Life): void {
    const { trace, time, ledger, fail } = this.options
    trace.add(this.name, 'is locked out')
    const handOver = async (): Promise<void> => {
      await time.sleep(this.#person.delay(500, 10_000), life)
      if (this.sync !== sync || this.state !== 'open') return
      const edits = await sync.unsentEdits()
      if (!life.alive) return
      ledger.left(this.name, edits, this.collections.values())
      this.state = 'closing'
      await sync.wipe()
      this.#isGone(life)
    }
    handOver().catch((error: unknown) => {
      if (life.alive && !isSyncError(error, 'closed')) fail(`${this.name} could not be wiped: ${describe(error)}`)
      // A full disk: its person tries again.
      if (life.alive && this.state === 'closing') this.state = 'open'
    })
  }

  /** It has left the account with everything; after a while its person enrols it again. */
  #isGone(life: Life): void {
    if (!life.alive) return
    const { trace, network, fail, ledger, time } = this.options
    trace.add(this.name, 'is gone')
    if (life.openTimers > 0) fail(`${this.name} left ${life.openTimers} timers behind`)
    if (network.isHeldBy(this.name)) fail(`${this.name} left a connection open`)
    life.end()
    ledger.closed(this.name)
    this.#isMember = false
    this.#isLeaving = false
    this.#forget('closed')
    time.after(this.#person.delay(1_000, 20_000), () => this.start())
  }

  get isInAccount(): boolean {
    return this.#isActive && this.sync?.status.connection === 'online'
  }

  /** Open, and somebody writes on it. */
  get #isActive(): boolean {
    return this.state === 'open' && !this.#isLeaving && this.sync?.status.connection !== 'removed'
  }

  #keyStep<T>(what: string, act: () => Promise<T>, done?: (result: T) => void, refused?: () => void): void {
    takeKeyStep({ ...this.options, life: this.#life, what, act, done, refused })
  }

  async #enter(platform: Platform, store: Store, life: Life): Promise<Sync> {
    const { phrases, makesAccount, time, trace, fail } = this.options
    const details = { platform, store, relay: RELAY_URL, deviceName: deviceNameOf(this.name), online: false }
    for (let attempt = 0; ; attempt++) {
      try {
        if (await hasAccount(store, platform)) {
          this.#isMember = true
          return await openAccount({ platform, store, online: false })
        }
        if (this.#isMember) fail(`the account is gone from the disk of ${this.name}`)
        if (makesAccount && !phrases.exist) {
          const made = await createAccount(details)
          this.#isMember = true
          phrases.write(made.recoveryPhrase)
          trace.add(this.name, 'makes the account')
          return made.sync
        }
        const member = this.#entersBy === 'phrase' && this.#person.chance(0.5) ? this.options.findMember() : undefined
        if (member?.sync !== undefined) {
          const by = this.#person.chance(0.5) ? 'scan' : 'type'
          trace.add(this.name, `pairs with ${member.name}`)
          const sync = await pair({ newcomer: details, member: member.sync, by, fail })
          trace.add(this.name, 'joined by pairing')
          this.#isMember = true
          return sync
        }
        // Which of them counts, a person finds out by trying.
        const recoveryPhrase = phrases.all[attempt % phrases.all.length]
        if (recoveryPhrase !== undefined) {
          const join = this.#entersBy === 'recovery' ? recoverAccount : joinAccount
          const sync = await join({ ...details, recoveryPhrase })
          trace.add(this.name, this.#entersBy === 'recovery' ? 'recovered the account' : 'joined')
          this.#isMember = true
          this.#entersBy = 'phrase'
          return sync
        }
      } catch (error) {
        if (!isSyncError(error)) throw error
        const isExpected =
          expectedCodes.has(error.code) ||
          codesOfBadOrder.has(error.code) ||
          codesOfFailedEntries.has(error.code) ||
          // A relay that hides the record that lets it in.
          (error.code === 'keyring-invalid' && this.options.network.liesTo(this.name).haveBeenTold)
        if (!isExpected) throw error
        trace.add(this.name, `cannot enter: ${error.code}`)
      }
      await time.sleep(this.#person.delay(500, 10_000), life)
    }
  }

  #reported(error: SyncError): void {
    const { trace, fail } = this.options
    trace.add(this.name, `reports ${error.code}`)
    if (this.mayComplain && (expectedCodes.has(error.code) || codesOfBadOrder.has(error.code))) return
    if (codesOfLies.has(error.code) && this.options.network.liesTo(this.name).haveBeenTold) {
      this.options.duties.noticed(this.name)
      return
    }
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
        if (!this.#wantsOnline || this.state !== 'open') return
        this.sync?.goOnline()
      },
      life,
    )
  }

  #forget(state: DeviceState): void {
    this.state = state
    this.sync = undefined
    this.collections.clear()
    this.#isLocked = false
  }

  #platform(life: Life): Platform {
    const { time, cryptography, network } = this.options
    return {
      now: () => this.wallClock.now(),
      random: (length) => this.#draws.bytes(length),
      setTimer: (delayMs, callback) => life.setTimer(time, delayMs, callback),
      connect: (_url, handlers) => network.connect(this.name, life, handlers),
      signing: {
        sign: (seed, message) => cryptography.sign(life, seed, message),
        verify: (publicKey, message, signature) => cryptography.verify(life, publicKey, message, signature),
        sha512: cryptography.sha512,
      },
      lock: async () => {
        if (this.#isLocked) return undefined
        this.#isLocked = true
        return () => {
          this.#isLocked = false
        }
      },
    }
  }
}

export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = isSyncError(error) ? `${error.code}: ` : ''
  const cause = error.cause instanceof Error ? ` (${error.cause.stack})` : ''
  return `${code}${error.message}${cause}${isSyncError(error) ? '' : `\n${error.stack}`}`
}
