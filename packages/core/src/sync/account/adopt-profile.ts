// Makes a store the profile of an account, in one commit. A store that holds another account already is either left alone or merged: its
// records become pending edits of the new account, and the old rows go in the same commit, so that a crash leaves the one or the other.
import { bytesToHex, type DeviceId, type DocumentId } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { Platform } from '../../platform'
import { openMemoryStore, type Store, type StoreBatch } from '../../storage'
import type { AccountContext } from '../account-context'
import { AccountKeyring } from '../keyring/account-keyring'
import { scheduleKey } from '../schedule/schedule-row'
import { StoreWriter } from '../store-writer'
import { carryDocuments } from './carry-documents'
import { carryOff } from './off-documents'
import {
  clockKey,
  decodeClock,
  decodeKeyringRow,
  encodeClock,
  encodeKeyringRow,
  encodeProfile,
  joiningKey,
  type KeyringRow,
  keyringKey,
  keyringPrefix,
  type Profile,
  profileKey,
  type RemovedProfile,
  readAnyProfile,
} from './profile'

/**
 * What becomes of an account that the store holds already.
 * - `refuse`: nothing; it is not touched, and joining another one is refused with `profile-exists`
 * - `merge`: its records are brought into the account that is joined; both accounts' values stay
 */
export type Existing = 'refuse' | 'merge'

/** Times that were written by a clock that is further off than this are moved by the difference. */
const LARGE_OFFSET_MS = 300_000

/** Held while an account is open, or is being merged: a store has one owner. */
export const lockNameOf = (device: DeviceId): string => `owlivion-sync/${bytesToHex(device)}`

export class ProfilePlace {
  private constructor(
    private readonly platform: Platform,
    private readonly store: Store,
    /** What the store holds. */
    private readonly present: Profile | RemovedProfile | undefined,
    /** Lets another window open the account again. */
    readonly release: () => void,
  ) {}

  /** The store holds an account that is to be merged. */
  get isTaken(): boolean {
    return this.present !== undefined
  }

  /**
   * Sees to it that the store may take an account, before anybody is asked to let this device in.
   * @throws SyncError `profile-exists`; `profile-in-use` when the account that is to be merged is open; `profile-damaged`
   */
  static async prepare(platform: Platform, store: Store, existing: Existing = 'refuse'): Promise<ProfilePlace> {
    const present = await readAnyProfile(platform, store)
    if (present === undefined) return new ProfilePlace(platform, store, undefined, () => {})
    if (existing === 'refuse') throw new SyncError('profile-exists', 'This store holds an account already.')
    const release = await platform.lock(lockNameOf('keys' in present ? present.keys.id : present.device))
    if (release === undefined)
      throw new SyncError('profile-in-use', 'The account in this store is open; close it before it is merged.')
    return new ProfilePlace(platform, store, present, release)
  }

  /**
   * @param records the whole keyring of the new account, verified
   * @param clockOffsetMs the relay's clock minus the device's; undefined for an account that no relay knows yet
   * @param others rows that are stored in the same step
   */
  async take(
    profile: Profile,
    records: readonly KeyringRow[],
    clockOffsetMs: number | undefined,
    others: NonNullable<StoreBatch['put']> = [],
  ): Promise<void> {
    const rows = records.map((row, position) => [keyringKey(position), encodeKeyringRow(row)] as const)
    const put = [[profileKey, encodeProfile(profile)], ...rows, ...others] as const
    if (this.present === undefined) {
      await this.store.commit({ remove: [joiningKey], removePrefix: [keyringPrefix], put }, { durability: 'strict' })
      return
    }
    const carried = await this.carry(this.present, profile, records, clockOffsetMs ?? 0)
    const clock = [clockKey, encodeClock(clockOffsetMs ?? 0)] as const
    // When this device syncs was chosen for the device, whatever account is on it.
    const schedule = await this.store.get(scheduleKey)
    const kept = schedule === undefined ? [] : [[scheduleKey, schedule] as const]
    await this.store.commit(
      { removePrefix: [[]], put: [...put, clock, ...kept, ...(carried.put ?? [])] },
      { durability: 'strict' },
    )
  }

  private async carry(
    present: Profile | RemovedProfile,
    profile: Profile,
    records: readonly KeyringRow[],
    clockOffsetMs: number,
  ): Promise<StoreBatch> {
    const { store } = this
    const [rows, clock] = await Promise.all([store.list(keyringPrefix), store.get(clockKey)])
    const oldRecords = rows.map(([, bytes]) => decodeKeyringRow(bytes))
    const old = await this.open(present, oldRecords, store, clock === undefined ? 0 : decodeClock(clock))
    const next = await this.open(profile, records, openMemoryStore(), clockOffsetMs)
    // A device that was removed had been told the time before that, and its store no longer says so.
    const isUncorrected = 'keys' in present && clock === undefined && Math.abs(clockOffsetMs) > LARGE_OFFSET_MS
    const documents = await carryDocuments({
      from: old.context,
      to: next.context,
      documentId: next.documentId,
      shiftMs: isUncorrected ? clockOffsetMs : 0,
    })
    return { put: [...(documents.put ?? []), ...(await carryOff(store, next.documentId))] }
  }

  /** An account as its documents see it, without a connection: what they hold is read, and nothing is written. */
  private async open(
    profile: Profile | RemovedProfile,
    records: readonly KeyringRow[],
    store: Store,
    clockOffsetMs: number,
  ): Promise<{ readonly context: AccountContext; documentId(name: string): DocumentId }> {
    const { platform } = this
    const keys = 'keys' in profile ? profile.keys : undefined
    const keyring = keys && (await AccountKeyring.open(platform, { id: keys.id, keys }, records, async () => {}))
    // A device that was removed has its records unsealed in its store, and no key left that could be asked for.
    const opened = (): AccountKeyring => {
      if (keyring === undefined) throw new SyncError('profile-damaged', 'The keys to this device’s store are gone.')
      return keyring
    }
    const context: AccountContext = {
      platform,
      account: profile.account,
      device: 'keys' in profile ? profile.keys.id : profile.device,
      store,
      writer: new StoreWriter(store, platform, () => {}),
      keyring: () => opened().state,
      keyAt: (document, position) => opened().keyAt(document, position),
      newestKey: (document) => opened().newestKey(document),
      sign: () => Promise.reject(new SyncError('closed', 'Nothing is signed while an account is merged.')),
      isCutOff: (document: DocumentId, device: DeviceId, incarnation: number, sequence: number) =>
        keyring?.isCutOff(document, device, incarnation, sequence) ?? false,
      isRemoved: !('keys' in profile),
      now: () => platform.now() + clockOffsetMs,
      clockOffsetMs,
      report: () => {},
    }
    return { context, documentId: (name) => opened().documentId(name) }
  }
}
