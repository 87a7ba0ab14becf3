// One of the two devices in this page: its own store, its own keys, its own connection. It lives outside of React, as the account
// of a real app does, and React only looks at its phase.
import {
  type AccountOptions,
  createAccount,
  hasAccount,
  joinAccount,
  openAccount,
  type Store,
  type Sync,
  type SyncError,
} from '@owlivion/sync'
import { deleteIndexedDbStore, openIndexedDbStore } from '@owlivion/sync/indexeddb'
import type { PairingOffer } from '@owlivion/sync/pairing'
import type { SignInOptions } from '@owlivion/sync/password'
import { platformText } from './platform-text'
import { toSyncError } from './to-sync-error'

export type DevicePhase =
  | { readonly kind: 'opening' }
  /** Holds no account. `failure` is why the latest attempt to get one did not succeed; `hadAccount`: it lost the one that it had. */
  | { readonly kind: 'empty'; readonly failure?: SyncError; readonly hadAccount?: boolean }
  | { readonly kind: 'working'; readonly on: 'creating' | 'joining' }
  /** Shows a code to be let in by. `isMerging`: it holds an account already, which is brought along. */
  | { readonly kind: 'pairing'; readonly offer: PairingOffer; readonly isMerging: boolean }
  /** `failure` is why it is not in the other account that it was to join. */
  | { readonly kind: 'ready'; readonly sync: Sync; readonly madeHere?: NewAccount; readonly failure?: SyncError }
  | { readonly kind: 'failed'; readonly error: SyncError }

/** There only where the account was just made, until the page is loaded again. */
export interface NewAccount {
  readonly recoveryPhrase: string
  /** It is not on the screen any more. The page still knows it, for the device beside this one to join with a click. */
  readonly isPutAway: boolean
}

export interface DeviceOptions {
  readonly name: string
  /** Name of the IndexedDB database. */
  readonly database: string
  readonly relay: string
  /** Whether this is the device on which an account is made; the other one joins it. */
  readonly startsAccount: boolean
}

/** How long to leave a store alone that another tab works at. */
const RETRY_MS = 2_000

export class Device {
  readonly name: string
  readonly startsAccount: boolean
  readonly #database: string
  readonly #relay: string
  readonly #listeners = new Set<() => void>()
  #store: Store | undefined
  #phase: DevicePhase = { kind: 'opening' }
  #gaveUp = false
  #hadAccount = false

  constructor({ name, database, relay, startsAccount }: DeviceOptions) {
    this.name = name
    this.startsAccount = startsAccount
    this.#database = database
    this.#relay = relay
  }

  get phase(): DevicePhase {
    return this.#phase
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Opens what the store holds; tries again by itself while that can help. */
  async open(failure?: SyncError): Promise<void> {
    this.#enter({ kind: 'opening' })
    try {
      this.#store = await openIndexedDbStore(this.#database)
      if (await hasAccount(this.#store)) {
        const sync = await openAccount({ store: this.#store, online: !this.#wantsOffline })
        this.#enter({ kind: 'ready', sync, ...(failure && { failure }) })
      } else this.#enter({ kind: 'empty', hadAccount: this.#hadAccount })
    } catch (cause) {
      const error = toSyncError(cause)
      await this.#closeStore()
      this.#enter({ kind: 'failed', error })
      if (error.retryable) setTimeout(() => this.#phase.kind === 'failed' && void this.open(), RETRY_MS)
    }
  }

  create(): Promise<void> {
    return this.#enrol('creating', async (store) => {
      const { sync, recoveryPhrase } = await createAccount(this.#accountOptions(store))
      return { kind: 'ready', sync, madeHere: { recoveryPhrase, isPutAway: false } }
    })
  }

  join(recoveryPhrase: string): Promise<void> {
    return this.#enrol('joining', async (store) => {
      const sync = await joinAccount({ ...this.#accountOptions(store), recoveryPhrase })
      return { kind: 'ready', sync }
    })
  }

  signIn(typed: Pick<SignInOptions, 'email' | 'password' | 'code'>): Promise<void> {
    return this.#enrol('joining', async (store) => {
      const { signIn } = await import('@owlivion/sync/password')
      return { kind: 'ready', sync: await signIn({ ...this.#accountOptions(store), ...typed }) }
    })
  }

  signInWithPasskey(): Promise<void> {
    return this.#enrol('joining', async (store) => {
      const { signInWithPasskey } = await import('@owlivion/sync/password')
      return { kind: 'ready', sync: await signInWithPasskey(this.#accountOptions(store)) }
    })
  }

  /**
   * Shows a code that a device of an account takes to let this one in. What this device holds already comes along: its account is closed
   * for it, and opened again when nothing comes of it.
   */
  async pair(): Promise<void> {
    const before = this.#phase
    if (before.kind !== 'empty' && before.kind !== 'ready') return
    const isMerging = before.kind === 'ready'
    const working: DevicePhase = { kind: 'working', on: 'joining' }
    this.#enter(working)
    try {
      if (before.kind === 'ready') await before.sync.close()
      if (isMerging || this.#store === undefined) this.#store = await openIndexedDbStore(this.#database)
      const { startPairing } = await import('@owlivion/sync/pairing')
      const existing = isMerging ? 'merge' : 'refuse'
      const offer = await startPairing({ ...this.#accountOptions(this.#store), existing })
      const pairing: DevicePhase = { kind: 'pairing', offer, isMerging }
      if (this.#phase === working) this.#enter(pairing)
      else offer.cancel()
      const sync = await offer.result
      this.#enter({ kind: 'ready', sync })
    } catch (cause) {
      // Whoever wiped the device meanwhile has given it another phase.
      if (this.#phase !== working && this.#phase.kind !== 'pairing') return
      const failure = this.#gaveUp ? undefined : toSyncError(cause)
      if (isMerging) {
        await this.#closeStore()
        await this.open(failure)
      } else this.#enter({ kind: 'empty', ...(failure && { failure }) })
    } finally {
      this.#gaveUp = false
    }
  }

  /** The person here changed their mind, which is no failure. */
  stopPairing(): void {
    if (this.#phase.kind !== 'pairing') return
    this.#gaveUp = true
    this.#phase.offer.cancel()
  }

  /** Takes this device out of the account, and leaves it as new. */
  async signOut(options: { readonly discardUnsent: boolean }): Promise<void> {
    if (this.#phase.kind !== 'ready') return
    await this.#phase.sync.signOut(options)
    await this.wipe()
  }

  /** Another recovery phrase counts now, so that the one that this page knows is of no use. */
  forgetPhrase(): void {
    if (this.#phase.kind === 'ready') this.#enter({ kind: 'ready', sync: this.#phase.sync })
  }

  dismissFailure(): void {
    if (this.#phase.kind !== 'ready') return
    const { failure: _, ...phase } = this.#phase
    this.#enter(phase)
  }

  /** The recovery phrase was looked at, and gives its place to the address book. */
  putPhraseAway(): void {
    const phase = this.#phase
    if (phase.kind !== 'ready' || phase.madeHere === undefined) return
    this.#enter({ ...phase, madeHere: { ...phase.madeHere, isPutAway: true } })
  }

  setOnline(online: boolean): void {
    if (this.#phase.kind !== 'ready') return
    // A device that was switched off stays off when the page is loaded again.
    if (online) localStorage.removeItem(this.#offlineKey)
    else localStorage.setItem(this.#offlineKey, '1')
    if (online) this.#phase.sync.goOnline()
    else this.#phase.sync.goOffline()
  }

  /** Forgets everything on this device, and stands there as new. */
  async wipe(): Promise<void> {
    const before = this.#phase
    this.#enter({ kind: 'opening' })
    const isWiped = before.kind === 'ready' && (await wipeEverywhere(before.sync))
    if (before.kind === 'pairing') {
      before.offer.cancel()
      await before.offer.result.then((sync) => sync.close()).catch(() => {})
    }
    await this.#closeStore()
    localStorage.removeItem(this.#offlineKey)
    // Once more, it could be what another tab has begun with.
    if (!isWiped) await deleteIndexedDbStore(this.#database)
    await this.open()
  }

  /** What is left of a store that the browser threw away goes; the device is to join its account again. */
  async beginAgain(): Promise<void> {
    this.#hadAccount = true
    await this.wipe()
  }

  get #offlineKey(): string {
    return `${this.#database} is offline`
  }

  get #wantsOffline(): boolean {
    return localStorage.getItem(this.#offlineKey) !== null
  }

  #accountOptions(store: Store): AccountOptions {
    return { store, relay: this.#relay, deviceName: this.name, devicePlatform: platformText() }
  }

  async #enrol(on: 'creating' | 'joining', enrol: (store: Store) => Promise<DevicePhase>): Promise<void> {
    if (this.#phase.kind !== 'empty' || this.#store === undefined) return
    this.#enter({ kind: 'working', on })
    try {
      this.#enter(await enrol(this.#store))
    } catch (cause) {
      const failure = toSyncError(cause)
      if (failure.code === 'profile-exists') await this.#openAgain()
      // The person was asked for a code and gave none, which is no failure.
      else if (failure.code === 'code-required') this.#enter({ kind: 'empty' })
      else this.#enter({ kind: 'empty', failure })
    }
  }

  /** Another tab of the browser has this device, too, and may make the account. */
  async #lookAgain(empty: DevicePhase): Promise<void> {
    if (this.#phase !== empty || this.#store === undefined) return
    const isThere = await hasAccount(this.#store).catch(() => true)
    if (this.#phase !== empty) return
    if (isThere) await this.#openAgain()
    else setTimeout(() => void this.#lookAgain(empty), RETRY_MS)
  }

  async #openAgain(): Promise<void> {
    await this.#closeStore()
    await this.open()
  }

  #watch(sync: Sync): void {
    sync.on((event) => {
      if (event.type !== 'error' || event.error.code !== 'closed') return
      // Wiped in another tab.
      if (this.#phase.kind === 'ready' && this.#phase.sync === sync) void sync.close().then(() => this.#openAgain())
    })
  }

  async #closeStore(): Promise<void> {
    await this.#store?.close()
    this.#store = undefined
  }

  #enter(phase: DevicePhase): void {
    if (phase.kind === 'ready' && (this.#phase.kind !== 'ready' || this.#phase.sync !== phase.sync))
      this.#watch(phase.sync)
    this.#phase = phase
    if (phase.kind === 'empty') setTimeout(() => void this.#lookAgain(phase), RETRY_MS)
    for (const listener of [...this.#listeners]) listener()
  }
}

/** In other tabs of the browser, too. @returns false when it did not work, and is to be done in another way */
async function wipeEverywhere(sync: Sync): Promise<boolean> {
  try {
    await sync.wipe()
    return true
  } catch {
    // A store that is broken; closing it is all that is left to do with it.
    await sync.close().catch(() => {})
    return false
  }
}
