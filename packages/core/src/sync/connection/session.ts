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
} from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { Socket } from '../../platform'
import type { DocumentLink } from '../document/document-link'
import type { DocumentSync } from '../document/document-sync'
import { KeyringExchange } from '../keyring/keyring-exchange'
import type { ConnectionState } from './connection-state'
import { HEARTBEAT_MS, Heartbeat } from './heartbeat'
import { answerChallenge } from './login'
import { NamedTimers } from './named-timers'
import { PacedSender } from './paced-sender'
import { PingAnswers } from './ping-answers'
import { type ConnectionLoss, Redial } from './redial'
import { routeFrame } from './session-frames'
import type { SessionOptions } from './session-options'
import { routeRefusal } from './session-refusals'
import { SubscribeQueue } from './subscribe-queue'

/** From dialling to being online. Long enough for a phone network, short enough to try again within a minute. */
const HANDSHAKE_TIMEOUT_MS = 15_000
export class Session {
  private wanted = false
  private socket: Socket | undefined
  /** Counts the connections: what belongs to an older one is ignored. */
  private attempt = 0
  /** What the documents hold of the connection, while it is up. */
  private link: DocumentLink | undefined
  private current: ConnectionState = 'offline'
  private readonly redial: Redial
  private readonly pings = new PingAnswers()
  private generation: Generation = new Uint8Array(16) as Generation
  private readonly heartbeats = new Heartbeat()
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
    this.redial = new Redial(options.platform)
    this.paced = new PacedSender(options.platform, {
      send: (frame) => this.send(frame),
      bufferedBytes: () => this.socket?.bufferedBytes ?? 0,
    })
  }

  get state(): ConnectionState {
    return this.current
  }

  get loss(): ConnectionLoss | undefined {
    return this.redial.loss
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
    this.redial.start()
    this.connect()
  }

  /** The app knows that the network is back: no reason to sit out the wait, unless the relay asked for it. */
  private dialNow(): void {
    if (this.current !== 'waiting' || this.redial.relayAskedToWait) return
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
    this.send({ type: 'ping', id: this.pings.next(answered) })
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
    this.redial.distrusted()
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
    this.redial.failed()
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
    this.redial.failed()
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
    this.redial.ended(reason)
    this.dropConnection()
    const { attempt } = this
    if (!this.wanted) return
    this.setState('waiting')
    if (attempt === this.attempt) this.redial.waitOut(this.timers, () => this.connect())
  }

  private dropConnection(): void {
    this.attempt++
    const { socket } = this
    this.socket = undefined
    this.timers.stopAll()
    this.pings.clear()
    this.subscribes.clear()
    this.paced.clear()
    this.keyringExchange?.end()
    this.keyringExchange = undefined
    const wasOnline = this.link !== undefined
    this.link = undefined
    socket?.close(1000, '')
    this.options.requests?.disconnected()
    this.options.presence?.disconnected()
    this.options.calls?.disconnected(this.wanted ? undefined : this.refusal)
    if (wasOnline) for (const document of this.options.documents()) document.disconnected()
  }

  private received(bytes: Uint8Array): void {
    this.heartbeats.heard()
    let frame: Frame
    try {
      frame = decodeFrame(bytes)
    } catch (cause) {
      this.distrust(new SyncError('relay-misbehaved', 'The relay sent a message that cannot be read.', { cause }))
      return
    }
    routeFrame(frame, {
      options: this.options,
      subscribes: this.subscribes,
      keyringExchange: this.keyringExchange,
      challenged: ({ nonce }) => void this.answer(nonce),
      welcomed: ({ generation, keyringLength, keyringHead }) => {
        this.generation = generation.slice() as Generation
        this.options.generationShown?.(this.generation)
        this.keyringExchange?.shown(keyringLength, keyringHead)
      },
      ponged: (id) => this.pings.answered(id),
      refused: (refusal) =>
        routeRefusal(refusal, {
          options: this.options,
          subscribes: this.subscribes,
          redial: this.redial,
          keyringExchange: this.keyringExchange,
          isConnecting: this.current === 'connecting',
          saidToBeRemoved: (error) => this.saidToBeRemoved(error),
          turnedAway: (error) => this.turnedAway(error),
          distrust: (error) => this.distrust(error),
        }),
      worked: () => this.redial.worked(),
    })
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
    this.heartbeats.heard()
    this.refusal = undefined
    this.asksForProof = false
    this.redial.online()
    const link = this.createLink(attempt)
    this.link = link
    this.timers.start('heartbeat', HEARTBEAT_MS, () => this.heartbeat())
    this.setState('online')
    // Whoever is told on the way may go offline on the spot.
    for (const document of this.options.documents()) if (attempt === this.attempt) document.connected(link)
    if (attempt === this.attempt) this.options.requests?.connected(link)
    if (attempt === this.attempt) this.options.presence?.connected(link.send)
    if (attempt === this.attempt) this.options.calls?.connected(link.send)
  }

  private heartbeat(): void {
    if (!this.heartbeats.beat()) {
      this.fail('The relay fell silent.')
      return
    }
    this.redial.held()
    this.subscribes.askAnew()
    this.keyringExchange?.beat()
    if (this.options.isKeyringHidden?.()) this.keyringExchange?.read()
    this.send({ type: 'ping', id: this.pings.next() })
    for (const document of this.heartbeats.nextCompared(this.options.documents()))
      this.subscribes.ask(document.document)
    this.timers.start('heartbeat', HEARTBEAT_MS, () => this.heartbeat())
  }

  private sendSubscribe(documents: readonly DocumentId[]): void {
    const cursors: Cursor[] = []
    for (const id of documents) {
      const document = this.options.document(id)
      if (document !== undefined) cursors.push(document.cursor)
    }
    if (cursors.length > 0) this.send({ type: 'subscribe', generation: this.generation, cursors })
  }

  private turnedAway(error: SyncError): void {
    this.options.report(error)
    this.refusal = error
    // Some codes leave closing to us; whatever is to be closed is closed with this reason.
    if (this.current === 'connecting') this.closed(4400, error.message)
  }

  private setState(state: ConnectionState): void {
    if (this.current === state) return
    this.current = state
    this.options.onState()
  }
}
