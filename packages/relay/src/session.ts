// One connection, from its first byte to its last: hello, challenge, login, then requests one after another. Whatever a device
// sends, the outcome is an answer or a refusal with a code; a refusal ends the connection where the code's row says so.
import {
  bytesEqual,
  bytesToHex,
  type DocumentId,
  decodeFrame,
  encodeFrame,
  type Frame,
  type FrameType,
  type Hash,
  type ProtocolCode,
  protocolCodes,
} from '@owlivion/sync-protocol'
import type { Accounts, ConnectedAccount } from './accounts'
import type { Requester } from './asking'
import type { SignIns } from './audit/sign-ins'
import { answerCall, costOfCall, toCallRefusal } from './calls/answer-call'
import type { Caller, CallMethods } from './calls/registry'
import { RelayError, toRefusal } from './errors'
import { Inbox } from './inbox'
import { deviceKeyOf, keyringFor, logIn, type Standing, standingNow } from './login'
import type { Mailboxes } from './mailboxes'
import type { FrameOf, Phase } from './phase'
import type { RelayConnection, RelayLog } from './platform'
import { costOfFrame, TokenBucket } from './rate-limit'
import { documentOf, encodeRefusal, withRetryTime } from './refusal'
import type { RequestContext } from './request-context'
import { answerRequest } from './requests'
import { SilenceWatch } from './silence'

/** What all sessions of a relay share. */
export interface SessionContext extends RequestContext {
  readonly log: RelayLog
  readonly accounts: Accounts
  readonly signIns: SignIns
  readonly calls: CallMethods
  readonly mailboxes: Mailboxes
  refused(code: ProtocolCode): void
  /** Called once, when the connection is over for the relay. */
  ended(session: Session): void
}

/** What a connection may send ahead before it has logged in: the login, and the first requests behind it. */
const HANDSHAKE_BYTES = 65_536
/** What a device that sent too much at once is asked to wait. */
const IN_FLIGHT_RETRY_MS = 1_000
/** "Normal closure": the request was answered, and there is nothing more to say. */
const NORMAL_CLOSE = 1000

export class Session implements Requester {
  private phase: Phase = { kind: 'hello' }
  private readonly inbox: Inbox
  private draining = false
  private silence: SilenceWatch | undefined
  /** Of the handshake, or of a pairing. */
  private cancelTimer: () => void
  private readonly bucket: TokenBucket
  private readonly caller: Caller

  /** @param hosts addresses under which the device may have dialled */
  constructor(
    private readonly context: SessionContext,
    private readonly connection: RelayConnection,
    private readonly hosts: readonly string[],
  ) {
    const { platform, limits } = context
    this.inbox = new Inbox(
      (bytes) => this.handle(bytes),
      (error) => this.failed(error),
    )
    this.bucket = new TokenBucket(limits.framesPerSecond, limits.frameBurst, platform.now())
    this.caller = { address: connection.remoteAddress ?? '', memory: new Map() }
    this.cancelTimer = platform.setTimer(limits.handshakeTimeoutMs, () => this.refuse('', new RelayError('timeout')))
  }

  get deviceKey(): string | undefined {
    return this.phase.kind === 'open' ? deviceKeyOf(this.phase.standing) : undefined
  }

  get address(): string {
    return this.caller.address
  }

  get bufferedBytes(): number {
    return this.connection.bufferedBytes
  }

  get isOpen(): boolean {
    return this.phase.kind === 'open'
  }

  received(bytes: Uint8Array): void {
    if (this.phase.kind === 'closed' || this.draining) return
    this.silence?.heard()
    const room = this.isOpen ? this.context.limits.maxInFlightBytes : HANDSHAKE_BYTES
    if (!this.inbox.put(bytes, room)) this.refuseUnread(bytes)
  }

  send(frame: Uint8Array): void {
    if (this.phase.kind === 'closed') return
    this.connection.send(frame)
    if (this.connection.bufferedBytes > this.context.limits.maxBufferedBytes)
      this.refuse('', new RelayError('slow-consumer'))
  }

  /** Tells the device, and ends the connection when the code says so. */
  refuse(request: FrameType | '', error: RelayError, asked?: DocumentId): void {
    if (this.phase.kind === 'closed') return
    const { frame, code, closeCode } = encodeRefusal(request, error, asked)
    const { log } = this.context
    if (code === 'internal-error') log.error({ ...this.names(), request, cause: error.cause }, 'a request failed')
    else log.debug({ ...this.names(), request, code }, 'refused')
    this.context.refused(code)
    this.connection.send(frame)
    if (closeCode !== undefined) this.end(closeCode, code)
  }

  queued(sizeBytes: number): void {
    this.inbox.queued(sizeBytes)
  }

  answered(sizeBytes: number): void {
    this.inbox.answered(sizeBytes)
  }

  accountDeleted(): void {
    this.refuse('', new RelayError('account-deleted'))
  }

  replaced(): void {
    this.refuse('', new RelayError('replaced-connection'))
  }

  suspended(retryAfterMs: number): void {
    this.refuse('', new RelayError('device-suspended', undefined, { retryAfterMs }))
  }

  keyringChanged(news: Uint8Array): void {
    const { phase } = this
    if (phase.kind !== 'open') return
    const { account, standing: before } = phase
    try {
      phase.standing = standingNow(account, before)
    } catch (error) {
      this.send(news)
      this.refuse('', toRefusal(error))
      // Who sent the record that replaced its own recovery key has the answer by now.
      this.end(NORMAL_CLOSE, 'no standing any more')
      return
    }
    const { standing } = phase
    if (standing.kind === 'newcomer') {
      // What it is no member of is no concern of it, but that it is one no more.
      if (before.kind !== 'newcomer') this.refuse('', new RelayError('device-unknown'))
      return
    }
    if (standing.kind !== 'removed') {
      this.send(news)
      return
    }
    // Its keyring has ended, and does not change any more.
    if (before.kind === 'removed' && bytesEqual(before.head, standing.head)) return
    this.send(encodeFrame({ type: 'keyring-changed', ...keyringFor(account, standing) }))
    this.refuse('', new RelayError('device-removed'))
  }

  /** Nothing more is taken; resolves when what was received is handled. */
  async drain(): Promise<void> {
    this.draining = true
    await this.inbox.settled()
  }

  /** The connection is gone, or is to go with this code. */
  end(closeCode?: number, reason = ''): void {
    const { phase } = this
    if (phase.kind === 'closed') return
    this.phase = { kind: 'closed' }
    this.inbox.clear()
    this.cancelTimer()
    this.silence?.stop()
    if (phase.kind === 'mailbox') phase.seat.leave()
    if (phase.kind === 'open') {
      this.sighted(phase)
      phase.account.leave(this)
      this.context.accounts.leave(phase.account)
    }
    this.context.snapshots.leave(this)
    if (closeCode !== undefined) this.connection.close(closeCode, reason)
    this.context.ended(this)
  }

  /** Not even a refusal got out. One connection ends; the relay and the others go on. */
  private failed(error: unknown): void {
    this.context.log.error({ ...this.names(), error }, 'a connection failed')
    this.end(protocolCodes['internal-error'].closeCode, 'internal-error')
  }

  private async handle(bytes: Uint8Array): Promise<void> {
    let frame: Frame | undefined
    try {
      frame = decodeFrame(bytes)
      await this.take(frame, bytes.length)
    } catch (error) {
      this.refuse(
        frame?.type ?? '',
        withRetryTime(this.noted(toCallRefusal(frame, error)), this.context.limits.storageRetryMs),
        frame && documentOf(frame),
      )
      // Before login there is nothing to be asked again: the device starts over.
      if (this.phase.kind !== 'open' && this.phase.kind !== 'calling') this.end(NORMAL_CLOSE, 'not logged in')
    }
  }

  private async take(frame: Frame, sizeBytes: number): Promise<void> {
    const { phase } = this
    const mayGreet = phase.kind === 'hello' || phase.kind === 'calling'
    if (mayGreet && frame.type === 'hello') this.challenge(frame)
    else if (mayGreet && frame.type === 'call') await this.answerStranger(frame, sizeBytes)
    else if (phase.kind === 'auth' && frame.type === 'auth') await this.welcome(phase, frame)
    else if (phase.kind === 'open') {
      this.takeToken(frame, sizeBytes)
      const asking = { ...phase, session: this }
      if (frame.type === 'call') this.send(await answerCall(this.context.calls, this.caller, asking, frame))
      else await answerRequest(this.context, asking, frame)
    } else if (phase.kind === 'hello' && frame.type === 'mailbox-open') this.openMailbox(frame)
    else if (phase.kind === 'mailbox' && frame.type === 'mailbox-put') phase.seat.put(frame.bytes)
    // Keeps the way open for as long as people take: proxies cut what is silent.
    else if (phase.kind === 'mailbox' && frame.type === 'ping')
      this.send(encodeFrame({ type: 'pong', id: frame.id, timeMs: this.context.platform.now() }))
    else if (phase.kind !== 'closed') throw new RelayError('not-authenticated')
  }

  /** Who gets in as a newcomer and has no keyring to bring has failed to sign in. */
  private noted(error: RelayError): RelayError {
    const { phase } = this
    if (phase.kind === 'open' && phase.standing.kind === 'newcomer' && error.code === 'device-unknown')
      this.context.signIns.failed(phase.account.id, phase.standing.id, error.code, this.address)
    return error
  }

  private openMailbox({ mailbox, side }: FrameOf<'mailbox-open'>): void {
    const seat = this.context.mailboxes.take(mailbox, side, {
      address: this.connection.remoteAddress ?? '',
      send: (frame) => this.send(frame),
      refuse: (request, error) => this.refuse(request, error),
    })
    this.phase = { kind: 'mailbox', seat }
    this.cancelTimer()
    const { platform } = this.context
    this.cancelTimer = platform.setTimer(seat.remainingMs, () => this.refuse('', new RelayError('mailbox-expired')))
  }

  /** A person types a password and a code: that may take longer than a login by key. */
  private async answerStranger(frame: FrameOf<'call'>, sizeBytes: number): Promise<void> {
    if (this.phase.kind === 'hello') {
      const { platform, limits } = this.context
      this.phase = { kind: 'calling' }
      this.cancelTimer()
      this.cancelTimer = platform.setTimer(limits.signInTimeoutMs, () => this.refuse('', new RelayError('timeout')))
    }
    this.takeToken(frame, sizeBytes)
    this.send(await answerCall(this.context.calls, this.caller, undefined, frame))
  }

  private challenge(hello: FrameOf<'hello'>): void {
    const { platform } = this.context
    const nonce = platform.random(32) as Hash
    this.phase = { kind: 'auth', hello, nonce }
    this.send(encodeFrame({ type: 'challenge', nonce, timeMs: platform.now() }))
  }

  private async welcome({ hello, nonce }: Extract<Phase, { kind: 'auth' }>, auth: FrameOf<'auth'>): Promise<void> {
    const { platform, store, accounts, limits, log } = this.context
    const attempt = { hello, auth, nonce, hosts: this.hosts }
    const { account, standing: atLogin } = await logIn(this.context, attempt).catch((error) => {
      this.context.signIns.failed(hello.account, hello.device, toRefusal(error).code, this.address)
      throw error
    })
    const generation = await store.generation().catch((error) => {
      accounts.leave(account)
      throw error
    })
    if (this.phase.kind === 'closed') {
      accounts.leave(account)
      return
    }
    this.cancelTimer()
    const standing = this.openWith(account, atLogin)
    this.silence = new SilenceWatch(platform, limits.idleTimeoutMs / 2, {
      alive: () => this.phase.kind === 'open' && this.sighted(this.phase),
      silent: () => this.refuse('', new RelayError('timeout')),
    })
    account.join(this)
    this.context.signIns.signedIn(account.id, standing, this.address)
    const { length, head } = keyringFor(account, standing)
    log.info({ ...this.names(), standing: standing.kind }, 'logged in')
    this.send(
      encodeFrame({
        type: 'welcome',
        account: account.id,
        generation,
        keyringLength: length,
        keyringHead: head,
        timeMs: platform.now(),
      }),
    )
  }

  /** The keyring may have changed since the login was verified. */
  private openWith(account: ConnectedAccount, atLogin: Standing): Standing {
    try {
      const standing = standingNow(account, atLogin)
      this.phase = { kind: 'open', account, standing }
      return standing
    } catch (error) {
      this.context.accounts.leave(account)
      throw error
    }
  }

  /** @throws RelayError `too-many-requests` */
  private takeToken(frame: Frame, sizeBytes: number): void {
    const cost = costOfFrame(sizeBytes) + costOfCall(this.context.calls, frame)
    const retryAfterMs = this.bucket.take(cost, this.context.platform.now())
    if (retryAfterMs === 0) return
    const document = documentOf(frame)
    throw new RelayError('too-many-requests', undefined, { ...(document && { document }), retryAfterMs })
  }

  /** Too much at once: refused by name as far as the frame can be read, and not kept. */
  private refuseUnread(bytes: Uint8Array): void {
    try {
      const frame = decodeFrame(bytes)
      const document = documentOf(frame)
      const details = { ...(document && { document }), retryAfterMs: IN_FLIGHT_RETRY_MS }
      this.refuse(frame.type, toCallRefusal(frame, new RelayError('too-many-requests', undefined, details)))
    } catch (error) {
      this.refuse('', toRefusal(error))
    }
  }

  private sighted({ account, standing }: Extract<Phase, { kind: 'open' }>): void {
    if (standing.kind === 'device') this.context.signIns.seen(account.id, standing.id, this.address)
  }

  /** For the log: enough to follow one device through it, too little to name it. */
  private names(): object {
    if (this.phase.kind !== 'open') return {}
    return { account: bytesToHex(this.phase.account.id).slice(0, 8), device: this.deviceKey?.slice(0, 8) }
  }
}
