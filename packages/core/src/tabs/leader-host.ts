// The leading tab's side of the conversation: it tells the followers what happens, and does what they ask for.
import { bytesToHex } from '@owlivion/sync-protocol'
import type { Platform, TabChannel, TabPlatform } from '../platform'
import type { DocumentSync, SyncEngine } from '../sync'
import { DocumentFeed } from './document-feed'
import {
  type FollowerMessage,
  type LeaderMessage,
  ourVersion,
  readMessage,
  type Sent,
  type SharedMessage,
  toSend,
} from './messages'
import { type Mirror, mirrorOf, plainStatus } from './mirror'
import { plainError, plainEvent } from './plain-error'
import { type LeadingTab, remoteCalls } from './remote-calls'
import type { TabNames } from './tab-names'

/** News of the status are gathered for so long: it changes with every edit. */
const STATE_DELAY_MS = 30

export interface LeaderHostOptions {
  readonly platform: Platform
  readonly tabs: TabPlatform
  readonly names: TabNames
  /** This tab's own id. */
  readonly tab: string
  readonly engine: SyncEngine
  readonly calls: LeadingTab
  isOnlineWanted(): boolean
  /** To every tab. */
  post(message: SharedMessage): void
  /** A collection changed that some tab has open. */
  changed(name: string, changed: ReadonlySet<string> | undefined): void
  /** Ends this tab's lead for another tab. @returns when that may take it */
  giveLead(): Promise<void>
}

interface Follower {
  readonly channel: TabChannel
  readonly stopWatching: AbortController
}

export class LeaderHost {
  readonly calls: LeadingTab
  private readonly followers = new Map<string, Follower>()
  private readonly documents = new Map<string, Promise<() => DocumentSync>>()
  /** By hex id, of the documents that a follower has loaded. */
  private readonly feeds = new Map<string, DocumentFeed>()
  private readonly opened = new Set<() => DocumentSync>()
  private cancelState: (() => void) | undefined
  private readonly stops: (() => void)[]
  private isClosed = false

  constructor(private readonly options: LeaderHostOptions) {
    const { engine, post } = options
    this.calls = options.calls
    this.stops = [
      engine.onStatus(() => this.statusChanged()),
      engine.on((event) => {
        if (this.followers.size === 0) return
        post({ kind: 'event', event: plainEvent(event) })
      }),
    ]
  }

  /** Opens a collection for this tab, or for another. */
  open(name: string): Promise<() => DocumentSync> {
    const present = this.documents.get(name)
    if (present !== undefined) return present
    const { engine, changed } = this.options
    let feed: () => DocumentFeed | undefined = () => undefined
    const opening = engine.documents
      .open(name, (ids) => {
        feed()?.changed()
        changed(name, ids)
      })
      .then((document) => {
        this.opened.add(document)
        feed = () => this.feeds.get(idOf(document))
        return document
      })
    this.documents.set(name, opening)
    opening.catch(() => this.documents.delete(name))
    return opening
  }

  get mirror(): Mirror {
    const { engine, isOnlineWanted } = this.options
    const documents = Object.fromEntries(
      [...this.opened].map((document) => [idOf(document), plainStatus(document().status)]),
    )
    return mirrorOf(engine, isOnlineWanted(), documents)
  }

  statusChanged(): void {
    if (this.followers.size === 0 || this.isClosed || this.cancelState !== undefined) return
    this.cancelState = this.options.platform.setTimer(STATE_DELAY_MS, () => {
      this.cancelState = undefined
      this.tellState()
    })
  }

  /** A tab looks for the leader. */
  greet(tab: string): void {
    const { post } = this.options
    if (!this.followers.has(tab)) this.add(tab)
    post({ kind: 'leader', to: tab })
    this.tellState()
  }

  private add(tab: string): void {
    const { tabs, names, tab: own } = this.options
    const received = (data: unknown): void => {
      const message = readMessage<FollowerMessage>(data)
      if (message !== undefined && message.from === tab) void this.serve(tab, message)
    }
    const follower = {
      channel: tabs.channel(names.privateChannel(tab, own), received),
      stopWatching: new AbortController(),
    }
    this.followers.set(tab, follower)
    void this.watch(tab, follower)
  }

  /** Tells nothing more. Answers that are owed are still given, until `end`. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.cancelState?.()
    for (const stop of this.stops) stop()
    for (const feed of this.feeds.values()) feed.close()
    for (const { stopWatching } of this.followers.values()) stopWatching.abort()
  }

  end(): void {
    this.close()
    for (const { channel } of this.followers.values()) channel.close()
    this.followers.clear()
  }

  tellState(): void {
    if (!this.isClosed && this.followers.size > 0) this.options.post({ kind: 'state', state: this.mirror })
  }

  /** Until the tab is gone; what it had stored and not announced is taken over then. */
  private async watch(tab: string, { channel, stopWatching: { signal } }: Follower): Promise<void> {
    const { tabs, names, engine } = this.options
    const release = await tabs.hold(names.presence(tab), { mode: 'wait', signal }).catch(() => undefined)
    release?.()
    if (release === undefined || this.isClosed) return
    channel.close()
    this.followers.delete(tab)
    if (this.followers.size === 0) {
      for (const feed of this.feeds.values()) feed.close()
      this.feeds.clear()
    }
    await engine.documents.adoptLanes().catch(() => {})
  }

  private async serve(tab: string, message: Sent<FollowerMessage>): Promise<void> {
    if (this.isClosed) return
    switch (message.kind) {
      case 'ping':
        return this.answer(tab, { kind: 'pong' })
      case 'written':
        // Closing ends it early; the next leader finds the rows.
        return this.feeds
          .get(message.document)
          ?.adopt()
          .catch(() => {})
      case 'load':
        return this.reply(tab, message.id, () => this.load(message.name))
      case 'call':
        return this.reply(tab, message.id, () => this.call(message.method, message.parameters))
      case 'give-lead':
        return this.reply(tab, message.id, () => this.options.giveLead())
    }
  }

  private async load(name: string): Promise<unknown> {
    const document = await this.open(name)
    const id = idOf(document)
    let feed = this.feeds.get(id)
    if (feed === undefined) {
      feed = new DocumentFeed(document, (message) => {
        if (!this.isClosed) this.options.post(message)
      })
      this.feeds.set(id, feed)
    }
    const loaded = await feed.load()
    return { ...loaded, status: plainStatus(document().status) }
  }

  private async call(method: string, parameters: readonly unknown[]): Promise<unknown> {
    if (!Object.hasOwn(remoteCalls, method))
      throw new TypeError(`The window that leads is of another version of the app and has no ${method}.`)
    // What the follower wrote before it called is part of what the call is about.
    await Promise.all([...this.feeds.values()].map((feed) => feed.adopt()))
    const call = remoteCalls[method as keyof typeof remoteCalls] as (...values: unknown[]) => unknown
    return await call(this.calls, ...parameters)
  }

  private async reply(tab: string, id: number, work: () => Promise<unknown>): Promise<void> {
    try {
      const value = await work()
      this.answer(tab, { kind: 'answer', id, value })
    } catch (error) {
      this.answer(tab, { kind: 'refusal', id, error: plainError(error) })
    }
  }

  private answer(tab: string, message: LeaderMessage): void {
    this.followers.get(tab)?.channel.post(toSend(message, this.options.tab, ourVersion))
  }
}

function idOf(document: () => DocumentSync): string {
  return bytesToHex(document().document)
}
