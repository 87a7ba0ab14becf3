// One open account: its keyring, its clock, its connection and its documents. The documents see it as their context.
import { bytesToHex, type DeviceId, type KeyringHead } from '@owlivion/sync-protocol'
import type { DeviceInfo } from '../../account'
import { SyncError } from '../../errors'
import type { Platform } from '../../platform'
import type { Store } from '../../storage'
import type { ConnectionState } from '../connection/connection-state'
import { Session } from '../connection/session'
import { OpenDocuments } from '../document/open-documents'
import { AccountHealing } from '../healing/healing-ledger'
import { PackKeeper } from '../history/pack-keeper'
import type { KeyringChange } from '../keyring/account-keyring'
import type { ClaimPlace, KeyringClaims } from '../keyring/keyring-claims'
import type { Membership } from '../keyring/membership'
import { repeatLostRecords } from '../keyring/repeat-lost-records'
import { resolveFork } from '../keyring/resolve-fork'
import { Listeners } from '../listeners'
import { scheduleKey } from '../schedule/schedule-row'
import { Scheduler } from '../schedule/scheduler'
import { workLeft } from '../schedule/work-left'
import { AccountCalls } from './account-calls'
import { AccountService } from './account-service'
import { type DeviceChoices, readChoices } from './device-choices'
import { LifeSigns } from './life-signs'
import { OpenAccount } from './open-account'
import { atRelayKey } from './profile'
import { removedStore } from './removed-store'
import { SignInChange } from './sign-in-change'
import { type ProfileLock, readAccount, type StoredAccount } from './stored-account'

export class SyncEngine extends OpenAccount {
  /** Who belongs to the account, and by which phrase. */
  readonly membership: Membership
  readonly documents: OpenDocuments
  readonly healing: AccountHealing
  readonly history: PackKeeper
  /** The relay has the account: another device can join. */
  isAtRelay: boolean
  private readonly claims: KeyringClaims
  private readonly unlock: () => void
  private readonly session: Session
  private readonly closeListeners = new Listeners<[]>()
  /** Why the device's own store refuses writes, while it does. */
  storageFailure: SyncError | undefined
  readonly calls: AccountCalls
  /** What a change of password or passkeys must not leave over. */
  readonly signInChange: SignInChange
  /** What the account asks of its relay beside syncing. */
  readonly service: AccountService
  /** When this device is connected. */
  readonly scheduler: Scheduler
  private readonly lifeSigns: LifeSigns

  private constructor(account: StoredAccount, choices: DeviceChoices) {
    super(account, choices)
    const { platform, store, profile, keyring, isAtRelay, writer, membership } = account
    this.isAtRelay = isAtRelay
    this.membership = membership
    this.claims = account.claims
    this.unlock = account.unlock
    this.calls = new AccountCalls(platform, () => this.scheduler.connected())
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
    this.lifeSigns = new LifeSigns({
      platform,
      documents: () => this.documents.synced(),
      look: () => this.lookForSilence(),
    })
    this.healing = new AccountHealing({
      store,
      write: (batch) => writer.write(batch),
      // Closing ends it, and what was not opened then is looked at when it is.
      openAll: () => void this.documents.openAll().catch(() => {}),
      emit: (event) => this.emit(event),
    })
    this.documents = new OpenDocuments({
      context: this,
      documentId: (name) => keyring.documentId(name),
      removing: () => this.removing,
      opened: (document) => this.session.attach(document),
      onStatus: () => this.statusChanged(),
    })
    this.history = new PackKeeper({
      context: this,
      open: (name) => this.documents.open(name),
      connection: () => this.session.state,
      onStatus: (listener) => this.statusListeners.add(listener),
    })
    this.session = new Session({
      platform,
      url: profile.relay,
      account: profile.account,
      device: this.device,
      publicKey: 'keys' in profile ? profile.keys.signing : new Uint8Array(),
      sign: (message) => this.sign(message),
      keyring,
      requests: membership.requests,
      calls: this.calls,
      presence: this.presence,
      documents: () => this.documents.synced(),
      document: (id) => this.documents.findSynced(id),
      generationShown: (generation) => void this.healing.generationShown(generation).catch(() => {}),
      relayTime: (timeMs) => {
        if (this.clock.told(timeMs)) for (const document of this.documents.all()) document.shiftPending()
      },
      inStep: () => this.keyringInStep(),
      isKeyringHidden: () => this.isKeyringHidden,
      onState: () => {
        this.scheduler.connectionChanged()
        if (this.session.state === 'connecting') this.hasToldHidden = false
        if (this.session.state === 'online') this.reachedRelay()
        this.lifeSigns[this.session.state === 'online' ? 'connected' : 'disconnected']()
        if (this.session.state !== 'online') this.keepHeard()
        // Calls are taken from the next turn on.
        if (this.session.state === 'online') void Promise.resolve().then(() => this.signInChange.online())
        this.emit({ type: 'connection', state: this.session.state })
        this.statusChanged()
      },
      report: (error) => this.report(error),
    })
    this.scheduler = new Scheduler({
      platform,
      connection: this.session,
      stored: choices.schedule,
      save: (row) => writer.write({ put: [[scheduleKey, row]] }),
      work: () => {
        const { isAtRelay, isKeyringForked, isKeyringHidden } = this
        const isBusy = this.calls.isBusy || membership.needsConnection
        return workLeft({ documents: this.documents.synced(), isAtRelay, isBusy, isKeyringForked, isKeyringHidden })
      },
      hasUrgentWork: () => membership.needsConnection,
      onChange: () => this.statusListeners.tell(),
    })
    keyring.changes.add((change) => this.keyringChanged(change))
    if (keyring.isRemoved) this.session.removed()
  }

  /**
   * @param lock takes the profile's lock; default: the platform's
   * @throws SyncError `profile-missing`, `profile-in-use`, `profile-damaged`
   */
  static async open(platform: Platform, store: Store, lock?: ProfileLock): Promise<SyncEngine> {
    let engine: SyncEngine | undefined
    const account = await readAccount(
      platform,
      store,
      {
        storageChanged: (failure) => engine?.storageChanged(failure),
        chainEnds: async (devices) => engine?.documents.chainEnds(devices) ?? [],
        isClean: () => engine?.documents.areClean ?? false,
        now: () => engine?.now() ?? platform.now(),
        report: (error) => engine?.report(error),
        onStatus: () => engine?.statusChanged(),
      },
      lock,
    )
    try {
      engine = new SyncEngine(account, await readChoices(store))
      // It learned of its removal, and ended before the rest of it was done.
      if (engine.isRemoved && 'keys' in engine.profile) {
        engine.removing = engine.wipeKeys()
        await engine.removing
      }
      await engine.documents.openUnsent()
      await engine.history.resume()
      if (!engine.isRemoved)
        void repeatLostRecords(engine.keyringState, engine.membership, (error) => engine?.report(error))
      return engine
    } catch (error) {
      account.unlock()
      throw error
    }
  }

  // -- what this device syncs

  isCollectionOn(name: string): boolean {
    return this.isRemoved || !this.off.has(this.keyringState.documentId(name))
  }

  offCollections(): readonly string[] {
    return this.off.names
  }

  /** @returns when it is stored. @throws SyncError `device-removed` */
  async setCollectionOn(name: string, isOn: boolean): Promise<void> {
    if (this.isRemoved) throw new SyncError('device-removed', 'This device was removed from the account.')
    const id = this.keyringState.documentId(name)
    if (this.off.has(id) === !isOn) return
    const document = this.documents.find(id)
    const batch = this.off.set(id, name, isOn)
    if (document !== undefined) this.session[isOn ? 'attach' : 'detach'](document)
    this.statusChanged()
    await this.writer.write(batch)
  }

  // -- the keyring that counts

  private hasToldHidden = false

  get isKeyringHidden(): boolean {
    return this.claims.isHidden || this.documents.missKeyring
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

  get isKeyringForked(): boolean {
    return this.keyringState.fork !== undefined
  }

  /** @throws SyncError as `resolveFork` */
  async resolveFork(phrase: string, keep: 'ours' | 'theirs'): Promise<void> {
    const chainEnds = (devices: readonly DeviceId[]) => this.documents.chainEnds(devices)
    const { platform, profile, keyringState: keyring } = this
    await resolveFork({ platform, relay: profile.relay, keyring, chainEnds }, phrase, keep)
    this.statusChanged()
    this.goOnline()
  }

  // -- removal

  private removing: Promise<void> | undefined

  private keyringChanged(change: KeyringChange): void {
    if (!this.isRemoved) {
      this.claims.keyringChanged()
      for (const document of this.documents.all()) document.keyringChanged(change)
      if (change.isOther) void repeatLostRecords(this.keyringState, this.membership, (error) => this.report(error))
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
    await this.documents.freeze()
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
    this.scheduler.allow()
  }

  goOffline(): void {
    this.scheduler.forbid()
  }

  // -- listeners

  /** Calls `end` when the account closes: for what has a connection of its own. @returns a function that takes it back */
  whenClosing(end: () => void): () => void {
    return this.closeListeners.add(end)
  }

  /** Something with a connection of its own is under way, as letting another device in. */
  get isInConversation(): boolean {
    return this.closeListeners.size > 0
  }

  /** @param options `destroy`: with everything that this device keeps of the account */
  async close({ destroy = false }: { readonly destroy?: boolean } = {}): Promise<void> {
    this.closeListeners.tell()
    this.closeListeners.clear()
    this.history.close()
    this.scheduler.close()
    this.session.goOffline()
    this.lifeSigns.disconnected()
    this.membership.close()
    const kept = this.documents.keepShown()
    if (kept !== undefined) await kept
    // A job may wait for a store that is broken: the writer gives up before the documents are waited for.
    const closing = this.documents.close()
    try {
      await this.writer.close()
      await closing
      await (destroy ? this.store.destroy() : this.store.close())
    } finally {
      this.unlock()
      this.listeners.clear()
      this.statusListeners.clear()
    }
  }

  /** Tells whoever listens that the status may have changed. */
  statusChanged(): void {
    this.membership.statusChanged()
    this.scheduler.statusChanged()
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
}
