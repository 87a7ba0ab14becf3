// The account's keyring as this device has verified it, with the keys it opens. It grows by records that follow its own last one; the end
// of it is given up only for a branch that counts more by itself (`chooseBranch`), never because it is longer or because a relay says so.
import {
  type BranchChoice,
  bytesToHex,
  type Cut,
  chooseBranch,
  cutHashOf,
  type DeviceId,
  type DocumentId,
  decodeCut,
  decodeSignedRecord,
  findDevice,
  type Hash,
  isOwnReissue,
  isWithinCut,
  type KeyringState,
  newestEpoch,
  recordHash,
} from '@owlivion/sync-protocol'
import { type DeviceKeys, openKnownEpochKeys, wholeEpochs } from '../../account'
import { documentIdOf, documentKey } from '../../crypto'
import { SyncError } from '../../errors'
import type { Platform } from '../../platform'
import type { StoreBatch } from '../../storage'
import { encodeKeyringRow, type KeyringRow, keyringKey } from '../account/profile'
import type { SealingKey } from '../account-context'
import { Listeners } from '../listeners'
import { type Followed, followRecords } from './follow-records'
import type { ExchangedKeyring } from './keyring-exchange'
import { forgetLostRecords, keysFrom, type LostKey, lostRows, recordsBy } from './lost-branch'
import { type KeyringChecked, ReissueWait } from './reissue-wait'

/** Two branches of which neither may win by itself. */
export interface KeyringFork {
  /** Of the first record in which they differ. */
  readonly position: number
  readonly theirs: readonly KeyringRow[]
}

export interface KeyringChange {
  /** A branch took the place of another; otherwise the keyring grew. */
  readonly isOther: boolean
}

/** What a device keeps beside the records. */
export interface KeptOfKeyring {
  readonly lostKeys: readonly LostKey[]
  readonly lostRecords: readonly KeyringRow[]
  readonly checked: readonly KeyringChecked[]
}

export class AccountKeyring implements ExchangedKeyring {
  private epochKeys: ReadonlyMap<number, Uint8Array> = new Map()
  /** The newest key is there, and opens all before. */
  private mayNewestSeal = false
  private readonly documentKeys = new Map<string, Uint8Array>()
  private readonly cuts = new Map<string, Cut>()
  /** Told after every change, however it came. */
  readonly changes = new Listeners<[change: KeyringChange]>()
  /** Branches that neither may win: only the recovery phrase decides. Nothing is sent meanwhile. */
  fork: KeyringFork | undefined
  private readonly wait: ReissueWait
  private changing: Promise<unknown> = Promise.resolve()

  private constructor(
    private readonly platform: Platform,
    /** Without the keys it is the keyring of a device that was removed: readable, and it opens nothing. */
    private readonly device: { readonly id: DeviceId; readonly keys?: DeviceKeys },
    private records: KeyringRow[],
    public state: KeyringState,
    private readonly store: (batch: StoreBatch) => Promise<void>,
    private kept: KeptOfKeyring,
  ) {
    this.wait = new ReissueWait(kept.checked, () => platform.now(), store)
    this.learn(this.openKeys(state), records)
  }

  /**
   * @param records the whole chain from genesis; verified again, since a disk is not to be trusted more than a relay
   * @throws SyncError `profile-damaged`
   */
  static async open(
    platform: Platform,
    device: AccountKeyring['device'],
    records: readonly KeyringRow[],
    store: AccountKeyring['store'],
    kept: KeptOfKeyring = { lostKeys: [], lostRecords: [], checked: [] },
  ): Promise<AccountKeyring> {
    const followed = await followRecords(platform.signing, undefined, records).catch((cause) => {
      throw new SyncError('profile-damaged', 'The keyring in this device’s store does not verify.', { cause })
    })
    if (followed === undefined) throw new SyncError('profile-damaged', 'The keyring is missing in this device’s store.')
    return new AccountKeyring(platform, device, [...records], followed.state, store, kept)
  }

  get length(): number {
    return this.state.length
  }

  get head(): Hash {
    return this.state.head
  }

  recordAt(position: number): KeyringRow {
    return this.records[position] as KeyringRow
  }

  hashAt(position: number): Hash {
    return recordHash(this.platform.signing.sha512, this.recordAt(position).record)
  }

  /** Who put this device out, once a record says so; `by` is undefined for the holder of the recovery phrase. */
  get removal(): { readonly by: DeviceId | undefined } | undefined {
    const position = findDevice(this.state, this.device.id)?.removedAt
    if (position === undefined) return undefined
    return { by: decodeSignedRecord(this.recordAt(position).record).record.signer?.slice() as DeviceId | undefined }
  }

  get isRemoved(): boolean {
    return findDevice(this.state, this.device.id)?.removedAt !== undefined
  }

  /** What the device was handed is gone from its disk; memory follows. */
  forgetKeys(): void {
    this.epochKeys = new Map()
    this.kept = { ...this.kept, lostKeys: [], lostRecords: [] }
    this.documentKeys.clear()
  }

  /**
   * Verifies and stores records that follow the last one; those that are known already are passed over.
   * @throws SyncError `keyring-conflict` when they follow another, `keyring-invalid`, `reissue-early`
   */
  extend(from: number, records: readonly KeyringRow[]): Promise<void> {
    return this.change(async () => {
      const news = records.slice(Math.max(0, this.state.length - from)).map(copyRow)
      if (from > this.state.length || news.length === 0) return
      const followed = await this.follow(this.state, news)
      if (followed.rows.length > 0) await this.take(this.state.length, followed)
      if (followed.rows.length < news.length) throw this.reissueEarly(this.state.length)
    })
  }

  /**
   * Another branch from this position on, in which the relay's keyring and this one differ.
   * @param records of the other branch, as far as they are known; the first is there
   * @returns what counts: `theirs` is this device's now, `fork` is in `fork`
   * @throws as `extend`
   */
  meetBranch(from: number, records: readonly KeyringRow[]): Promise<BranchChoice> {
    return this.change(async () => {
      const theirs = records.map(copyRow)
      const ancestor = await this.ancestorAt(from)
      const followed = await this.follow(ancestor, theirs)
      if (followed.rows.length === 0) throw this.reissueEarly(from)
      const recordsOf = (rows: readonly KeyringRow[]) => rows.map(({ record }) => record)
      const ours = this.records.slice(from)
      const choice = chooseBranch(this.platform.signing.sha512, recordsOf(ours), recordsOf(followed.rows))
      if (choice === 'theirs') await this.take(from, followed)
      this.fork = choice === 'fork' ? { position: from, theirs: followed.rows } : undefined
      return choice
    })
  }

  /** The keyring before this position. */
  async ancestorAt(position: number): Promise<KeyringState> {
    const followed = await followRecords(this.platform.signing, undefined, this.records.slice(0, position))
    if (followed === undefined) throw new SyncError('relay-forked', 'The relay has an account of another beginning.')
    return followed.state
  }

  /** The relay and this device have the same keyring. */
  agreed(): void {
    this.fork = undefined
    this.wait.shown(this.state.length)
  }

  /** Records of this device's own hand that went with a branch, and have not been seen to. */
  get lostRecords(): readonly KeyringRow[] {
    return this.kept.lostRecords
  }

  async forgetLostRecords(): Promise<void> {
    this.kept = { ...this.kept, lostRecords: [] }
    await this.store(forgetLostRecords)
  }

  get hasLostKeys(): boolean {
    return this.kept.lostKeys.length > 0
  }

  /** Keys under this position that counted on a branch that is gone. */
  lostKeysAt(document: DocumentId, position: number): { readonly keyId: Hash; readonly key: Uint8Array }[] {
    return this.kept.lostKeys
      .filter((lost) => lost.position === position)
      .map(({ keyId, epochKey }) => ({ keyId, key: documentKey(epochKey, document) }))
  }

  /** @param length of the keyring that the relay showed, without the record that is early */
  private reissueEarly(length: number): SyncError {
    this.wait.shownInPart(length)
    return new SyncError(
      'reissue-early',
      'The relay shows a new recovery phrase before the devices of the account had a week to veto it.',
    )
  }

  private change<T>(work: () => Promise<T>): Promise<T> {
    // One after the other: the same records may come twice at once.
    const changed = this.changing.then(work)
    this.changing = changed.catch(() => {})
    return changed
  }

  private async follow(state: KeyringState, rows: readonly KeyringRow[]): Promise<Followed> {
    const followed = await followRecords(this.platform.signing, state, rows, (before, record, since) => {
      if (this.wait.isOver(since)) return true
      // Who approves and was there when this device came is no accomplice that was let in for it: this one cannot know better.
      return !isOwnReissue(before, record) && this.wait.precedes(since)
    })
    return followed as Followed
  }

  /** Everything in one commit: what a crash leaves is the one branch or the other. */
  private async take(from: number, { state, rows }: Followed): Promise<void> {
    const epochKeys = this.openKeys(state)
    const dropped = this.records.slice(from)
    const lostKeys = keysFrom(from, this.state, this.epochKeys)
    const lostRecords = recordsBy(this.device.id, dropped)
    await this.store({
      remove: dropped.slice(rows.length).map((_, i) => keyringKey(from + rows.length + i)),
      put: [
        ...rows.map((row, i) => [keyringKey(from + i), encodeKeyringRow(row)] as const),
        ...lostRows(lostKeys, lostRecords),
      ],
    })
    this.kept = {
      ...this.kept,
      lostKeys: [...this.kept.lostKeys, ...lostKeys],
      lostRecords: [...this.kept.lostRecords, ...lostRecords],
    }
    this.records = [...this.records.slice(0, from), ...rows]
    this.state = state
    this.fork = undefined
    if (dropped.length > 0) this.documentKeys.clear()
    this.learn(epochKeys, rows)
    this.changes.tell({ isOther: dropped.length > 0 })
  }

  /** Wire id of a document: from the first epoch key, which never rotates, so that offline devices agree. */
  documentId(name: string): DocumentId {
    const first = this.epochKeys.get(this.state.epochs[0]?.position ?? 0)
    if (first === undefined)
      throw new SyncError('keyring-invalid', 'The first key of the account is not open to this device.')
    return documentIdOf(first, name)
  }

  keyAt(document: DocumentId, position: number): Uint8Array | undefined {
    const name = `${bytesToHex(document)}/${position}`
    const known = this.documentKeys.get(name)
    if (known !== undefined) return known
    const epochKey = this.epochKeys.get(position)
    if (epochKey === undefined) return undefined
    const key = documentKey(epochKey, document)
    this.documentKeys.set(name, key)
    return key
  }

  /** Somebody made a key and kept it, or what it should open, from others: nothing is sealed until there is another one. */
  get lacksNewestKey(): boolean {
    return !this.isRemoved && !this.mayNewestSeal
  }

  newestKey(document: DocumentId): SealingKey {
    const { position, keyId } = newestEpoch(this.state)
    const key = this.keyAt(document, position)
    if (key === undefined || !this.mayNewestSeal)
      throw new SyncError('device-removed', 'This device does not hold the newest key of the account.')
    return { position, keyId, key }
  }

  isCutOff(document: DocumentId, device: DeviceId, incarnation: number, sequence: number): boolean {
    const member = findDevice(this.state, device)
    if (member?.cutHash === undefined) return false
    const cut = this.cuts.get(bytesToHex(member.cutHash))
    return cut === undefined || !isWithinCut(cut, document, device, incarnation, sequence)
  }

  /** Keys by keyring position, for opening what is sealed beside the documents. */
  get keys(): ReadonlyMap<number, Uint8Array> {
    return this.epochKeys
  }

  private openKeys(state: KeyringState): ReadonlyMap<number, Uint8Array> {
    return this.device.keys === undefined ? new Map() : openKnownEpochKeys(state, this.device.keys)
  }

  private learn(epochKeys: ReadonlyMap<number, Uint8Array>, news: readonly KeyringRow[]): void {
    this.epochKeys = epochKeys
    this.mayNewestSeal = wholeEpochs(this.state, epochKeys).has(newestEpoch(this.state).position)
    for (const { cut } of news) {
      if (cut !== undefined) this.cuts.set(bytesToHex(cutHashOf(this.platform.signing.sha512, cut)), decodeCut(cut))
    }
  }
}

/** Decoded frames are views into the frame; what is kept owns its bytes. */
function copyRow({ record, cut }: KeyringRow): KeyringRow {
  return { record: record.slice(), ...(cut && { cut: cut.slice() }) }
}
