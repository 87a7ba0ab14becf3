// The accounts that have a connection right now, each with its verified keyring and its followers. Everything here can be
// read from the store again; it is kept only while somebody is connected.
import {
  type AccountId,
  applyRecord,
  bytesToHex,
  encodeFrame,
  type KeyringState,
  MAX_FRAME_BYTES,
  MAX_KEYRING_RECORDS,
  prepareRecord,
} from '@owlivion/sync-protocol'
import { DocumentFeed, type Follower } from './document-feed'
import type { RelayPlatform } from './platform'
import type { RelayStore } from './store/relay-store'

/** A logged-in connection as its account sees it. */
export interface Member extends Follower {
  /** Hex of the device id; undefined for a connection of the recovery key. */
  readonly deviceKey: string | undefined
  /** The keyring is another now: whoever lost standing by it ends its connection. */
  keyringChanged(causedByMe: boolean): void
  /** The same device has connected again. */
  replaced(): void
}

export class ConnectedAccount {
  readonly members = new Set<Member>()
  readonly feed = new DocumentFeed()
  /** Undefined while the relay does not know the account. */
  keyring: KeyringState | undefined
  holders = 0

  constructor(
    readonly id: AccountId,
    private readonly platform: RelayPlatform,
    private readonly store: RelayStore,
  ) {}

  join(member: Member): void {
    for (const other of [...this.members])
      if (member.deviceKey !== undefined && other.deviceKey === member.deviceKey) other.replaced()
    this.members.add(member)
  }

  leave(member: Member): void {
    this.members.delete(member)
    this.feed.leave(member)
  }

  /** Takes over a keyring that is in the store, and tells every connection of the account. */
  changeKeyring(next: KeyringState, author?: Member): void {
    if (next.length <= (this.keyring?.length ?? 0)) return
    this.keyring = next
    const frame = encodeFrame({ type: 'keyring-changed', length: next.length, head: next.head })
    for (const member of [...this.members]) {
      member.send(frame)
      member.keyringChanged(member === author)
    }
  }

  /** Reads what the store has beyond the keyring known here. Its records were verified before they were stored. */
  async reload(): Promise<void> {
    const { sha512 } = this.platform
    let state = this.keyring
    for (;;) {
      const from: number = state?.length ?? 0
      const slice = await this.store.readKeyring(this.id, from, MAX_KEYRING_RECORDS, MAX_FRAME_BYTES)
      for (const { record } of slice.records) state = applyRecord(sha512, state, prepareRecord(sha512, state, record))
      if (state === undefined || slice.records.length === 0) break
    }
    if (state !== undefined) this.changeKeyring(state)
  }
}

export class Accounts {
  private readonly accountByKey = new Map<string, { account: ConnectedAccount; loaded: Promise<void> }>()

  constructor(
    private readonly platform: RelayPlatform,
    private readonly store: RelayStore,
  ) {}

  get size(): number {
    return this.accountByKey.size
  }

  /** The account with its keyring loaded. Every `enter` that resolved is followed by one `leave`. */
  async enter(id: AccountId): Promise<ConnectedAccount> {
    const key = bytesToHex(id)
    let held = this.accountByKey.get(key)
    if (held === undefined) {
      const account = new ConnectedAccount(id, this.platform, this.store)
      held = { account, loaded: account.reload() }
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

  leave(account: ConnectedAccount): void {
    account.holders--
    if (account.holders > 0) return
    const key = bytesToHex(account.id)
    if (this.accountByKey.get(key)?.account === account) this.accountByKey.delete(key)
  }
}
