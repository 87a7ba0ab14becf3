// Where a tab stands among the tabs of its profile: it leads, follows, or looks for the leader. All changes from one to the other are here.
import { bytesToHex } from '@owlivion/sync-protocol'
import { isSyncError, SyncError } from '../errors'
import { Listeners } from '../sync'
import { Election } from './election'
import { FollowerLink } from './follower-link'
import { HelloLoop } from './hello-loop'
import { Lead } from './lead'
import type { SharedMessage } from './messages'
import type { Mirror } from './mirror'
import { eventFrom } from './plain-error'
import type { TabSeatOptions } from './seat-options'
import { SharedChannel, type SharedChannelOptions } from './shared-channel'
import { TabNames } from './tab-names'

/** How long a lead that is given to another tab is kept for it. */
const HAND_OVER_MS = 5_000

export class TabSeat {
  lead: Lead | undefined
  link: FollowerLink | undefined
  /** What the leader last said. */
  mirror: Mirror | undefined
  isOnlineWanted: boolean
  private readonly tab: string
  private readonly names: TabNames
  private readonly channel: SharedChannel
  private readonly election: Election
  private readonly hello: HelloLoop
  private readonly changes = new Listeners<[]>()
  /** Counts the ends of leads: what an older one still wants to do is not done. */
  private term = 0
  /** The engine that led last ends: then it is known what of it the store has. */
  private retiring: Promise<void> = Promise.resolve()
  private isPaused = false
  private isOpened = false
  private failure: SyncError | undefined
  private stopPausing: () => void = () => {}
  private releasePresence: (() => void) | undefined

  constructor(private readonly options: TabSeatOptions) {
    const { platform, tabs, device } = options
    this.isOnlineWanted = options.isOnlineWanted
    this.tab = bytesToHex(platform.random(8))
    this.names = new TabNames(device)
    this.channel = new SharedChannel({
      ...{ tabs, names: this.names, tab: this.tab },
      hello: (from) => this.isListening && this.lead?.host.greet(from),
      leader: (from, to) => this.heardOf(from, to),
      newer: () => this.fail(inUse('A newer version of this app is open in another window; reload this one.')),
      received: (message) => this.received(message),
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
        if (this.mirror === undefined) this.fail(inUse('Another window has this account open and does not share it.'))
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
      await this.change()
    }
    this.isOpened = true
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
    try {
      await this.link?.askForLead()
    } catch (error) {
      // It may end before it can answer.
      if (!isSyncError(error, 'lead-lost')) throw error
    }
    await this.election.takeOver()
  }

  /** @param options `destroy`: with everything that this device keeps of the account; only while this tab leads */
  async close(reason: SyncError, options: { readonly destroy?: boolean } = {}): Promise<void> {
    this.failure ??= reason
    this.stopPausing()
    this.hello.stop()
    const { lead } = this
    const closing = this.stepDown(options)
    this.dropLink()
    try {
      await closing
    } finally {
      this.post({ kind: options.destroy ? 'ended' : 'resigned' })
      lead?.host.end()
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
    this.channel.post(message)
  }

  private received(message: Parameters<SharedChannelOptions['received']>[0]): void {
    if (!this.isListening) return
    // Whoever led; this tab may be about to.
    if (message.kind === 'ended') this.fail(deletedElsewhere())
    if (this.link?.leader !== message.from) return
    switch (message.kind) {
      case 'resigned':
        this.dropLink()
        this.follow()
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
        this.options.onEvent(eventFrom(message.event))
    }
  }

  private get isListening(): boolean {
    return this.failure === undefined && !this.isPaused
  }

  private heardOf(leader: string, to: string | undefined): void {
    if (this.lead !== undefined || !this.isListening) return
    if (to === this.tab) this.join(leader)
    else if (to === undefined || this.link?.leader !== leader) {
      // It has just begun to, and knows nobody yet.
      if (to === undefined) this.dropLink()
      this.post({ kind: 'hello' })
    }
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
    const term = ++this.term
    const isOver = (): boolean => term !== this.term || this.failure !== undefined || this.isPaused
    this.hello.stop()
    this.dropLink()
    let lead: Lead | undefined
    try {
      await this.retiring
      lead = await this.openLead(() => {
        if (term === this.term) this.leadLost()
      })
      if (isOver()) throw new SyncError('lead-lost', 'Another window took over.')
      this.lead = lead
      await this.options.bring()
      if (isOver()) return
      this.post({ kind: 'leader' })
      if (this.isOnlineWanted) lead.engine.goOnline()
      this.changes.tell()
      this.options.onStatus()
    } catch (error) {
      if (term === this.term) this.election.giveUp()
      await lead?.close().catch(() => {})
      if (term === this.term && !this.isPaused) this.couldNotLead(error)
    }
  }

  private async openLead(lost: () => void): Promise<Lead> {
    const { platform, tabs, store, changed, onEvent, onStatus, ended } = this.options
    const lead = await Lead.open({
      ...{ platform, tabs, store, names: this.names, tab: this.tab, changed, lost },
      post: (message) => this.post(message),
      isOnlineWanted: () => this.isOnlineWanted,
      setOnline: (isWanted) => this.setOnline(isWanted),
      giveLead: () => this.giveLead(),
      destroy: async () => {
        await this.close(new SyncError('closed', 'The account was closed.'), { destroy: true })
        ended(deletedElsewhere())
      },
    })
    lead.engine.on(onEvent)
    lead.engine.onStatus(onStatus)
    return lead
  }

  private leadLost(): void {
    void this.resign().then(() => this.follow())
  }

  private couldNotLead(error: unknown): void {
    const reason = isSyncError(error)
      ? error
      : new SyncError('storage-failed', 'The account does not open.', { cause: error })
    // Before it was open the app is told by whatever opens it, and tries again or not.
    if (!this.isOpened) this.failure ??= reason
    if (reason.code === 'profile-missing') this.fail(deletedElsewhere())
    else if (!reason.retryable) this.fail(reason)
    else if (this.failure === undefined) this.options.onEvent({ type: 'error', error: reason })
    this.changes.tell()
    this.options.platform.setTimer(HAND_OVER_MS, () => this.follow())
  }

  setOnline(isWanted: boolean): void {
    this.isOnlineWanted = isWanted
    if (isWanted) this.lead?.engine.goOnline()
    else this.lead?.engine.goOffline()
    // At once: whoever leads next goes by it.
    this.lead?.host.tellState()
  }

  /** Ends in order, and keeps the lock for the tab that asked for it. */
  private async giveLead(): Promise<void> {
    const { lead } = this
    await this.stepDown()
    const { term } = this
    const { platform } = this.options
    // The answer first.
    platform.setTimer(0, () => {
      this.post({ kind: 'resigned' })
      lead?.host.end()
    })
    platform.setTimer(HAND_OVER_MS, () => {
      if (term !== this.term || this.failure !== undefined) return
      // Nobody came for it.
      this.election.giveUp()
      this.follow()
    })
  }

  /** Gives the lead up at once: a page that is about to be stopped has no later. */
  private resign(): Promise<void> {
    const { lead } = this
    const closing = this.stepDown().catch(() => {})
    if (lead !== undefined) this.post({ kind: 'resigned' })
    lead?.host.end()
    this.election.giveUp()
    return closing
  }

  /** Ends this tab's lead, and keeps the lock. What can be done at once is. @returns when the engine has ended */
  private stepDown(options: { readonly destroy?: boolean } = {}): Promise<void> {
    const { lead } = this
    this.term++
    if (lead === undefined) return this.retiring
    this.lead = undefined
    this.mirror = { ...lead.mirror, connection: this.isOnlineWanted ? 'waiting' : 'offline' }
    this.options.unlead()
    const closing = lead.close(options)
    this.retiring = closing.catch(() => {})
    return closing
  }

  private pause(): void {
    this.isPaused = true
    this.hello.stop()
    void this.resign()
    this.dropLink()
  }

  private resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    void this.retiring.then(() => this.follow())
  }

  private fail(reason: SyncError): void {
    if (this.failure !== undefined) return
    void this.close(reason).catch(() => {})
    if (this.isOpened) this.options.ended(reason)
  }
}

function inUse(message: string): SyncError {
  return new SyncError('profile-in-use', message)
}

function deletedElsewhere(): SyncError {
  return new SyncError('closed', 'The account was closed and its data deleted in another window.')
}
