// One connection to the relay after another: log in, bring the keyring up to date on both sides (`keyring-exchange.ts`), subscribe
// every document, notice silence, and come back after a jittered wait. A state machine: socket, timers and signatures are effects
// of its owner, and every answer is checked against the attempt it belongs to.
import {
  type Cursor,
  closeCodeOf,
  type DocumentId,
  decodeFrame,
  encodeFrame,
  type Frame,
  type Generation,
  type Hash,
  mayReconnectAfter,
  PROTOCOL_VERSION,
  type Refusal,
} from '@owlivion/sync-protocol'
import { SyncError } from '../errors'
import type { Socket } from '../platform'
import { backoffMs } from './backoff'
import type { ConnectionState } from './connection-state'
import type { DocumentLink } from './document-link'
import type { DocumentFrame } from './document-part'
import type { DocumentSync } from './document-sync'
import { KeyringExchange } from './keyring-exchange'
import { answerChallenge } from './login'
import { NamedTimers } from './named-timers'
import { PacedSender } from './paced-sender'
import { isForGood, refusalToError } from './refusal'
import type { SessionOptions } from './session-options'
import { SubscribeQueue } from './subscribe-queue'

/** From dialling to being online. Long enough for a phone network, short enough to try again within a minute. */
const HANDSHAKE_TIMEOUT_MS = 15_000
/** How often cursors are compared with the relay while nothing else happens; finds a lost notice within this time. */
const HEARTBEAT_MS = 15_000
/** Heartbeats in a row without a single frame from the relay after which a connection is given up. Counted, not timed: clocks jump. */
const MAX_SILENT_BEATS = 2
/** Documents whose cursors are compared at one heartbeat. */
const MAX_COMPARED = 64

export class Session {
  private wanted = false
  private socket: Socket | undefined
  /** Counts the connections: what belongs to an older one is ignored. */
  private attempt = 0
  /** What the documents hold of the connection, while it is up. */
  private link: DocumentLink | undefined
  private current: ConnectionState = 'offline'
  private failures = 0
  /** Connections given up because of something untrue, until one held for a heartbeat. */
  private distrusts = 0
  private retryAfterMs = 0
  /** The wait that is under way is the relay's, not ours. */
  private relayAskedToWait = false
  /** What the relay refused last, while nothing was well since. */
  private lastRefusal: SyncError | undefined
  private pings = 0
  private readonly pingAnswers = new Map<number, () => void>()
  /** Why the connection before this one ended, and how long the relay asked to stay away, in ms. */
  loss: { readonly error: SyncError; readonly askedToWaitMs: number } | undefined
  private generation: Generation = new Uint8Array(16) as Generation
  private silentBeats = 0
  /** Whose turn it is to be compared. */
  private beat = 0
  private keyringExchange: KeyringExchange | undefined
  private readonly paced: PacedSender
  private readonly timers: NamedTimers<'handshake' | 'heartbeat' | 'retry'>
  private readonly subscribes = new SubscribeQueue((documents) => this.sendSubscribe(documents))
  /** The relay said that this device was removed. Its word is not enough: the record is asked for on one more connection. */
  private asksForProof = false
  /** Why the relay will not have this device, when it will not. */
  refusal: SyncError | undefined

  constructor(private readonly options: SessionOptions) {
    this.timers = new NamedTimers(options.platform)
    this.paced = new PacedSender(options.platform, {
      send: (frame) => this.send(frame),
      bufferedBytes: () => this.socket?.bufferedBytes ?? 0,
    })
  }

  get state(): ConnectionState {
    return this.current
  }

  goOnline(): void {
    if (this.current === 'removed') return
    if (this.wanted) {
      this.dialNow()
      return
    }
    this.wanted = true
    this.refusal = undefined
    this.asksForProof = false
    this.failures = 0
    this.distrusts = 0
    this.connect()
  }

  /** The app knows that the network is back: no reason to sit out the wait, unless the relay asked for it. */
  private dialNow(): void {
    if (this.current !== 'waiting' || this.relayAskedToWait) return
    this.timers.stop('retry')
    this.connect()
  }

  goOffline(): void {
    this.wanted = false
    this.dropConnection()
    if (this.current === 'removed') return
    this.setState('offline')
  }

  /** A record that was verified says that this device is out: that is the end of connecting. */
  removed(): void {
    this.endForGood('removed', new SyncError('device-removed', 'This device was removed from the account.'))
  }

  /** A document was opened, or switched on, while the connection stands. */
  attach(document: DocumentSync): void {
    if (this.link !== undefined) document.connected(this.link)
  }

  /** A document was switched off: the relay sends no more of it. */
  detach(document: DocumentSync): void {
    document.disconnected()
    this.subscribes.forget(document.document)
    if (this.link !== undefined) this.send({ type: 'unsubscribe', documents: [document.document] })
  }

  /** Calls back when the relay has handled everything that was sent before; never when the connection ends first. */
  ping(answered: () => void): void {
    if (this.link === undefined) return
    const id = ++this.pings
    this.pingAnswers.set(id, answered)
    this.send({ type: 'ping', id })
  }

  // -- what documents ask for

  /** Lets a call through while this connection is the current one: what belongs to one that is gone does nothing to the next. */
  private whileCurrent(attempt: number) {
    return <Arguments extends readonly unknown[]>(act: (...values: Arguments) => void) =>
      (...values: Arguments): void => {
        if (attempt === this.attempt) act(...values)
      }
  }

  private createLink(attempt: number): DocumentLink {
    const whileCurrent = this.whileCurrent(attempt)
    return {
      send: whileCurrent((frame: Frame) => this.send(frame)),
      sendLarge: whileCurrent((frames: Iterable<Frame>) => this.paced.send(frames)),
      subscribe: whileCurrent((document: DocumentId, inTurn = false) => {
        if (inTurn) this.subscribes.askInTurn(document)
        else this.subscribes.ask(document)
      }),
      readKeyring: whileCurrent(() => this.keyringExchange?.read()),
      distrust: whileCurrent((error: SyncError) => this.distrust(error)),
    }
  }

  private createExchange(attempt: number): KeyringExchange {
    const whileCurrent = this.whileCurrent(attempt)
    return new KeyringExchange({
      sha512: this.options.platform.signing.sha512,
      keyring: this.options.keyring,
      send: whileCurrent((frame: Frame) => this.send(frame)),
      inStep: whileCurrent((isRead: boolean) => this.keyringInStep(isRead)),
      distrust: whileCurrent((error: SyncError) => this.distrust(error)),
      fail: whileCurrent((message: string) => this.fail(message)),
    })
  }

  private send(frame: Frame): void {
    this.socket?.send(encodeFrame(frame))
  }

  private distrust(error: SyncError): void {
    this.options.report(error)
    this.distrusts++
    this.connectionEnded(error)
  }

  // -- the connection

  private connect(): void {
    const { platform, url } = this.options
    const attempt = ++this.attempt
    this.keyringExchange = this.createExchange(attempt)
    this.setState('connecting')
    // Whoever was told may have gone offline on the spot.
    if (attempt !== this.attempt) return
    this.timers.start('handshake', HANDSHAKE_TIMEOUT_MS, () => this.fail('The relay did not answer in time.'))
    const isCurrent = (): boolean => attempt === this.attempt
    this.socket = platform.connect(url, {
      opened: () => {
        if (isCurrent())
          this.send({
            type: 'hello',
            version: PROTOCOL_VERSION,
            account: this.options.account,
            device: this.options.device,
          })
      },
      received: (bytes) => {
        if (isCurrent()) this.received(bytes)
      },
      closed: (code, reason) => {
        if (isCurrent()) this.closed(code, reason)
      },
    })
  }

  private fail(message: string): void {
    const error = new SyncError(this.lossCode, message)
    this.options.report(error)
    this.failures++
    this.connectionEnded(error)
  }

  private closed(code: number, reason: string): void {
    if (code === closeCodeOf('device-removed')) {
      this.saidToBeRemoved(new SyncError('device-removed', reason))
      return
    }
    if (!mayReconnectAfter(code)) {
      const message = `The relay closed the connection for good (${code}${reason ? `: ${reason}` : ''}).`
      this.endForGood('refused', this.refusal ?? new SyncError('not-authenticated', message))
      return
    }
    this.failures++
    this.connectionEnded(new SyncError(this.lossCode, 'The connection to the relay ended, or could not be made.'))
  }

  private get lossCode(): 'connection-lost' | 'relay-unreachable' {
    return this.current === 'online' ? 'connection-lost' : 'relay-unreachable'
  }

  private endForGood(state: 'refused' | 'removed', refusal: SyncError): void {
    this.wanted = false
    this.refusal = refusal
    this.dropConnection()
    this.setState(state)
  }

  private saidToBeRemoved(cause: SyncError): void {
    if (this.asksForProof) {
      this.removalUnproved(cause)
      return
    }
    this.asksForProof = true
    this.dropConnection()
    if (this.wanted) this.connect()
  }

  /** Nothing is wiped on a relay's word; an honest one shows the record. */
  private removalUnproved(cause?: SyncError): void {
    const message = 'The relay says that this device was removed, and shows no record that says so.'
    const error = new SyncError('relay-misbehaved', message, { retryable: false, cause })
    this.options.report(error)
    this.endForGood('refused', error)
  }

  /** Waits, then tries again; never gives up. */
  private connectionEnded(reason: SyncError): void {
    this.loss = { error: this.lastRefusal ?? reason, askedToWaitMs: this.retryAfterMs }
    this.lastRefusal = undefined
    this.dropConnection()
    const { attempt } = this
    if (!this.wanted) return
    const waitMs = Math.max(
      this.retryAfterMs,
      backoffMs(Math.max(1, this.failures + this.distrusts), this.options.platform.random),
    )
    this.relayAskedToWait = this.retryAfterMs > 0
    this.retryAfterMs = 0
    this.setState('waiting')
    if (attempt === this.attempt) this.timers.start('retry', waitMs, () => this.connect())
  }

  private dropConnection(): void {
    this.attempt++
    const { socket } = this
    this.socket = undefined
    this.timers.stopAll()
    this.pingAnswers.clear()
    this.subscribes.clear()
    this.paced.clear()
    this.keyringExchange?.end()
    this.keyringExchange = undefined
    const wasOnline = this.link !== undefined
    this.link = undefined
    socket?.close(1000, '')
    this.options.requests?.disconnected()
    this.options.calls?.disconnected(this.wanted ? undefined : this.refusal)
    if (wasOnline) for (const document of this.options.documents()) document.disconnected()
  }

  private received(bytes: Uint8Array): void {
    this.silentBeats = 0
    let frame: Frame
    try {
      frame = decodeFrame(bytes)
    } catch (cause) {
      this.distrust(new SyncError('relay-misbehaved', 'The relay sent a message that cannot be read.', { cause }))
      return
    }
    switch (frame.type) {
      case 'challenge':
        this.options.relayTime(frame.timeMs)
        void this.answer(frame.nonce)
        return
      case 'welcome':
        this.generation = frame.generation.slice() as Generation
        this.options.generationShown?.(this.generation)
        this.keyringExchange?.shown(frame.keyringLength, frame.keyringHead)
        return
      case 'keyring':
        void this.keyringExchange?.received(frame)
        return
      case 'keyring-changed':
        this.options.requests?.received(frame)
        this.keyringExchange?.shown(frame.length, frame.head)
        return
      case 'page':
        // The connection works; a relay that is restarted now and then is found again at once.
        this.failures = 0
        this.lastRefusal = undefined
        if (!frame.live) this.subscribes.answered(frame.document)
        this.options.document(frame.document)?.received(frame)
        return
      case 'answer':
        this.options.calls?.answered(frame)
        return
      case 'suspended':
      case 'heads':
        this.options.requests?.received(frame)
        return
      case 'pong':
        this.options.relayTime(frame.timeMs)
        this.pingAnswers.get(frame.id)?.()
        this.pingAnswers.delete(frame.id)
        return
      case 'refused':
        this.refused(frame)
        return
      case 'exempt':
        // The relay may answer a question with a snapshot; this is the last frame of it.
        if (frame.isLast) this.subscribes.answered(frame.document)
        this.options.document(frame.document)?.received(frame)
        return
      default:
        if ('document' in frame && frame.document !== undefined)
          this.options.document(frame.document)?.received(frame as DocumentFrame)
        // Any other is a frame of a later version of the relay: nothing that this version waits for.
        return
    }
  }

  private async answer(nonce: Hash): Promise<void> {
    const { attempt } = this
    const { account, url } = this.options
    try {
      const frame = await answerChallenge(url, account, this.options, nonce)
      if (attempt === this.attempt) this.send(frame)
    } catch (cause) {
      if (attempt !== this.attempt) return
      this.distrust(new SyncError('relay-unreachable', 'The login to the relay could not be signed.', { cause }))
    }
  }

  private keyringInStep(isRead: boolean): void {
    // A relay that had another branch of the keyring was right by that.
    if (this.asksForProof && !this.keyringExchange?.hasReplaced) {
      this.removalUnproved()
      return
    }
    if (this.current === 'connecting') this.online()
    else if (isRead) for (const document of this.options.documents()) document.keyringRead()
    this.options.inStep?.()
  }

  private online(): void {
    const { attempt } = this
    this.timers.stop('handshake')
    this.silentBeats = 0
    this.refusal = undefined
    this.asksForProof = false
    this.loss = undefined
    const link = this.createLink(attempt)
    this.link = link
    this.timers.start('heartbeat', HEARTBEAT_MS, () => this.heartbeat())
    this.setState('online')
    // Whoever is told on the way may go offline on the spot.
    for (const document of this.options.documents()) if (attempt === this.attempt) document.connected(link)
    if (attempt === this.attempt) this.options.requests?.connected(link)
    if (attempt === this.attempt) this.options.calls?.connected(link.send)
  }

  private heartbeat(): void {
    if (this.silentBeats >= MAX_SILENT_BEATS) {
      this.fail('The relay fell silent.')
      return
    }
    this.silentBeats++
    this.failures = 0
    this.distrusts = 0
    this.subscribes.askAnew()
    this.keyringExchange?.beat()
    if (this.options.isKeyringHidden?.()) this.keyringExchange?.read()
    this.send({ type: 'ping', id: 0 })
    for (const document of this.nextCompared()) this.subscribes.ask(document.document)
    this.timers.start('heartbeat', HEARTBEAT_MS, () => this.heartbeat())
  }

  /** All documents in turn: comparing a thousand at every heartbeat would cost more than everything else. */
  private nextCompared(): DocumentSync[] {
    const documents = [...this.options.documents()]
    const turns = Math.max(1, Math.ceil(documents.length / MAX_COMPARED))
    this.beat = (this.beat + 1) % turns
    return documents.slice(this.beat * MAX_COMPARED, (this.beat + 1) * MAX_COMPARED)
  }

  private sendSubscribe(documents: readonly DocumentId[]): void {
    const cursors: Cursor[] = []
    for (const id of documents) {
      const document = this.options.document(id)
      if (document !== undefined) cursors.push(document.cursor)
    }
    if (cursors.length > 0) this.send({ type: 'subscribe', generation: this.generation, cursors })
  }

  private refused(frame: Refusal): void {
    const error = refusalToError(frame)
    if (frame.request === 'call') {
      this.options.calls?.refused(frame, error)
      if (!isForGood(frame)) return
    }
    if (frame.code === 'device-removed') {
      this.saidToBeRemoved(error)
      return
    }
    if (
      isForGood(frame) ||
      (this.current === 'connecting' && !error.retryable && !frame.request.startsWith('keyring-'))
    ) {
      this.options.report(error)
      this.refusal = error
      // Some codes leave closing to us; whatever is to be closed is closed with this reason.
      if (this.current === 'connecting') this.closed(4400, error.message)
      return
    }
    if (this.options.requests?.refused(frame, error)) return
    const document = frame.document && this.options.document(frame.document)
    if (document !== undefined && this.refusedDocument(frame, error, document)) return
    if (frame.code === 'keyring-conflict' && !this.keyringExchange?.hasBrought) {
      this.keyringExchange?.read()
      return
    }
    this.retryAfterMs = error.retryAfterMs ?? 0
    this.lastRefusal = error
    // Another device may bring the relay's keyring to where this one's is welcome.
    if (frame.request === 'keyring-append' || frame.request === 'keyring-replace') this.distrust(error)
    else this.options.report(error)
  }

  private refusedDocument(frame: Refusal, error: SyncError, document: DocumentSync): boolean {
    switch (frame.request) {
      case 'seen-put':
        document.refusedSeen(error)
        return true
      case 'subscribe':
        this.subscribes.answered(document.document)
        document.refused(frame, error)
        return true
      default:
        document.refused(frame, error)
        return true
    }
  }

  private setState(state: ConnectionState): void {
    if (this.current === state) return
    this.current = state
    this.options.onState()
  }
}
