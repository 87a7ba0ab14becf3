// One open account: its keyring, its clock, its connection and its documents. The documents see it as their context.
import {
  type AccountId,
  bytesEqual,
  bytesToHex,
  type CutEntry,
  type DeviceId,
  type DocumentId,
  decodeSignedRecord,
  findDevice,
  hexToBytes,
  type KeyringDevice,
  type KeyringHead,
  type KeyringState,
} from '@owlivion/sync-protocol'
import { type DeviceInfo, type DeviceKeys, openDeviceInfo } from '../account'
import { documentIdOf, KEY_BYTES } from '../crypto'
import { SyncError } from '../errors'
import type { Platform } from '../platform'
import type { Store, StoreBatch } from '../storage'
import { AccountCalls } from './account-calls'
import type { AccountContext, SealingKey } from './account-context'
import { AccountKeyring, type KeyringChange } from './account-keyring'
import { AccountService } from './account-service'
import { lockNameOf } from './adopt-profile'
import { decodeName, encodeName, nameKey, readNames } from './document-names'
import { DocumentSync } from './document-sync'
import { type ClaimPlace, KeyringClaims } from './keyring-claims'
import { Listeners } from './listeners'
import { readLostKeys, readLostRecords } from './lost-branch'
import { Membership } from './membership'
import {
  atRelayKey,
  clockKey,
  decodeClock,
  decodeKeyringRow,
  encodeClock,
  keyringPrefix,
  type Profile,
  type RemovedProfile,
  readAnyProfile,
} from './profile'
import { decodeChecked, keyringCheckedKey } from './reissue-wait'
import { removedStore } from './removed-store'
import { resolveFork } from './resolve-fork'
import { decodeState, documentPrefix, pendingPrefix } from './rows'
import { type ConnectionState, Session } from './session'
import { SignInChange } from './sign-in-change'
import { StoreWriter } from './store-writer'
import {
  importChanges,
  readUnsent,
  type SkippedChange,
  type UnsentCollection,
  type UnsentEdits,
  unsentEdits,
} from './unsent-edits'

/** What an app may want to know besides the data itself. */
export type SyncEvent =
  | { readonly type: 'connection'; readonly state: ConnectionState }
  /**
   * This device was removed from the account, which a signed record says. Its keys are wiped from its store, its records stay readable until
   * `wipe`. `by` is the hex id of the device that did it, this one when it left; undefined for the holder of the recovery phrase.
   */
  | { readonly type: 'removed'; readonly by: string | undefined }
  /** Something went wrong or was not true. Nothing is lost by it; `error.retryable` tells whether it mends itself. */
  | { readonly type: 'error'; readonly error: SyncError }

/** A device of the account, as it described itself when it joined. */
export interface DeviceDetails {
  /** Hex of the device id. */
  readonly id: string
  /** Undefined when this device cannot open what the other said of itself. */
  readonly name: string | undefined
  readonly platform: string | undefined
  readonly addedAtMs: number | undefined
  readonly isThisDevice: boolean
  readonly isRemoved: boolean
  /** A `sign-in` key stands for the account's password, and may only let devices in. */
  readonly role: KeyringDevice['role']
  /** By the relay's clock, as the relay said at the last `refreshDevices`; undefined before, and for a device that it never saw. */
  readonly firstSeenMs: number | undefined
  readonly lastSeenMs: number | undefined
  /** Of the device's last connection, as the relay said; empty when the relay does not know or keeps no addresses. */
  readonly address: string | undefined
}

/** A change of the offset below this is network delay, not worth a write. */
const SMALL_OFFSET_MS = 1_000

export class SyncEngine implements AccountContext {
  private readonly documents = new Map<string, DocumentSync>()
  private readonly opening = new Map<string, Promise<DocumentSync>>()
  /** Of the documents that the app has opened. */
  private readonly changeListeners = new Map<string, (changed: ReadonlySet<string> | undefined) => void>()
  private readonly session: Session
  private readonly listeners = new Listeners<[event: SyncEvent]>()
  private readonly statusListeners = new Listeners<[]>()
  private readonly closeListeners = new Listeners<[]>()
  /** Why the device's own store refuses writes, while it does. */
  storageFailure: SyncError | undefined
  readonly writer: StoreWriter
  readonly calls: AccountCalls
  /** What a change of password or passkeys must not leave over. */
  readonly signInChange: SignInChange
  /** What the account asks of its relay beside syncing. */
  readonly service: AccountService

  private constructor(
    readonly platform: Platform,
    readonly store: Store,
    public profile: Profile | RemovedProfile,
    private readonly keyringState: AccountKeyring,
    public clockOffsetMs: number | undefined,
    /** The relay has the account: another device can join. */
    public isAtRelay: boolean,
    writer: StoreWriter,
    /** Who belongs to the account, and by which phrase. */
    readonly membership: Membership,
    private readonly claims: KeyringClaims,
    private readonly unlock: () => void,
  ) {
    this.writer = writer
    this.calls = new AccountCalls(platform)
    this.service = new AccountService({
      platform,
      account: profile.account,
      store,
      calls: this.calls,
      write: (batch) => writer.write(batch),
      deviceName: (id) => this.devices().find((device) => device.id === id)?.name,
      keyring: () => this.keyring(),
      report: (error) => this.report(error),
    })
    this.signInChange = new SignInChange({
      store,
      calls: this.calls,
      keyring: () => this.keyring(),
      write: (batch) => writer.write(batch, { strict: true }),
      removeMembers: (ids) => membership.removeDevices(ids),
      report: (error) => this.report(error),
    })
    this.session = new Session({
      platform,
      url: profile.relay,
      account: profile.account,
      device: this.device,
      publicKey: 'keys' in profile ? profile.keys.signing : new Uint8Array(),
      sign: (message) => this.sign(message),
      keyring: keyringState,
      requests: membership.requests,
      calls: this.calls,
      documents: () => this.documents.values(),
      document: (id) => this.documents.get(bytesToHex(id)),
      relayTime: (timeMs) => this.relayTime(timeMs),
      inStep: () => this.keyringInStep(),
      isKeyringHidden: () => this.isKeyringHidden,
      onState: () => {
        if (this.session.state === 'connecting') this.hasToldHidden = false
        if (this.session.state === 'online') this.reachedRelay()
        // Calls are taken from the next turn on.
        if (this.session.state === 'online') void Promise.resolve().then(() => this.signInChange.online())
        this.emit({ type: 'connection', state: this.session.state })
        this.statusChanged()
      },
      report: (error) => this.report(error),
    })
    keyringState.changes.add((change) => this.keyringChanged(change))
    if (keyringState.isRemoved) this.session.removed()
  }

  /** @throws SyncError `profile-missing`, `profile-in-use`, `profile-damaged` */
  static async open(platform: Platform, store: Store): Promise<SyncEngine> {
    const profile = await readAnyProfile(platform, store)
    if (profile === undefined) throw new SyncError('profile-missing', 'This store holds no account.')
    const id = 'keys' in profile ? profile.keys.id : profile.device
    const unlock = await platform.lock(lockNameOf(id))
    if (unlock === undefined)
      throw new SyncError('profile-in-use', 'This account is open already in another window or process.')
    try {
      const [rows, clock, atRelay, checked] = await Promise.all([
        store.list(keyringPrefix),
        store.get(clockKey),
        store.get(atRelayKey),
        store.get(keyringCheckedKey),
      ])
      let engine: SyncEngine | undefined
      const writer = new StoreWriter(store, platform, (failure) => engine?.storageChanged(failure))
      const records = rows.map(([, bytes]) => decodeKeyringRow(bytes))
      const writeStrictly = (batch: StoreBatch): Promise<void> => writer.write(batch, { strict: true })
      const keyring = await AccountKeyring.open(platform, { id, ...profile }, records, writeStrictly, {
        lostKeys: await readLostKeys(store),
        lostRecords: await readLostRecords(store),
        checked: checked === undefined ? [] : decodeChecked(checked),
      })
      const claims = await KeyringClaims.open(store, keyring, id, writeStrictly, (error) => engine?.report(error))
      const membership = await Membership.open({
        platform,
        store,
        keys: 'keys' in profile ? profile.keys : withoutSecrets(id),
        keyring,
        write: writeStrictly,
        chainEnds: async (devices) => engine?.chainEnds(devices) ?? [],
        isClean: () => engine?.isClean ?? false,
        now: () => engine?.now() ?? platform.now(),
        report: (error) => engine?.report(error),
        onStatus: () => engine?.statusChanged(),
      })
      if (membership.hasLeft) {
        // It signed out, and ended before the rest of it was done.
        await writer.close()
        await store.destroy()
        throw new SyncError('profile-missing', 'This device has signed out of the account.')
      }
      // Whoever joined, or saw another join, did it through the relay.
      const isAtRelay = atRelay !== undefined || records.length > 1
      engine = new SyncEngine(
        platform,
        store,
        profile,
        keyring,
        clock && decodeClock(clock),
        isAtRelay,
        writer,
        membership,
        claims,
        unlock,
      )
      // It learned of its removal, and ended before the rest of it was done.
      if (keyring.isRemoved && 'keys' in profile) {
        engine.removing = engine.wipeKeys()
        await engine.removing
      }
      await engine.openUnsent()
      if (!keyring.isRemoved) void engine.recoverLostRecords()
      return engine
    } catch (error) {
      unlock()
      throw error
    }
  }

  // -- AccountContext

  get account(): AccountId {
    return this.profile.account
  }

  get device(): DeviceId {
    return 'keys' in this.profile ? this.profile.keys.id : this.profile.device
  }

  keyring(): KeyringState {
    return this.keyringState.state
  }

  keyAt(document: DocumentId, position: number): Uint8Array | undefined {
    return this.keyringState.keyAt(document, position)
  }

  newestKey(document: DocumentId): SealingKey {
    return this.keyringState.newestKey(document)
  }

  get hasLostKeys(): boolean {
    return this.keyringState.hasLostKeys
  }

  lostKeysAt(document: DocumentId, position: number): ReturnType<AccountKeyring['lostKeysAt']> {
    return this.keyringState.lostKeysAt(document, position)
  }

  sign(message: Uint8Array): Promise<Uint8Array> {
    if (this.isRemoved || !('keys' in this.profile))
      return Promise.reject(new SyncError('device-removed', 'This device was removed from the account.'))
    return this.platform.signing.sign(this.profile.keys.signingSeed, message)
  }

  isCutOff(document: DocumentId, device: DeviceId, incarnation: number, sequence: number): boolean {
    return this.keyringState.isCutOff(document, device, incarnation, sequence)
  }

  get isRemoved(): boolean {
    return this.keyringState.isRemoved
  }

  now(): number {
    return this.platform.now() + (this.clockOffsetMs ?? 0)
  }

  report(error: SyncError): void {
    this.emit({ type: 'error', error })
  }

  // -- documents

  /** Opens a document by name; a second call answers with the same one. */
  async openDocument(
    name: string,
    onChange: (changed: ReadonlySet<string> | undefined) => void,
  ): Promise<() => DocumentSync> {
    const id = await this.namedDocument(name)
    this.changeListeners.set(bytesToHex(id), onChange)
    return this.openById(id)
  }

  private async namedDocument(name: string): Promise<DocumentId> {
    if (this.isRemoved) {
      await this.removing
      const known = await readNames(this.store)
      // The key that names are made with is gone. One that was never opened here is empty, whatever its id.
      return known.find((each) => each.name === name)?.document ?? documentIdOf(new Uint8Array(KEY_BYTES), name)
    }
    const id = this.keyringState.documentId(name)
    // In the writer's queue before any edit of the document is.
    const stored = await this.store.get(nameKey(id))
    if (stored === undefined) void this.writer.write({ put: [[nameKey(id), encodeName(name)]] }).catch(() => {})
    else decodeName(stored)
    return id
  }

  /** What the relay has not confirmed, of all documents. */
  async unsentEdits(): Promise<UnsentEdits> {
    await this.writer.barrier()
    return unsentEdits(this, await readUnsent(this.store))
  }

  /** Applies changes that were checked. @returns what was skipped, once the rest is on this device's disk */
  async importChanges(changes: UnsentCollection): Promise<readonly SkippedChange[]> {
    const document = await this.openById(await this.namedDocument(changes.name.normalize('NFC')))
    const { skipped, stored } = importChanges(changes, document())
    await stored
    return skipped
  }

  /** Transactions of all documents, those the app has not opened included, that the relay has not confirmed. */
  get unsent(): number {
    let unsent = 0
    for (const document of this.documents.values()) unsent += document.status.unsent
    return unsent
  }

  /** Nothing is under way that a new key could get in the way of. */
  private get isClean(): boolean {
    return [...this.documents.values()].every(({ status }) => {
      return status.caughtUp && status.unsent === 0 && status.held.length === 0 && status.refused === undefined
    })
  }

  /** Where the chains of these devices end, as far as this device verified them, in documents that are open and those that are not. */
  private async chainEnds(devices: readonly DeviceId[]): Promise<CutEntry[]> {
    const chainsByDocument = new Map([...this.documents].map(([hex, { chains }]) => [hex, chains]))
    for (const [[, hex, kind], bytes] of await this.store.list(documentPrefix)) {
      if (kind !== 'state' || chainsByDocument.has(hex as string)) continue
      try {
        chainsByDocument.set(hex as string, decodeState(bytes).chains)
      } catch {
        // One that is damaged says so when it is opened, and must not keep a thief in the account.
      }
    }
    return [...chainsByDocument].flatMap(([hex, chains]) =>
      [...chains]
        .filter(([{ device }, { broken }]) => !broken && devices.some((id) => bytesEqual(id, device)))
        .map(([lineage, { sequence, hash }]) => ({
          ...lineage,
          document: hexToBytes(hex) as DocumentId,
          sequence,
          hash,
        })),
    )
  }

  /** @returns tells whether the relay has confirmed everything written so far */
  confirmation(): () => boolean {
    const checks = [...this.documents.values()].map((document) => document.confirmation())
    return () => this.isAtRelay && checks.every((isConfirmed) => isConfirmed())
  }

  private async openById(id: DocumentId): Promise<() => DocumentSync> {
    const key = bytesToHex(id)
    await this.removing
    let opening = this.opening.get(key)
    if (opening === undefined) {
      const onChange = (changed: ReadonlySet<string> | undefined): void => this.changeListeners.get(key)?.(changed)
      opening = DocumentSync.open(this, id, onChange, () => this.statusChanged())
      this.opening.set(key, opening)
      opening.catch(() => this.opening.delete(key))
    }
    const document = await opening
    if (!this.documents.has(key)) {
      this.documents.set(key, document)
      // The relay may have told the time while the document was being read.
      document.shiftPending()
      this.session.attach(document)
    }
    return () => document
  }

  /** What was written and not sent goes out whether or not the app opens its collection this time. */
  private async openUnsent(): Promise<void> {
    const rows = await this.store.list(pendingPrefix)
    const ids = new Set(rows.map(([[, document]]) => document as string))
    await Promise.all(
      [...ids].map((hex) =>
        this.openById(hexToBytes(hex) as DocumentId).catch(() => {
          // A document that cannot be read says so when the app opens it; the others go on.
        }),
      ),
    )
  }

  // -- the keyring that counts

  private hasToldHidden = false

  get isKeyringHidden(): boolean {
    return this.claims.isHidden || [...this.documents.values()].some((document) => document.missesKeyring)
  }

  noteKeyringHead(device: DeviceId, place: ClaimPlace, head: KeyringHead): boolean {
    return this.claims.note(device, place, head)
  }

  /** The relay has the same keyring; somebody may have seen it go further. */
  private keyringInStep(): void {
    if (!this.isKeyringHidden || this.hasToldHidden) return
    this.hasToldHidden = true
    const message = 'The relay does not show this device a change of the account that another device has read.'
    this.report(new SyncError('keyring-hidden', message))
  }

  /** What this device had done to the keyring on a branch that does not count is done again, where it still makes sense. */
  private async recoverLostRecords(): Promise<void> {
    const { lostRecords } = this.keyringState
    if (lostRecords.length === 0) return
    const again: Promise<unknown>[] = []
    for (const { record: bytes } of lostRecords) {
      const { record } = decodeSignedRecord(bytes)
      if (record.type === 'remove') again.push(this.membership.removeDevices(record.removed.map(bytesToHex)))
      else if (record.type === 'rekey') again.push(this.membership.rotateKeys())
      else if (record.type === 'add') {
        const message = 'A device that this one had let in is not in the account any more; let it in again.'
        this.report(new SyncError('device-unknown', message))
      }
    }
    // What comes of each is told by the undertaking itself; the rows may go as soon as it is one.
    for (const each of again) each.catch(() => {})
    await this.keyringState.forgetLostRecords().catch(() => {})
  }

  get isKeyringForked(): boolean {
    return this.keyringState.fork !== undefined
  }

  /** @throws SyncError as `resolveFork` */
  async resolveFork(phrase: string, keep: 'ours' | 'theirs'): Promise<void> {
    const chainEnds = (devices: readonly DeviceId[]) => this.chainEnds(devices)
    await resolveFork(
      { platform: this.platform, relay: this.profile.relay, keyring: this.keyringState, chainEnds },
      phrase,
      keep,
    )
    this.statusChanged()
    this.goOnline()
  }

  // -- removal

  private removing: Promise<void> | undefined

  private keyringChanged(change: KeyringChange): void {
    if (!this.isRemoved) {
      this.claims.keyringChanged()
      for (const document of this.documents.values()) document.keyringChanged(change)
      if (change.isOther) void this.recoverLostRecords()
      this.statusChanged()
      return
    }
    if (this.removing !== undefined) return
    this.session.removed()
    this.removing = this.wipeKeys().catch(() => {
      // Only closing ends it early; it is done at the next start then.
    })
  }

  /** No more writing, and then everything goes that is a key or opens one, in one commit. */
  private async wipeKeys(): Promise<void> {
    await Promise.allSettled(this.opening.values())
    await Promise.all([...this.documents.values()].map((document) => document.freeze()))
    await this.writer.barrier()
    const { account, device } = this
    const by = this.keyringState.removal?.by
    const deviceInfos = new Map<string, DeviceInfo>()
    for (const each of this.keyringState.state.devices.values()) {
      const info = this.deviceInfo(each)
      if (info !== undefined) deviceInfos.set(bytesToHex(each.id), info)
    }
    const profile = { account, device, relay: this.profile.relay, removedBy: by, deviceInfos }
    await this.writer.write(await removedStore(this, profile), { strict: true })
    this.profile = profile
    this.keyringState.forgetKeys()
    this.emit({ type: 'removed', by: by && bytesToHex(by) })
    this.statusChanged()
  }

  // -- connection

  get connection(): ConnectionState {
    return this.session.state
  }

  get refusal(): SyncError | undefined {
    return this.session.refusal
  }

  goOnline(): void {
    this.session.goOnline()
  }

  goOffline(): void {
    this.session.goOffline()
  }

  devices(): DeviceDetails[] {
    const { state } = this.keyringState
    return [...state.devices.values()].map((device) => {
      const info = this.deviceInfo(device)
      const sighting = this.service.sightingOf(device.id)
      return {
        id: bytesToHex(device.id),
        name: info?.name,
        platform: info?.platform,
        addedAtMs: info?.addedAtMs,
        isThisDevice: device === findDevice(state, this.device),
        isRemoved: device.removedAt !== undefined,
        role: device.role,
        firstSeenMs: sighting?.firstSeenMs,
        lastSeenMs: sighting?.lastSeenMs,
        address: sighting?.address,
      }
    })
  }

  private deviceInfo(device: KeyringDevice): DeviceInfo | undefined {
    if (!('keys' in this.profile)) return this.profile.deviceInfos.get(bytesToHex(device.id))
    return openDeviceInfo(this.keyringState.keys, device.signing, device.info)
  }

  // -- listeners

  on(listener: (event: SyncEvent) => void): () => void {
    return this.listeners.add(listener)
  }

  onStatus(listener: () => void): () => void {
    return this.statusListeners.add(listener)
  }

  /** @param destroy with everything that this device keeps of the account */
  /** Calls `end` when the account closes: for what has a connection of its own. @returns a function that takes it back */
  whenClosing(end: () => void): () => void {
    return this.closeListeners.add(end)
  }

  async close({ destroy = false }: { readonly destroy?: boolean } = {}): Promise<void> {
    this.closeListeners.tell()
    this.closeListeners.clear()
    this.session.goOffline()
    this.membership.close()
    // A job may wait for a store that is broken: the writer gives up before the documents are waited for.
    const closing = [...this.documents.values()].map((document) => document.close())
    try {
      await this.writer.close()
      await Promise.all(closing)
      await (destroy ? this.store.destroy() : this.store.close())
    } finally {
      this.unlock()
      this.listeners.clear()
      this.statusListeners.clear()
    }
  }

  private emit(event: SyncEvent): void {
    this.listeners.tell(event)
  }

  /** Tells whoever listens that the status may have changed. */
  statusChanged(): void {
    this.membership.statusChanged()
    this.statusListeners.tell()
  }

  private storageChanged(failure: SyncError | undefined): void {
    this.storageFailure = failure
    if (failure !== undefined) this.report(failure)
    this.statusChanged()
  }

  private reachedRelay(): void {
    if (this.isAtRelay) return
    this.isAtRelay = true
    // Closing rejects it, and then the next connection says so again.
    void this.writer.write({ put: [[atRelayKey, new Uint8Array([1])]] }).catch(() => {})
  }

  private relayTime(timeMs: number): void {
    const before = this.clockOffsetMs
    const offset = timeMs - this.platform.now()
    if (before !== undefined && Math.abs(offset - before) < SMALL_OFFSET_MS) return
    this.clockOffsetMs = offset
    // Closing rejects it, and then the next connection tells again.
    void this.writer.write({ put: [[clockKey, encodeClock(offset)]] }).catch(() => {})
    if (before === undefined) for (const document of this.documents.values()) document.shiftPending()
  }
}

/** For what asks only who this device is. */
function withoutSecrets(id: DeviceId): DeviceKeys {
  const none = new Uint8Array()
  return { id, signing: none, signingSeed: none, box: none, boxSecret: none }
}
