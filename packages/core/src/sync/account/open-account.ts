// An open account as its documents see it: its keys, its clock, its disk, and who listens.
import {
  type AccountId,
  bytesToHex,
  type DeviceId,
  type DocumentId,
  type KeyringDevice,
  type KeyringState,
} from '@owlivion/sync-protocol'
import { type DeviceInfo, openDeviceInfo } from '../../account'
import { SyncError } from '../../errors'
import type { Platform } from '../../platform'
import type { Store } from '../../storage'
import type { AccountContext, SealingKey } from '../account-context'
import type { RelayClock } from '../connection/relay-clock'
import type { OpenDocuments } from '../document/open-documents'
import type { AccountKeyring } from '../keyring/account-keyring'
import { Listeners } from '../listeners'
import { Presence } from '../presence/presence'
import type { StoreWriter } from '../store-writer'
import type { SyncEvent } from '../sync-event'
import { importInto } from '../writing/import-texts'
import {
  importChanges,
  readUnsent,
  type SkippedChange,
  type UnsentCollection,
  type UnsentEdits,
  unsentEdits,
} from '../writing/unsent-edits'
import type { AccountService } from './account-service'
import type { DeviceChoices } from './device-choices'
import { type DeviceDetails, deviceDetails } from './device-details'
import type { Profile, RemovedProfile } from './profile'
import type { StoredAccount } from './stored-account'

export abstract class OpenAccount implements AccountContext {
  readonly platform: Platform
  readonly store: Store
  readonly writer: StoreWriter
  profile: Profile | RemovedProfile
  /** What the account asks of its relay beside syncing. */
  abstract readonly service: AccountService
  abstract readonly documents: OpenDocuments
  /** The relay has the account: another device can join. */
  abstract isAtRelay: boolean
  protected readonly keyringState: AccountKeyring
  /** What devices show of themselves in documents, such as a cursor. */
  readonly presence: Presence
  protected readonly clock: RelayClock
  protected readonly off: DeviceChoices['off']
  private readonly heardDevices: DeviceChoices['heard']
  protected readonly listeners = new Listeners<[event: SyncEvent]>()
  protected readonly statusListeners = new Listeners<[]>()

  protected constructor(account: StoredAccount, choices: DeviceChoices) {
    this.platform = account.platform
    this.store = account.store
    this.writer = account.writer
    this.profile = account.profile
    this.keyringState = account.keyring
    this.clock = account.clock
    this.off = choices.off
    this.heardDevices = choices.heard
    this.presence = new Presence(this, (name) => this.keyringState.documentId(name))
  }

  get account(): AccountId {
    return this.profile.account
  }

  get device(): DeviceId {
    return 'keys' in this.profile ? this.profile.keys.id : this.profile.device
  }

  get relay(): string {
    return this.profile.relay
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

  isOff(document: DocumentId): boolean {
    return this.off.has(document)
  }

  get clockOffsetMs(): number | undefined {
    return this.clock.offsetMs
  }

  get clockToldAtMs(): number | undefined {
    return this.clock.toldAtMs
  }

  now(): number {
    return this.clock.now()
  }

  wrote(t: number): void {
    this.clock.wrote(t)
  }

  endMillisecond(): number {
    return this.clock.endMillisecond()
  }

  report(error: SyncError): void {
    this.emit({ type: 'error', error })
  }

  // -- what was written

  /** What the relay has not confirmed, of all documents. */
  async unsentEdits(): Promise<UnsentEdits> {
    await this.writer.barrier()
    return unsentEdits(this, await readUnsent(this))
  }

  /** Applies changes that were checked. @returns what was skipped, once the rest is on this device's disk */
  async importChanges(changes: UnsentCollection): Promise<readonly SkippedChange[]> {
    const document = await this.documents.open(changes.name.normalize('NFC'))
    const { skipped, stored } = importChanges(changes, importInto(document(), this))
    await stored
    return skipped
  }

  /** @returns tells whether the relay has confirmed everything written so far */
  confirmation(): () => boolean {
    const isConfirmed = this.documents.confirmation()
    return () => this.isAtRelay && isConfirmed()
  }

  /** Edits that are in memory only, since the store refuses them. */
  get unsavedEdits(): number {
    return this.writer.unsavedEdits
  }

  /** Tries once more, now, what the store refused. @returns when it was tried */
  trySaving(): Promise<void> {
    return this.writer.tryNow()
  }

  // -- devices

  devices(): DeviceDetails[] {
    const devices = [...this.keyringState.state.devices.values()]
    const nowMs = this.now()
    return devices.map((each) => {
      const lastHeardMs = this.heardDevices.lastHeardMs(bytesToHex(each.id))
      return deviceDetails(each, this.device, this.deviceInfo(each), this.service.sightingOf(each.id), {
        lastHeardMs,
        nowMs,
      })
    })
  }

  heard(device: DeviceId, saidAtMs: number): void {
    this.heardDevices.heard(device, saidAtMs, this.now())
  }

  protected lookForSilence(): void {
    const silent = this.devices().filter(({ isSilent }) => isSilent)
    const news = this.heardDevices.newlySilent(silent.map(({ id }) => id))
    for (const { id, lastHeardMs } of silent)
      if (news.includes(id)) this.emit({ type: 'device-silent', device: id, lastHeardMs })
    this.keepHeard()
  }

  protected keepHeard(): void {
    const batch = this.isRemoved ? undefined : this.heardDevices.toKeep()
    // Closing rejects it, and what was said is said again.
    if (batch !== undefined) void this.writer.write(batch).catch(() => {})
  }

  protected deviceInfo(device: KeyringDevice): DeviceInfo | undefined {
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

  protected emit(event: SyncEvent): void {
    this.listeners.tell(event)
  }
}
