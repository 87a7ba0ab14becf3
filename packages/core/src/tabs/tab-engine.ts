// An account as one of several tabs has it. One tab leads: it runs the engine, with the connection and the keys that seal; the others
// follow it. To the app all are the same, and whoever leads may change at any moment.
import { type AccountId, bytesToHex, type DeviceId } from '@owlivion/sync-protocol'
import { isSyncError, SyncError } from '../errors'
import type { Platform, TabPlatform } from '../platform'
import type { Store } from '../storage'
import {
  type AccountEngine,
  type AccountParts,
  type ConnectionState,
  type DeviceDetails,
  importChanges,
  importInto,
  Listeners,
  readAnyProfile,
  StoreWriter,
  type SyncEngine,
  type SyncEvent,
  type UnsentCollection,
  type UnsentEdits,
} from '../sync'
import type { SharedStore } from './lead'
import { errorFrom } from './plain-error'
import { type CallParameters, type CallResult, type RemoteCall, remoteCalls } from './remote-calls'
import { TabDocuments } from './tab-documents'
import { TabNames } from './tab-names'
import { membershipOf, schedulerOf, serviceOf } from './tab-parts'
import { TabPresence } from './tab-presence'
import { TabSeat } from './tab-seat'

/** How long a tab that took the lead to do something waits for its connection. */
const CONNECT_MS = 5_000

export class TabEngine implements AccountEngine {
  readonly documents: TabDocuments
  readonly presence: TabPresence
  readonly membership: AccountParts['membership']
  readonly service: AccountParts['service']
  readonly scheduler: AccountParts['scheduler']
  /** Of this tab's lanes. */
  private readonly writer: StoreWriter
  private readonly seat: TabSeat
  private readonly listeners = new Listeners<[event: SyncEvent]>()
  private readonly statusListeners = new Listeners<[]>()
  private readonly endListeners = new Listeners<[]>()
  private laneFailure: SyncError | undefined
  private historyKeepMs: number | undefined
  private closing: Promise<void> | undefined

  private constructor(
    readonly platform: Platform,
    tabs: TabPlatform,
    private readonly store: SharedStore,
    readonly account: AccountId,
    readonly device: DeviceId,
    readonly relay: string,
    isOnlineWanted: boolean,
  ) {
    this.writer = new StoreWriter(store, platform, (failure) => {
      this.laneFailure = failure
      if (failure !== undefined) this.report(failure)
      this.statusChanged()
    })
    this.documents = new TabDocuments({
      platform,
      device: () => bytesToHex(this.device),
      writer: this.writer,
      seat: () => this.seat,
      askStatus: (name) => this.run('documentStatus', name),
      onStatus: () => this.statusChanged(),
      report: (error) => this.report(error),
    })
    this.presence = new TabPresence({
      channel: (received) => tabs.channel(new TabNames(device).presenceChannel, received),
      leading: () => this.leading,
    })
    this.seat = new TabSeat({
      ...{ platform, tabs, store, device, isOnlineWanted },
      bring: () => {
        this.setHistory()
        this.presence.bring()
        return this.documents.bringAll()
      },
      unlead: () => this.documents.unlead(),
      received: (message) => this.documents.received(message),
      changed: (name, ids) => this.documents.changed(name, ids),
      onStatus: () => this.statusChanged(),
      onEvent: (event) => this.listeners.tell(event),
      ended: (reason) => {
        this.report(reason)
        this.endListeners.tell()
      },
    })
    this.membership = membershipOf(this)
    this.service = serviceOf(this)
    this.scheduler = schedulerOf(this)
  }

  /**
   * Opens the profile together with the other tabs of this origin that have it open.
   * @returns undefined where tabs cannot share: the platform or the store does not say how
   * @throws SyncError `profile-missing`, `profile-damaged`; `profile-in-use` when a tab that does not share has it, or one of a version of
   * the app with which this one has no common language
   */
  static async open(platform: Platform, store: Store, isOnlineWanted: boolean): Promise<TabEngine | undefined> {
    const { tabs } = platform
    if (tabs === undefined || store.fence === undefined) return undefined
    const profile = await readAnyProfile(platform, store)
    if (profile === undefined) throw new SyncError('profile-missing', 'This store holds no account.')
    const device = 'keys' in profile ? profile.keys.id : profile.device
    const shared = store as SharedStore
    const engine = new TabEngine(platform, tabs, shared, profile.account, device, profile.relay, isOnlineWanted)
    try {
      await engine.seat.open()
      return engine
    } catch (error) {
      await engine.seat.close(error as SyncError).catch(() => {})
      engine.presence.close()
      engine.seat.end()
      throw error
    }
  }

  // -- what is known

  /** While this tab leads. */
  get leading(): SyncEngine | undefined {
    return this.seat.lead?.engine
  }

  get mirror(): TabSeat['mirror'] {
    return this.seat.mirror
  }

  get connection(): ConnectionState {
    return this.leading?.connection ?? this.mirror?.connection ?? 'offline'
  }

  get storageFailure(): SyncError | undefined {
    const theirs = this.mirror?.storageFailure
    return this.laneFailure ?? (this.leading ? this.leading.storageFailure : theirs && errorFrom(theirs))
  }

  get refusal(): SyncError | undefined {
    const theirs = this.mirror?.refusal
    return this.leading ? this.leading.refusal : theirs && errorFrom(theirs)
  }

  get isKeyringForked(): boolean {
    return this.leading?.isKeyringForked ?? this.mirror?.isKeyringForked ?? false
  }

  get isKeyringHidden(): boolean {
    return this.leading?.isKeyringHidden ?? this.mirror?.isKeyringHidden ?? false
  }

  get isRemoved(): boolean {
    return this.leading?.isRemoved ?? this.mirror?.isRemoved ?? false
  }

  devices(): DeviceDetails[] {
    return this.leading?.devices() ?? [...(this.mirror?.devices ?? [])]
  }

  isCollectionOn(name: string): boolean {
    return this.leading?.isCollectionOn(name) ?? !this.mirror?.off.includes(name)
  }

  // -- what is done

  /** Has the leader do it, whoever that is. @throws SyncError what the call throws, `lead-lost` when the lead changes before it is done */
  async run<Name extends RemoteCall>(name: Name, ...parameters: CallParameters<Name>): Promise<CallResult<Name>> {
    while (this.seat.lead === undefined && this.seat.link === undefined) await this.seat.change()
    const { lead, link } = this.seat
    if (lead === undefined) return (await link?.call(name, parameters)) as CallResult<Name>
    const call = remoteCalls[name] as (...values: unknown[]) => unknown
    try {
      return (await call(lead.host.calls, ...parameters)) as CallResult<Name>
    } catch (error) {
      // Not the account is closed, but the engine that led.
      if (isSyncError(error, 'closed') && this.seat.lead !== lead && !this.seat.isClosed)
        throw new SyncError('lead-lost', 'Another window took over before this was done.')
      throw error
    }
  }

  goOnline(): void {
    this.seat.isOnlineWanted = true
    void this.run('goOnline').catch(() => {})
  }

  goOffline(): void {
    this.seat.isOnlineWanted = false
    void this.run('goOffline').catch(() => {})
  }

  setCollectionOn(name: string, isOn: boolean): Promise<void> {
    return this.run('setCollectionOn', name, isOn)
  }

  unsentEdits(): Promise<UnsentEdits> {
    return this.run('unsentEdits')
  }

  resolveFork(phrase: string, keep: 'ours' | 'theirs'): Promise<void> {
    return this.run('resolveFork', phrase, keep)
  }

  async importChanges(changes: UnsentCollection): ReturnType<AccountEngine['importChanges']> {
    const document = await this.documents.open(changes.name.normalize('NFC'))
    const { skipped, stored } = importChanges(changes, importInto(document(), this))
    await stored
    return skipped
  }

  confirmation(): () => boolean {
    let isConfirmed = false
    const confirm = async (): Promise<void> => {
      for (;;) {
        try {
          await this.writer.barrier()
          await this.run('flush')
          isConfirmed = true
          return this.statusChanged()
        } catch (error) {
          if (!isSyncError(error, 'lead-lost') || this.seat.isClosed) return
          await this.seat.change().catch(() => {})
        }
      }
    }
    void confirm()
    return () => isConfirmed
  }

  /** For how long the account keeps a history, whenever this tab leads. */
  keepHistory(keepMs: number): void {
    this.historyKeepMs = keepMs
    this.setHistory()
  }

  private setHistory(): void {
    const { leading, historyKeepMs } = this
    if (leading !== undefined && historyKeepMs !== undefined) leading.history.keepMs = historyKeepMs
  }

  /** The engine itself, for what only it can do: this tab leads from then on. @throws SyncError `profile-in-use` when the leader is busy */
  async takeLead(): Promise<SyncEngine> {
    const wasOnline = this.connection === 'online'
    while (this.leading === undefined) {
      if (this.seat.link === undefined) await this.seat.change()
      else await this.seat.askForLead()
    }
    if (wasOnline) await this.connected()
    return this.leading
  }

  /** It does not fail: whatever needs the connection says so itself. */
  private connected(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        stop()
        cancel()
        resolve()
      }
      const stop = this.onStatus(() => {
        if (this.connection === 'online') done()
      })
      const cancel = this.platform.setTimer(CONNECT_MS, done)
      if (this.connection === 'online') done()
    })
  }

  // -- listeners

  on(listener: (event: SyncEvent) => void): () => void {
    return this.listeners.add(listener)
  }

  onStatus(listener: () => void): () => void {
    return this.statusListeners.add(listener)
  }

  /** Calls `end` when this tab cannot go on: the account was deleted in another one, or a newer version of the app took it. */
  whenEnded(end: () => void): void {
    this.endListeners.add(end)
  }

  statusChanged(): void {
    this.statusListeners.tell()
  }

  private report(error: SyncError): void {
    this.listeners.tell({ type: 'error', error })
  }

  close(options: { readonly destroy?: boolean } = {}): Promise<void> {
    this.closing ??= this.end(options)
    return this.closing
  }

  /** Of this tab: what the leader has yet to take over is on the disk. */
  get unsavedEdits(): number {
    return this.writer.unsavedEdits
  }

  trySaving(): Promise<void> {
    return this.writer.tryNow()
  }

  private async end({ destroy = false }: { readonly destroy?: boolean }): Promise<void> {
    const closed = new SyncError('closed', 'The account was closed.')
    try {
      if (destroy && this.leading === undefined && !this.seat.isClosed) {
        await this.writer.barrier()
        await this.run('destroy').catch((error: unknown) => {
          // The leader ends before it can answer.
          if (!this.seat.isClosed) throw error
        })
      }
      // Rows of lanes first: what an edit's promise waits for.
      await this.writer.close()
      await this.seat.close(closed, { destroy: destroy && this.leading !== undefined })
    } finally {
      this.documents.close()
      this.presence.close()
      await this.store.close()
      this.seat.end()
      this.listeners.clear()
      this.statusListeners.clear()
    }
  }
}
