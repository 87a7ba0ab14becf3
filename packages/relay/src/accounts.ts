// The accounts that have a connection right now, each with its verified keyring and its followers. Everything here can be
// read from the store again; it is kept only while somebody is connected.
import {
  type AccountId,
  applyRecord,
  bytesEqual,
  bytesToHex,
  type DeviceId,
  encodeFrame,
  type Hash,
  type KeyringRecord,
  type KeyringState,
  MAX_FRAME_BYTES,
  MAX_KEYRING_RECORDS,
  ProtocolFailure,
  prepareRecord,
} from '@owlivion/sync-protocol'
import { DocumentFeed, type Follower } from './document-feed'
import { Leases } from './leases'
import type { RelayPlatform } from './platform'
import { Presence } from './presence'
import type { RelayStore } from './store/relay-store'
import { deviceSigner, recoverySigner, type SignerKey, Suspensions } from './suspensions'

/** A logged-in connection as its account sees it. */
export interface Member extends Follower {
  /** Hex of the device id; undefined for a connection of the recovery key. */
  readonly deviceKey: string | undefined
  /**
   * The keyring is another now: tells the device as much of it as it may know, and ends the connection when it lost standing.
   * @param news the frame for those who may know all of it
   */
  keyringChanged(news: Uint8Array): void
  /** Held off for so long: the connection ends, and the device may come back on another. */
  suspended(forMs: number): void
  /** The account is no more: the connection ends. */
  accountDeleted(): void
  /** The same device has connected again. */
  replaced(): void
}

/** A keyring with the hash of each of its records, and who signed those that are new. */
interface Chain {
  readonly state: KeyringState
  readonly heads: readonly Hash[]
  readonly signers: ReadonlySet<SignerKey>
}

export class ConnectedAccount {
  readonly members = new Set<Member>()
  readonly feed = new DocumentFeed()
  readonly leases: Leases
  readonly presence: Presence
  /** Undefined while the relay does not know the account. */
  keyring: KeyringState | undefined
  /** The store has nothing of it any more, and nobody opens it again. */
  isDeleted = false
  holders = 0
  /** By position, the hash of each record. */
  private heads: Hash[] = []
  private changed: Promise<unknown> = Promise.resolve()

  constructor(
    readonly id: AccountId,
    private readonly platform: RelayPlatform,
    private readonly store: RelayStore,
    private readonly suspensions: Suspensions,
    private readonly release: (account: ConnectedAccount) => void,
  ) {
    this.leases = new Leases(() => platform.now())
    this.presence = new Presence(platform, this.feed)
  }

  join(member: Member): void {
    for (const other of [...this.members])
      if (member.deviceKey !== undefined && other.deviceKey === member.deviceKey) other.replaced()
    this.members.add(member)
  }

  /** Ends every connection of an account that was deleted. */
  end(): void {
    for (const member of [...this.members]) member.accountDeleted()
  }

  leave(member: Member): void {
    this.members.delete(member)
    this.feed.leave(member)
    this.leases.leave(member)
    this.presence.leave(member)
  }

  /** The keyring's head when it had this length. */
  headAt(length: number): Hash {
    return this.heads[length - 1] as Hash
  }

  /**
   * One change of the keyring after the other, each from its first look at the keyring to its last word about it. The account
   * stays loaded meanwhile, so that nobody logs in on a keyring that is just about to be another.
   */
  async changing<T>(work: () => Promise<T>): Promise<T> {
    this.holders++
    const before = this.changed
    const done = before.then(work).finally(() => this.release(this))
    this.changed = done.catch(() => {})
    return done
  }

  /**
   * Takes over a keyring whose last records were just stored, and tells every connection of the account at once: what lies between
   * them was nobody's keyring.
   */
  changeKeyring(records: readonly { readonly next: KeyringState; readonly record: KeyringRecord }[]): void {
    const signers = new Set<SignerKey>()
    let heads: readonly Hash[] = this.heads
    let before = this.keyring
    for (const { next, record } of records) {
      if (record.signer !== undefined) signers.add(deviceSigner(record.signer))
      // The record may have replaced the recovery key that signed it.
      else for (const state of [before, next]) if (state) signers.add(recoverySigner(state.recovery.signing))
      heads = [...heads.slice(0, next.length - 1), next.head]
      before = next
    }
    if (before !== undefined && records.length > 0) this.take({ state: before, heads, signers })
  }

  /** Takes over what the store has. Its records were verified before they were stored. */
  async reload(): Promise<void> {
    await this.changing(() => this.read())
  }

  /** As `reload`, for one who is `changing` the keyring already. */
  async read(): Promise<void> {
    const known = this.keyring && { state: this.keyring, heads: this.heads, signers: new Set<SignerKey>() }
    const chain = (known && (await this.readBehind(known))) ?? (await this.readBehind(undefined))
    if (chain !== undefined) this.take(chain)
  }

  suspend(suspender: SignerKey, devices: readonly DeviceId[], forMs: number): void {
    this.suspensions.suspend(this.id, suspender, devices, forMs)
    const keys = new Set(devices.map(bytesToHex))
    for (const member of [...this.members])
      if (member.deviceKey !== undefined && keys.has(member.deviceKey)) member.suspended(forMs)
  }

  /** How long a device is still held off; undefined when it is not. */
  suspendedForMs(device: DeviceId): number | undefined {
    return this.suspensions.remainingMs(this.id, device)
  }

  private take({ state, heads, signers }: Chain): void {
    if (this.keyring !== undefined && bytesEqual(this.keyring.head, state.head)) return
    const isLoaded = this.keyring !== undefined
    this.keyring = state
    this.heads = [...heads]
    // What was loaded for the first time was signed long ago, by whoever.
    this.suspensions.keyringChanged(state, isLoaded ? signers : new Set())
    const news = encodeFrame({ type: 'keyring-changed', length: state.length, head: state.head })
    for (const member of [...this.members]) member.keyringChanged(news)
  }

  /** @returns undefined when the store has no keyring, or one that does not follow `known` */
  private async readBehind(known: Chain | undefined): Promise<Chain | undefined> {
    const { sha512 } = this.platform
    let state = known?.state
    const heads = [...(known?.heads ?? [])]
    const signers = new Set<SignerKey>()
    for (;;) {
      const from: number = state?.length ?? 0
      const slice = await this.store.readKeyring(this.id, from, MAX_KEYRING_RECORDS, MAX_FRAME_BYTES)
      if (slice.length < from || (slice.length === from && state && !bytesEqual(slice.head, state.head)))
        return undefined
      for (const { record: bytes } of slice.records) {
        const prepared = follows(() => prepareRecord(sha512, state, bytes))
        if (prepared === undefined) return undefined
        state = applyRecord(sha512, state, prepared)
        heads.push(state.head)
        const { signer } = prepared.record
        signers.add(signer === undefined ? recoverySigner(prepared.publicKey) : deviceSigner(signer))
      }
      if (slice.records.length === 0) return state && { state, heads, signers }
    }
  }
}

/** Undefined when the record belongs to another branch than the one known here. */
function follows<T>(prepare: () => T): T | undefined {
  try {
    return prepare()
  } catch (error) {
    if (error instanceof ProtocolFailure && error.code === 'keyring-conflict') return undefined
    throw error
  }
}

export class Accounts {
  private readonly accountByKey = new Map<string, { account: ConnectedAccount; loaded: Promise<void> }>()
  private readonly suspensions: Suspensions

  constructor(
    private readonly platform: RelayPlatform,
    private readonly store: RelayStore,
  ) {
    this.suspensions = new Suspensions(() => platform.now())
  }

  get size(): number {
    return this.accountByKey.size
  }

  /** The account with its keyring loaded. Every `enter` that resolved is followed by one `leave`. */
  async enter(id: AccountId): Promise<ConnectedAccount> {
    const key = bytesToHex(id)
    let held = this.accountByKey.get(key)
    if (held === undefined) {
      const release = (each: ConnectedAccount) => this.leave(each)
      const account = new ConnectedAccount(id, this.platform, this.store, this.suspensions, release)
      held = { account, loaded: this.load(account) }
      this.accountByKey.set(key, held)
    }
    held.account.holders++
    try {
      await held.loaded
    } catch (error) {
      this.leave(held.account)
      // The next login reads again instead of finding this failure.
      if (this.accountByKey.get(key) === held) this.accountByKey.delete(key)
      throw error
    }
    return held.account
  }

  private async load(account: ConnectedAccount): Promise<void> {
    await account.reload()
    if (account.keyring === undefined) account.isDeleted = await this.store.accountRows.isDeleted(account.id)
  }

  leave(account: ConnectedAccount): void {
    account.holders--
    if (account.holders > 0) return
    const key = bytesToHex(account.id)
    if (this.accountByKey.get(key)?.account === account) this.accountByKey.delete(key)
  }
}
