// One of the two devices in this page: its own store, its own keys, its own connection. It lives outside of React, as the account
// of a real app does, and React only looks at its phase.
import {
  createAccount,
  hasAccount,
  isSyncError,
  joinAccount,
  openAccount,
  type Store,
  type Sync,
  SyncError,
} from '@owlivion/sync'
import { deleteIndexedDbStore, openIndexedDbStore } from '@owlivion/sync/indexeddb'

export type DevicePhase =
  | { readonly kind: 'opening' }
  /** Holds no account. `failure` is why the latest attempt to get one did not succeed. */
  | { readonly kind: 'empty'; readonly failure?: SyncError }
  | { readonly kind: 'working'; readonly on: 'creating' | 'joining' }
  | { readonly kind: 'ready'; readonly sync: Sync; readonly madeHere?: NewAccount }
  | { readonly kind: 'failed'; readonly error: SyncError }

/** There only where the account was just made, until the page is loaded again: the account itself does not keep the phrase. */
export interface NewAccount {
  readonly recoveryPhrase: string
  /** Somebody has written it down. The page still knows it, for the device beside this one to join with a click. */
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

/** How long to leave a store alone that another tab has open. */
const RETRY_MS = 2_000

export class Device {
  readonly name: string
  readonly startsAccount: boolean
  readonly #database: string
  readonly #relay: string
  readonly #listeners = new Set<() => void>()
  #store: Store | undefined
  #phase: DevicePhase = { kind: 'opening' }

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
  async open(): Promise<void> {
    this.#enter({ kind: 'opening' })
    try {
      this.#store = await openIndexedDbStore(this.#database)
      if (await hasAccount(this.#store)) {
        const sync = await openAccount({ store: this.#store, online: !this.#wantsOffline })
        this.#enter({ kind: 'ready', sync })
      } else this.#enter({ kind: 'empty' })
    } catch (cause) {
      const error = toSyncError(cause)
      await this.#closeStore()
      this.#enter({ kind: 'failed', error })
      if (error.retryable) setTimeout(() => this.#phase.kind === 'failed' && void this.open(), RETRY_MS)
    }
  }

  create(): Promise<void> {
    return this.#enrol('creating', async (store) => {
      const { sync, recoveryPhrase } = await createAccount({ store, relay: this.#relay, deviceName: this.name })
      return { kind: 'ready', sync, madeHere: { recoveryPhrase, isPutAway: false } }
    })
  }

  join(recoveryPhrase: string): Promise<void> {
    return this.#enrol('joining', async (store) => {
      const sync = await joinAccount({ store, relay: this.#relay, deviceName: this.name, recoveryPhrase })
      return { kind: 'ready', sync }
    })
  }

  /** The recovery phrase was written down and is not shown again. */
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
    if (before.kind === 'ready') await before.sync.close()
    await this.#closeStore()
    localStorage.removeItem(this.#offlineKey)
    await deleteIndexedDbStore(this.#database)
    await this.open()
  }

  get #offlineKey(): string {
    return `${this.#database} is offline`
  }

  get #wantsOffline(): boolean {
    return localStorage.getItem(this.#offlineKey) !== null
  }

  async #enrol(on: 'creating' | 'joining', enrol: (store: Store) => Promise<DevicePhase>): Promise<void> {
    if (this.#phase.kind !== 'empty' || this.#store === undefined) return
    this.#enter({ kind: 'working', on })
    try {
      this.#enter(await enrol(this.#store))
    } catch (cause) {
      const failure = toSyncError(cause)
      this.#enter({ kind: 'empty', failure })
    }
  }

  async #closeStore(): Promise<void> {
    await this.#store?.close()
    this.#store = undefined
  }

  #enter(phase: DevicePhase): void {
    this.#phase = phase
    for (const listener of [...this.#listeners]) listener()
  }
}

function toSyncError(cause: unknown): SyncError {
  if (isSyncError(cause)) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new SyncError('storage-failed', `This browser refused: ${reason}`, { retryable: false, cause })
}
