// Brings what a document has written to the relay: seals what has gathered, stores the sealed bytes, sends them, and waits for
// what became of them. One push is under way at a time, and what is written meanwhile joins the next: the relay's own pace sets
// the size of a push. After a push of many there is a pause, since more will come; and where answers take long, because the relay is far or
// has much to do, one about as long as that. Whoever moves a thousand contacts then costs the relay and every reader a few entries, and nobody
// waits for long.
import { type Frame, ZERO_HASH } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import { backoffMs } from '../connection/backoff'
import type { DocumentLink } from '../document/document-link'
import type { DocumentState } from '../document/document-state'
import { encodePush, rowKeys } from '../document/rows'
import type { SealedPush } from './outbox'
import { sealPush, signPush } from './seal-push'

/** How long an answer to a push may take. The relay answers after one commit; a phone network may take seconds. */
const PUSH_TIMEOUT_MS = 15_000
/** The pause after a push ends here at the latest, also where answers take long: nobody sees an edit come later by it. */
const MAX_PAUSE_MS = 50
/** So many transactions in one push are no typing. */
const MANY = 4
const PAUSE_AFTER_MANY_MS = 25
/** Of what answers take, so much calls for no pause. */
const SHORT_ANSWER_MS = 10
/** Shorter pauses than timers keep are none. */
const MIN_PAUSE_MS = 2
/** The share of the last answer in what answers are taken to take: one that took long is no reason for a long pause. */
const NEWEST_SHARE = 1 / 4

export interface PushSenderOptions {
  /** Nothing may be sealed or sent now: the document reads, or changes who it writes as. */
  isHeldBack(): boolean
  onStatus(): void
}

export class PushSender {
  private link: DocumentLink | undefined
  private sealing = false
  private inFlight: SealedPush | undefined
  /** Stored at the relay, but entries before them have not arrived yet. */
  private readonly awaitingLog = new Set<SealedPush>()
  /** Changes whenever sealed bytes are given up; what was being sealed under an older one no longer counts. */
  private lineageToken = 0
  /** Refusals in a row. */
  private failures = 0
  /** Refused for a reason that sending again does not change; tried once more on the next connection. */
  private blocked = false
  private closed = false
  private cancelTimer: (() => void) | undefined
  private sentAtMs = 0
  private answeredAtMs = Number.NEGATIVE_INFINITY
  /** The last push was of many transactions. */
  private wasLarge = false
  /** How long answers take. */
  private answerMs: number | undefined
  /** What the relay refuses, while it does. */
  refused: SyncError | undefined

  constructor(
    private readonly state: DocumentState,
    private readonly options: PushSenderOptions,
  ) {}

  connected(link: DocumentLink): void {
    this.link = link
    this.failures = 0
    this.blocked = false
  }

  disconnected(): void {
    this.link = undefined
    this.inFlight = undefined
    this.awaitingLog.clear()
    this.clearTimer()
  }

  close(): void {
    this.disconnected()
    this.closed = true
  }

  /** Sends the next sealed push, or seals what has gathered. Call whenever something may have changed. */
  pump(): void {
    const { link, state } = this
    if (link === undefined || this.closed || this.blocked || this.options.isHeldBack()) return
    if (this.sealing || this.inFlight !== undefined || this.cancelTimer !== undefined) return
    const next = state.outbox.pushes.find((push) => !this.awaitingLog.has(push))
    if (next !== undefined) this.send(next, link)
    else if (state.outbox.unsealed().length > 0) this.sealAfterPause()
  }

  private sealAfterPause(): void {
    const afterMs = this.wasLarge ? PAUSE_AFTER_MANY_MS : 0
    const wholeMs = Math.min(Math.max(afterMs, (this.answerMs ?? 0) - SHORT_ANSWER_MS), MAX_PAUSE_MS)
    const pauseMs = wholeMs - (this.state.context.platform.now() - this.answeredAtMs)
    // A clock that was set makes no pause longer.
    if (pauseMs >= MIN_PAUSE_MS && pauseMs <= MAX_PAUSE_MS) this.waitToSend(pauseMs)
    else void this.seal()
  }

  /** The relay has the push. What may keep it from being confirmed here is no reason to send it again. */
  stored(push: SealedPush): void {
    if (this.inFlight === push) this.answered(push)
    this.landed(push)
    this.awaitingLog.add(push)
    this.failures = 0
    this.refused = undefined
  }

  /** The push is in the verified log, whether or not the relay answered it: what was refused before is refused no more. */
  confirmed(push: SealedPush): void {
    this.landed(push)
    this.awaitingLog.delete(push)
    if (this.blocked) return
    this.failures = 0
    this.refused = undefined
  }

  /**
   * The relay refused the push that is under way.
   * @returns false when none is: the refusal speaks of something older
   */
  takeBack(): boolean {
    if (this.inFlight === undefined) return false
    this.inFlight = undefined
    this.clearTimer()
    this.failures++
    return true
  }

  /** The push will be sealed anew. Once is an accident of this device's; again and again it is the relay's, and must not become a race. */
  waitBeforeSealingAgain(): void {
    if (this.failures > 1) this.waitToSend()
  }

  /** Tells the app, and waits as long as the relay asks, or for the next connection. */
  refuse(error: SyncError): void {
    this.fail(error)
    if (error.retryable) this.waitToSend(error.retryAfterMs)
    else this.blocked = true
  }

  /** The relay takes nothing for a moment, for a reason that is nobody's concern. */
  retryAfter(waitMs: number | undefined): void {
    this.waitToSend(waitMs)
  }

  /** What is being sealed at this moment is out of date. */
  discardSealing(): void {
    this.lineageToken++
  }

  /** What was sealed is given up: its transactions will be sealed anew under another incarnation. */
  giveUpSealed(): void {
    this.discardSealing()
    if (this.inFlight !== undefined) this.clearTimer()
    this.inFlight = undefined
    this.awaitingLog.clear()
  }

  private answered(push: SealedPush): void {
    const last = push.entries.at(-1)?.lastOrder ?? 0
    this.wasLarge = (this.state.outbox.pending[MANY - 1]?.order ?? Number.POSITIVE_INFINITY) <= last
    const now = this.state.context.platform.now()
    const tookMs = Math.max(0, now - this.sentAtMs)
    this.answerMs = this.answerMs === undefined ? tookMs : this.answerMs + NEWEST_SHARE * (tookMs - this.answerMs)
    this.answeredAtMs = now
  }

  private landed(push: SealedPush): void {
    if (this.inFlight !== push) return
    this.inFlight = undefined
    this.clearTimer()
  }

  private send(push: SealedPush, link: DocumentLink): void {
    const last = push.entries.at(-1)
    if (last === undefined) return
    this.inFlight = push
    this.sentAtMs = this.state.context.platform.now()
    this.startTimer(PUSH_TIMEOUT_MS, () =>
      link.distrust(new SyncError('connection-lost', 'The relay did not answer a push in time.')),
    )
    const frame: Frame = {
      type: 'push',
      document: this.state.document,
      entries: push.entries.map((entry) => entry.envelope),
      headHash: last.hash,
      signature: push.signature,
    }
    link.send(frame)
  }

  private async seal(): Promise<void> {
    const { context, document, outbox, own } = this.state
    this.sealing = true
    const token = this.lineageToken
    try {
      // What is written in the same breath goes along.
      await undefined
      if (token !== this.lineageToken || this.closed) return
      const head = this.state.ownHead()
      const unsigned = sealPush(context, {
        document,
        documentEpoch: this.state.documentEpoch,
        incarnation: own.incarnation,
        head: { sequence: head?.sequence ?? 0, hash: head?.hash ?? ZERO_HASH },
        continues: own.continues,
        pending: outbox.unsealed(),
        applied: this.state.appliedByOthers(),
        announced: outbox.pushes.at(-1)?.announced ?? {
          seen: own.announcedSeen,
          keyringLength: own.announcedKeyringLength,
        },
      })
      const push = await signPush(context, document, unsigned)
      // Given up meanwhile: what it sealed is still pending and is sealed again under the new incarnation.
      if (token !== this.lineageToken || this.closed) return
      outbox.pushes.push(push)
      await context.writer.write({
        put: [[rowKeys.push(document, push.entries.at(-1)?.lastOrder ?? 0), encodePush(push)], this.state.stateRow()],
      })
    } catch (cause) {
      if (this.closed) return
      this.blocked = true
      this.fail(
        cause instanceof SyncError ? cause : new SyncError('storage-failed', 'An edit could not be sealed.', { cause }),
      )
    } finally {
      this.sealing = false
      this.pump()
    }
  }

  private fail(error: SyncError): void {
    this.refused = error
    this.options.onStatus()
    this.state.context.report(error)
  }

  private waitToSend(waitMs = backoffMs(this.failures, this.state.context.platform.random)): void {
    this.startTimer(waitMs, () => this.pump())
  }

  private startTimer(delayMs: number, action: () => void): void {
    this.clearTimer()
    this.cancelTimer = this.state.context.platform.setTimer(delayMs, () => {
      this.cancelTimer = undefined
      action()
    })
  }

  private clearTimer(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
  }
}
