// One open account: its keyring, its clock, its connection and its documents. The documents see it as their context.
import {
  type AccountId,
  bytesEqual,
  bytesToHex,
  type CutEntry,
  type DeviceId,
  type DocumentId,
  findDevice,
  hexToBytes,
  type KeyringState,
} from '@owlivion/sync-protocol'
import { openDeviceInfo } from '../account'
import { SyncError } from '../errors'
import type { Platform } from '../platform'
import type { Store, StoreBatch } from '../storage'
import type { AccountContext, SealingKey } from './account-context'
import { AccountKeyring } from './account-keyring'
import { lockNameOf } from './adopt-profile'
import { decodeName, encodeName, nameKey } from './document-names'
import { DocumentSync } from './document-sync'
import { Listeners } from './listeners'
import { Membership } from './membership'
import {
  atRelayKey,
  clockKey,
  decodeClock,
  decodeKeyringRow,
  encodeClock,
  keyringPrefix,
  type Profile,
  readProfile,
} from './profile'
import { decodeState, documentPrefix, pendingPrefix } from './rows'
import { type ConnectionState, Session } from './session'
import { StoreWriter } from './store-writer'

/** What an app may want to know besides the data itself. */
export type SyncEvent =
  | { readonly type: 'connection'; readonly state: ConnectionState }
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
  /** Why the device's own store refuses writes, while it does. */
  storageFailure: SyncError | undefined
  readonly writer: StoreWriter

  private constructor(
    readonly platform: Platform,
    readonly store: Store,
    readonly profile: Profile,
    private readonly keyringState: AccountKeyring,
    public clockOffsetMs: number | undefined,
    /** The relay has the account: another device can join. */
    public isAtRelay: boolean,
    writer: StoreWriter,
    /** Who belongs to the account, and by which phrase. */
    readonly membership: Membership,
    private readonly unlock: () => void,
  ) {
    this.writer = writer
    this.session = new Session({
      platform,
      url: profile.relay,
      account: profile.account,
      device: profile.keys.id,
      publicKey: profile.keys.signing,
      sign: (message) => this.sign(message),
      keyring: keyringState,
      requests: membership.requests,
      documents: () => this.documents.values(),
      document: (id) => this.documents.get(bytesToHex(id)),
      relayTime: (timeMs) => this.relayTime(timeMs),
      onState: () => {
        if (this.session.state === 'online') this.reachedRelay()
        this.emit({ type: 'connection', state: this.session.state })
        this.statusChanged()
      },
      report: (error) => this.report(error),
    })
  }

  /** @throws SyncError `profile-missing`, `profile-in-use`, `profile-damaged` */
  static async open(platform: Platform, store: Store): Promise<SyncEngine> {
    const profile = await readProfile(platform, store)
    if (profile === undefined) throw new SyncError('profile-missing', 'This store holds no account.')
    const unlock = await platform.lock(lockNameOf(profile.keys.id))
    if (unlock === undefined)
      throw new SyncError('profile-in-use', 'This account is open already in another window or process.')
    try {
      const [rows, clock, atRelay] = await Promise.all([
        store.list(keyringPrefix),
        store.get(clockKey),
        store.get(atRelayKey),
      ])
      let engine: SyncEngine | undefined
      const writer = new StoreWriter(store, platform, (failure) => engine?.storageChanged(failure))
      const records = rows.map(([, bytes]) => decodeKeyringRow(bytes))
      const writeStrictly = (batch: StoreBatch): Promise<void> => writer.write(batch, { strict: true })
      const keyring = await AccountKeyring.open(platform, profile.keys, records, writeStrictly)
      const membership = await Membership.open({
        platform,
        store,
        keys: profile.keys,
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
        unlock,
      )
      await engine.openUnsent()
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
    return this.profile.keys.id
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

  sign(message: Uint8Array): Promise<Uint8Array> {
    return this.platform.signing.sign(this.profile.keys.signingSeed, message)
  }

  isCutOff(document: DocumentId, device: DeviceId, incarnation: number, sequence: number): boolean {
    return this.keyringState.isCutOff(document, device, incarnation, sequence)
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
    const id = this.keyringState.documentId(name)
    this.changeListeners.set(bytesToHex(id), onChange)
    // In the writer's queue before any edit of the document is.
    const stored = await this.store.get(nameKey(id))
    if (stored === undefined) void this.writer.write({ put: [[nameKey(id), encodeName(name)]] }).catch(() => {})
    else decodeName(stored)
    return this.openById(id)
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
    for (const [[, hex, kind], bytes] of await this.store.list(documentPrefix))
      if (kind === 'state' && !chainsByDocument.has(hex as string))
        chainsByDocument.set(hex as string, decodeState(bytes).chains)
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
    const { state, keys } = this.keyringState
    return [...state.devices.values()].map((device) => {
      const info = openDeviceInfo(keys, device.signing, device.info)
      return {
        id: bytesToHex(device.id),
        name: info?.name,
        platform: info?.platform,
        addedAtMs: info?.addedAtMs,
        isThisDevice: device === findDevice(state, this.device),
        isRemoved: device.removedAt !== undefined,
      }
    })
  }

  // -- listeners

  on(listener: (event: SyncEvent) => void): () => void {
    return this.listeners.add(listener)
  }

  onStatus(listener: () => void): () => void {
    return this.statusListeners.add(listener)
  }

  /** @param destroy with everything that this device keeps of the account */
  async close({ destroy = false }: { readonly destroy?: boolean } = {}): Promise<void> {
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
