// The account's keyring as this device has verified it, with the keys it opens. It only ever grows, by records that follow
// its own last one: a relay that shows another branch is refused, never followed.
import {
  bytesEqual,
  bytesToHex,
  type Cut,
  cutHashOf,
  type DeviceId,
  type DocumentId,
  decodeCut,
  decodeSignedRecord,
  findDevice,
  type Hash,
  isWithinCut,
  type KeyringState,
  newestEpoch,
  recordHash,
  type Sha512,
} from '@owlivion/sync-protocol'
import { appendRecord, type DeviceKeys, openEpochKeys } from '../account'
import { documentIdOf, documentKey } from '../crypto'
import { SyncError } from '../errors'
import type { Platform } from '../platform'
import type { StoreBatch } from '../storage'
import type { SealingKey } from './account-context'
import type { ExchangedKeyring } from './keyring-exchange'
import { Listeners } from './listeners'
import { encodeKeyringRow, type KeyringRow, keyringKey } from './profile'

export class AccountKeyring implements ExchangedKeyring {
  private epochKeys: ReadonlyMap<number, Uint8Array> = new Map()
  private readonly documentKeys = new Map<string, Uint8Array>()
  private readonly cuts = new Map<string, Cut>()
  /** Told after every change, however it came. */
  readonly changes = new Listeners<[]>()
  private extending: Promise<void> = Promise.resolve()

  private constructor(
    private readonly platform: Platform,
    /** Without the keys it is the keyring of a device that was removed: readable, and it opens nothing. */
    private readonly device: { readonly id: DeviceId; readonly keys?: DeviceKeys },
    private records: KeyringRow[],
    public state: KeyringState,
    private readonly store: (batch: StoreBatch) => Promise<void>,
  ) {
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
  ): Promise<AccountKeyring> {
    let state: KeyringState | undefined
    try {
      for (const row of records) {
        state = await appendRecord(platform.signing, state, row.record)
        checkCut(platform.signing.sha512, state, row)
      }
    } catch (cause) {
      throw new SyncError('profile-damaged', 'The keyring in this device’s store does not verify.', { cause })
    }
    if (state === undefined) throw new SyncError('profile-damaged', 'The keyring is missing in this device’s store.')
    return new AccountKeyring(platform, device, [...records], state, store)
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
    this.documentKeys.clear()
  }

  extend(from: number, records: readonly KeyringRow[]): Promise<void> {
    // One after the other: the same records may come twice at once.
    const extended = this.extending.then(() => this.extendNow(from, records))
    this.extending = extended.catch(() => {})
    return extended
  }

  private async extendNow(from: number, records: readonly KeyringRow[]): Promise<void> {
    const news = records.slice(Math.max(0, this.state.length - from)).map(copyRow)
    if (from > this.state.length || news.length === 0) return
    let { state } = this
    for (const row of news) {
      state = await appendRecord(this.platform.signing, state, row.record)
      checkCut(this.platform.signing.sha512, state, row)
    }
    // Keys first: a record that gives this device no key, or a wrong one, must not reach the disk, from which it could not be opened.
    const epochKeys = this.openKeys(state)
    const first = this.state.length
    await this.store({ put: news.map((row, i) => [keyringKey(first + i), encodeKeyringRow(row)] as const) })
    this.records = [...this.records, ...news]
    this.state = state
    this.learn(epochKeys, news)
    this.changes.tell()
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

  newestKey(document: DocumentId): SealingKey {
    const { position, keyId } = newestEpoch(this.state)
    const key = this.keyAt(document, position)
    if (key === undefined)
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
    return this.device.keys === undefined ? new Map() : openEpochKeys(state, this.device.keys)
  }

  private learn(epochKeys: ReadonlyMap<number, Uint8Array>, news: readonly KeyringRow[]): void {
    this.epochKeys = epochKeys
    for (const { cut } of news) {
      if (cut !== undefined) this.cuts.set(bytesToHex(cutHashOf(this.platform.signing.sha512, cut)), decodeCut(cut))
    }
  }
}

/**
 * A removal without the list of what counts would cut off everything the removed device ever wrote; one with another list, something.
 * @param state the keyring as the record left it
 * @throws SyncError `keyring-invalid`
 */
export function checkCut(sha512: Sha512, state: KeyringState, { cut }: KeyringRow): void {
  const position = state.length - 1
  const removed = [...state.devices.values()].find((device) => device.removedAt === position)
  if (removed?.cutHash === undefined) return
  if (cut !== undefined && bytesEqual(cutHashOf(sha512, cut), removed.cutHash) && isCut(cut)) return
  throw new SyncError('keyring-invalid', 'The relay sent the removal of a device without the cut that belongs to it.')
}

function isCut(bytes: Uint8Array): boolean {
  try {
    decodeCut(bytes)
    return true
  } catch {
    // Signed as it is, and still no list: whoever made it wanted it to be unreadable.
    return false
  }
}

/** Decoded frames are views into the frame; what is kept owns its bytes. */
function copyRow({ record, cut }: KeyringRow): KeyringRow {
  return { record: record.slice(), ...(cut && { cut: cut.slice() }) }
}
