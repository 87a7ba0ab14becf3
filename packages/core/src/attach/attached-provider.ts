// An app's own Y.Doc as a sealed document of the account, with the surface that bindings of editors know from y-websocket.
import { ObservableV2 } from 'lib0/observable'
import type { Awareness } from 'y-protocols/awareness'
import { SyncError } from '../errors'
import type { Platform } from '../platform'
import type { AccountEngine, LiveDocument } from '../sync'
import type { Y } from '../yjs'
import { Bridge } from './bridge'
import { createAwareness, ShownAwareness } from './shown-awareness'

/** How an app's Y.Doc is attached. */
export interface AttachOptions {
  /** The app's own; its timer is left to it. Default: a new one. */
  readonly awareness?: Awareness
  /** false: nothing is read or sent before `connect`. */
  readonly connect?: boolean
}

/** Whether what is written in an attached document goes to the relay right now. */
export type AttachedStatus = 'connecting' | 'connected' | 'disconnected'

/** The events of a provider, as y-websocket has them, and two more. */
export interface AttachedEvents {
  status(event: { status: AttachedStatus }): void
  /** Everything that the relay has is in the document; false when that is not known any more. */
  sync(isSynced: boolean): void
  synced(isSynced: boolean): void
  'connection-close'(event: null, provider: AttachedProvider): void
  'connection-error'(error: SyncError, provider: AttachedProvider): void
  /** The relay will not have this device any more, and it is not tried again. */
  closed(event: { code: number; reason: string }, provider: AttachedProvider): void
  /** There are changes on this device that the relay has not confirmed. */
  'local-changes'(hasLocalChanges: boolean): void
  error(error: SyncError): void
  /** Never fired; bindings of Lexical listen to it. */
  update(update: unknown): void
  /** Never fired; bindings of Lexical listen to it. */
  reload(doc: Y.Doc): void
}

/** What of the account a provider works with. */
export interface AttachedTo {
  readonly engine: AccountEngine
  readonly platform: Pick<Platform, 'now' | 'setTimer'>
  readonly relay: string
  opened(name: string, document: () => LiveDocument): void
  ended(provider: AttachedProvider): void
}

/** "The relay does not have this device": y-websocket's range of codes after which nobody tries again. */
const REFUSED_CODE = 4403

/**
 * Brings an app's Y.Doc to the account's other devices, sealed, and theirs to it. Made by `sync.attach`. It has what bindings of editors expect of
 * y-websocket's provider; the connection is the account's own, which `sync.goOnline` makes.
 *
 * @example
 * import * as Y from 'yjs'
 * const doc = new Y.Doc()
 * const provider = sync.attach(doc, 'meeting-notes')
 * provider.on('sync', (isSynced) => console.log(isSynced ? 'in step' : 'behind'))
 * doc.getText('body').insert(0, 'Agenda')
 */
export class AttachedProvider extends ObservableV2<{ [Name in keyof AttachedEvents]: AttachedEvents[Name] }> {
  /** Of the editors that have the document open, on any device. */
  readonly awareness: Awareness
  /** Whether it was told to connect. */
  shouldConnect = false
  /** There is no socket of its own. */
  readonly ws = null
  private readonly bridge: Bridge
  private readonly shown: ShownAwareness
  private live: (() => LiveDocument) | undefined
  private status: AttachedStatus = 'disconnected'
  private isSynced = false
  private hasLocalChanges = false
  private isDestroyed = false
  private stops: (() => void)[] = []

  /** @internal Use `sync.attach`. */
  constructor(
    private readonly account: AttachedTo,
    readonly doc: Y.Doc,
    /** The name it was attached under. */
    readonly roomname: string,
    { awareness, connect = true }: AttachOptions = {},
  ) {
    super()
    const { platform, engine } = account
    this.awareness = awareness ?? createAwareness(doc)
    const failed = (error: SyncError): void => this.emit('error', [error])
    this.bridge = new Bridge({ doc, origin: this, texts: () => this.live!().texts, failed })
    this.shown = new ShownAwareness({
      ...{ platform, awareness: this.awareness, origin: this, failed },
      join: (heard) => engine.presence.join(this.documentName, heard),
    })
    doc.on('destroy', this.docDestroyed)
    if (connect) this.connect()
  }

  /** The relay's address. */
  get url(): string {
    return this.account.relay
  }

  /** Everything that the relay has is in the document. */
  get synced(): boolean {
    return this.isSynced
  }

  get wsconnected(): boolean {
    return this.status === 'connected'
  }

  get wsconnecting(): boolean {
    return this.status === 'connecting'
  }

  /** Other tabs of this profile hear of each change, whether or not there is a network. */
  get bcconnected(): boolean {
    return this.stops.length > 0 && this.live !== undefined
  }

  /** Joins the document with the account's; may be called again at any time. */
  connect(): void {
    if (this.shouldConnect || this.isDestroyed) return
    this.shouldConnect = true
    const { engine } = this.account
    this.stops = [
      engine.onStatus(() => this.look()),
      engine.on((event) => {
        if (event.type === 'error' && isOfConnection(event.error)) this.emit('connection-error', [event.error, this])
      }),
    ]
    // As with a connection of its own: first the one, then the other.
    if (engine.connection === 'online') this.setStatus('connecting')
    this.look()
    if (this.live === undefined) void this.open()
    else this.join()
  }

  /** Nothing goes either way until `connect`, which brings both together again. What was written before is sent all the same. */
  disconnect(): void {
    if (!this.shouldConnect) return
    this.shouldConnect = false
    for (const stop of this.stops.splice(0)) stop()
    this.bridge.leave()
    this.shown.stop()
    this.look()
  }

  /** Ends it for good; the document stays as it is. */
  override destroy(): void {
    if (this.isDestroyed) return
    this.disconnect()
    this.isDestroyed = true
    this.doc.off('destroy', this.docDestroyed)
    this.account.ended(this)
    super.destroy()
  }

  private readonly docDestroyed = (): void => this.destroy()

  private get documentName(): string {
    return `attached:${this.roomname}`
  }

  private async open(): Promise<void> {
    const { engine, opened } = this.account
    try {
      const live = await engine.documents.open(this.documentName)
      if (this.live === undefined) {
        this.live = live
        opened(this.documentName, live)
      }
      this.join()
    } catch (cause) {
      if (this.isDestroyed) return
      const message = 'An attached document does not open.'
      this.emit('error', [cause instanceof SyncError ? cause : new SyncError('profile-damaged', message, { cause })])
    }
  }

  private join(): void {
    if (!this.shouldConnect) return
    this.bridge.join()
    this.shown.start()
    if (!this.doc.isLoaded) this.doc.emit('load', [this.doc])
    this.look()
  }

  /** Tells what has changed of where it stands. */
  private look(): void {
    if (this.isDestroyed) return
    const { engine } = this.account
    const live = this.shouldConnect ? this.openDocument() : undefined
    if (live !== undefined) this.bridge.join()
    const isOnline = engine.connection === 'online'
    const isTrying = engine.connection === 'connecting' || engine.connection === 'waiting'
    const waits = this.shouldConnect && (isTrying || (isOnline && live === undefined))
    this.setStatus(live !== undefined && isOnline ? 'connected' : waits ? 'connecting' : 'disconnected')
    const hasLocalChanges = live === undefined ? this.hasLocalChanges : live.status.unsent > 0
    if (hasLocalChanges !== this.hasLocalChanges) {
      this.hasLocalChanges = hasLocalChanges
      this.emit('local-changes', [hasLocalChanges])
    }
    this.setSynced(this.status === 'connected' && live?.status.caughtUp === true)
  }

  private openDocument(): LiveDocument | undefined {
    try {
      return this.live?.()
    } catch {
      // The account is closed.
      return undefined
    }
  }

  private setStatus(status: AttachedStatus): void {
    const { status: before, account } = this
    if (status === before) return
    this.status = status
    if (before === 'connected') this.emit('connection-close', [null, this])
    this.emit('status', [{ status }])
    const { connection, refusal } = account.engine
    if (this.shouldConnect && (connection === 'refused' || connection === 'removed'))
      this.emit('closed', [{ code: REFUSED_CODE, reason: refusal?.message ?? '' }, this])
  }

  private setSynced(isSynced: boolean): void {
    if (isSynced === this.isSynced) return
    this.isSynced = isSynced
    this.emit('synced', [isSynced])
    this.emit('sync', [isSynced])
    this.doc.emit('sync', [isSynced, this.doc])
  }
}

function isOfConnection({ code }: SyncError): boolean {
  return code === 'connection-lost' || code === 'relay-unreachable'
}
