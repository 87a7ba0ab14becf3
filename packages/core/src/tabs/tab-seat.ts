// Where a tab stands among the tabs of its profile: it leads, follows, or looks for the leader. All changes from one to the other are here.
import { bytesToHex, type DeviceId } from '@owlivion/sync-protocol'
import { isSyncError, SyncError } from '../errors'
import type { Platform, TabChannel, TabPlatform } from '../platform'
import type { Store } from '../storage'
import { Listeners, SyncEngine, type SyncEvent } from '../sync'
import { Election } from './election'
import { FollowerLink } from './follower-link'
import { HelloLoop } from './hello-loop'
import { LeaderHost } from './leader-host'
import { leaderStore } from './leader-store'
import { areCompatible, ourVersion, readMessage, type Sent, type SharedMessage, toSend } from './messages'
import type { Mirror } from './mirror'
import { errorFrom, type PlainError } from './plain-error'
import { TabNames } from './tab-names'

/** How long a lead that is given to another tab is kept for it. */
const HAND_OVER_MS = 5_000

/** A store that several tabs can have open. */
export type SharedStore = Store & Required<Pick<Store, 'fence'>>

export interface TabSeatOptions {
  readonly platform: Platform
  readonly tabs: TabPlatform
  readonly store: SharedStore
  readonly device: DeviceId
  readonly isOnlineWanted: boolean
  /** Brings every open collection to whoever leads now. */
  bring(): Promise<void>
  /** This tab leads no more; nothing may be awaited. */
  unlead(): void
  received(message: SharedMessage & { readonly document: string }): void
  changed(name: string, ids: ReadonlySet<string> | undefined): void
  onStatus(): void
  onEvent(event: SyncEvent): void
  /** This tab cannot go on. */
  ended(reason: SyncError): void
}

interface Lead {
  readonly engine: SyncEngine
  readonly host: LeaderHost
}

export class TabSeat {
  lead: Lead | undefined
  link: FollowerLink | undefined
  /** What the leader last said. */
  mirror: Mirror | undefined
  isOnlineWanted: boolean
  private readonly tab: string
  private readonly names: TabNames
  private readonly channel: TabChannel
  private readonly election: Election
  private readonly hello: HelloLoop
  private readonly changes = new Listeners<[]>()
  /** Counts the ends of leads: what an older one still wants to do is not done. */
  private term = 0
  /** The engine that led last ends: then it is known what of it the store has. */
  private retiring: Promise<void> = Promise.resolve()
  private isPaused = false
  private failure: SyncError | undefined
  private stopPausing: () => void = () => {}
  private releasePresence: (() => void) | undefined

  constructor(private readonly options: TabSeatOptions) {
    const { platform, tabs, device } = options
    this.isOnlineWanted = options.isOnlineWanted
    this.tab = bytesToHex(platform.random(8))
    this.names = new TabNames(device)
    this.channel = tabs.channel(this.names.channel, (data) => {
      const message = readMessage<SharedMessage>(data)
      if (message !== undefined && message.from !== this.tab) this.receive(message)
    })
    this.election = new Election({
      ...{ tabs, names: this.names, tab: this.tab },
      won: () => this.takeLead(),
      lost: () => this.leadLost(),
    })
    this.hello = new HelloLoop(platform, this.election, {
      say: () => this.post({ kind: 'hello' }),
      nobodyOurs: () => {
        // One that was open waits until it can go on.
        if (this.mirror === undefined)
          this.fail(new SyncError('profile-in-use', 'Another window has this account open and does not share it.'))
      },
    })
  }

  /** @returns when this tab leads, or follows one that does. @throws SyncError `profile-in-use`, and as the engine does */
  async open(): Promise<void> {
    const { tabs } = this.options
    this.stopPausing = tabs.onPause(
      () => this.pause(),
      () => this.resume(),
    )
    this.releasePresence = await tabs.hold(this.names.presence(this.tab), { mode: 'now' })
    if (await this.election.tryNow()) await this.takeLead()
    else this.follow()
    while (!this.isSeated) {
      if (this.failure !== undefined) throw this.failure
      await this.change()
    }
  }

  /** It leads, or knows what the leader knows. */
  get isSeated(): boolean {
    return this.lead !== undefined || (this.link !== undefined && this.mirror !== undefined)
  }

  get isClosed(): boolean {
    return this.failure !== undefined
  }

  /** Resolves when somebody else leads than before, or something of that kind. @throws SyncError `closed` */
  async change(): Promise<void> {
    if (this.failure !== undefined) throw this.failure
    await new Promise<void>((resolve) => {
      const stop = this.changes.add(() => {
        stop()
        resolve()
      })
    })
  }

  /** Takes the lead from the tab that has it, which ends its engine first. @throws SyncError `profile-in-use` when it is busy */
  async askForLead(): Promise<void> {
    await this.link?.askForLead()
    await this.election.takeOver()
  }

  /** @param options `destroy`: with everything that this device keeps of the account; only while this tab leads */
  async close(reason: SyncError, options: { readonly destroy?: boolean } = {}): Promise<void> {
    this.failure ??= reason
    this.stopPausing()
    this.hello.stop()
    const closing = this.stepDown({ isPolite: true, ...options })
    this.link?.close()
    this.link = undefined
    try {
      await closing
    } finally {
      if (options.destroy) this.post({ kind: 'ended' })
      this.election.giveUp()
      this.changes.tell()
    }
  }

  /** The last thing: the leader takes over what this tab left behind. */
  end(): void {
    this.releasePresence?.()
    this.channel.close()
  }

  private post(message: SharedMessage): void {
    this.channel.post(toSend(message, this.tab, ourVersion))
  }

  private receive(message: Sent<SharedMessage>): void {
    if (this.failure !== undefined || this.isPaused) return
    if (message.kind === 'hello' || message.kind === 'leader') {
      if (!areCompatible(message, ourVersion)) this.receiveStranger(message)
      else if (message.kind === 'hello') this.lead?.host.greet(message.from, message)
      else this.heardOf(message.from, message.to)
      return
    }
    if (this.link?.leader !== message.from) return
    switch (message.kind) {
      case 'resigned':
        this.dropLink()
        this.follow()
        break
      case 'ended':
        this.fail(new SyncError('closed', 'The account was closed and its data deleted in another window.'))
        break
      case 'updates':
      case 'replaced':
        this.options.received(message)
        break
      case 'state':
        this.mirror = message.state as Mirror
        this.isOnlineWanted = this.mirror.isOnlineWanted
        this.changes.tell()
        this.options.onStatus()
        break
      case 'event':
        this.options.onEvent(openEvent(message.event))
    }
  }

  /** A tab of a version with which there is no common language. The newer one has the profile: it can read what the older wrote. */
  private receiveStranger(message: Sent<SharedMessage>): void {
    if (message.v > ourVersion.v)
      this.fail(
        new SyncError('profile-in-use', 'A newer version of this app is open in another window; reload this one.'),
      )
    else if (message.kind === 'hello') this.lead?.host.greet(message.from, message)
  }

  private heardOf(leader: string, to: string | undefined): void {
    if (this.lead !== undefined) return
    if (to === this.tab) this.join(leader)
    else if (this.link?.leader !== leader) this.post({ kind: 'hello' })
  }

  private join(leader: string): void {
    if (this.link?.leader === leader) return
    this.dropLink()
    this.hello.stop()
    const { platform, tabs } = this.options
    const { names, tab } = this
    const silent = (): void => void this.election.takeOver()
    this.link = new FollowerLink({ platform, tabs, names, tab, silent }, leader)
    this.election.wait()
    this.changes.tell()
    void this.retiring.then(() => this.options.bring())
  }

  private dropLink(): void {
    this.link?.close()
    this.link = undefined
  }

  private follow(): void {
    if (this.failure !== undefined || this.isPaused || this.lead !== undefined) return
    this.election.wait()
    this.hello.start()
    this.changes.tell()
  }

  private async takeLead(): Promise<void> {
    const { platform, store } = this.options
    const term = ++this.term
    const isOver = (): boolean => term !== this.term || this.failure !== undefined || this.isPaused
    this.hello.stop()
    this.dropLink()
    let engine: SyncEngine | undefined
    try {
      await this.retiring
      const fence = await store.fence()
      const lost = (): void => {
        if (term === this.term) this.leadLost()
      }
      engine = await SyncEngine.open(platform, leaderStore(store, fence, lost), async () => () => {})
      if (isOver()) throw new SyncError('lead-lost', 'Another window took over.')
      const host = this.hostOf(engine)
      this.lead = { engine, host }
      this.listen(this.lead)
      await this.options.bring()
      if (isOver()) return
      this.post({ kind: 'leader' })
      if (this.isOnlineWanted) engine.goOnline()
      this.changes.tell()
      this.options.onStatus()
    } catch (error) {
      if (term === this.term) this.election.giveUp()
      await engine?.close().catch(() => {})
      if (term === this.term && !this.isPaused) this.couldNotLead(error)
    }
  }

  private leadLost(): void {
    void this.stepDown()
      .catch(() => {})
      .then(() => this.follow())
  }

  private couldNotLead(error: unknown): void {
    const reason = isSyncError(error)
      ? error
      : new SyncError('storage-failed', 'The account does not open.', { cause: error })
    // Before it was open the app is told by whatever opens it, and tries again or not.
    if (!this.isSeated && this.mirror === undefined) this.failure ??= reason
    if (!reason.retryable) this.fail(reason)
    else if (this.failure === undefined) this.options.onEvent({ type: 'error', error: reason })
    this.changes.tell()
    this.options.platform.setTimer(HAND_OVER_MS, () => this.follow())
  }

  private hostOf(engine: SyncEngine): LeaderHost {
    const { platform, tabs, changed } = this.options
    return new LeaderHost({
      ...{ platform, tabs, names: this.names, tab: this.tab, engine, changed },
      calls: {
        engine,
        setOnline: (isWanted) => this.setOnline(isWanted),
        destroy: async () => {
          await this.close(new SyncError('closed', 'The account was closed.'), { destroy: true })
          this.options.ended(new SyncError('closed', 'The account was closed and its data deleted in another window.'))
        },
      },
      isOnlineWanted: () => this.isOnlineWanted,
      post: (message) => this.post(message),
      giveLead: () => this.giveLead(engine),
    })
  }

  setOnline(isWanted: boolean): void {
    this.isOnlineWanted = isWanted
    if (isWanted) this.lead?.engine.goOnline()
    else this.lead?.engine.goOffline()
  }

  private listen({ engine }: Lead): void {
    engine.on((event) => this.options.onEvent(event))
    engine.onStatus(() => this.options.onStatus())
  }

  private async giveLead(engine: SyncEngine): Promise<void> {
    if (engine.isInConversation)
      throw new SyncError(
        'profile-in-use',
        'Another window is in the middle of letting a device in; finish that first.',
      )
    await this.stepDown({ isPolite: true })
    const { term } = this
    this.options.platform.setTimer(HAND_OVER_MS, () => {
      if (term !== this.term || this.failure !== undefined) return
      // Nobody came for it.
      this.election.giveUp()
      this.follow()
    })
  }

  /**
   * Ends this tab's lead. What must be done at once is done at once: a page that is about to be stopped has no later.
   * @param options `isPolite`: the lock is kept, until whoever asked for it takes it
   */
  private stepDown(options: { readonly isPolite?: boolean; readonly destroy?: boolean } = {}): Promise<void> {
    const { lead } = this
    this.term++
    if (lead === undefined) return this.retiring
    const { destroy = false, isPolite = false } = options
    this.lead = undefined
    this.mirror = { ...lead.host.mirror, connection: this.isOnlineWanted ? 'waiting' : 'offline' }
    this.options.unlead()
    lead.host.close()
    const closing = lead.engine.close({ destroy })
    this.retiring = closing.catch(() => {})
    const resign = (): void => {
      this.post({ kind: 'resigned' })
      lead.host.end()
    }
    if (isPolite) {
      // What is owed to whoever asked for the lead is answered before.
      void this.retiring.then(() => this.options.platform.setTimer(0, resign))
    } else {
      resign()
      this.election.giveUp()
    }
    return closing
  }

  private pause(): void {
    this.isPaused = true
    this.hello.stop()
    void this.stepDown().catch(() => {})
    this.dropLink()
    this.election.giveUp()
  }

  private resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    void this.retiring.then(() => this.follow())
  }

  private fail(reason: SyncError): void {
    if (this.failure !== undefined) return
    const wasSeated = this.isSeated
    void this.close(reason).catch(() => {})
    if (wasSeated) this.options.ended(reason)
  }
}

function openEvent(event: unknown): SyncEvent {
  const { type, error } = event as { readonly type: SyncEvent['type']; readonly error: PlainError }
  return type === 'error' ? { type, error: errorFrom(error) } : (event as SyncEvent)
}
