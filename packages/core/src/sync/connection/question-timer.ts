// One thing at a time that is waited for: an answer, or a while.
import type { Frame } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { Platform } from '../../platform'
import type { DocumentLink } from '../document/document-link'

const ANSWER_TIMEOUT_MS = 15_000
/** What takes minutes on a slow line. */
export const LARGE_ANSWER_TIMEOUT_MS = 180_000

export class QuestionTimer {
  private cancel: (() => void) | undefined
  /** What is being sent and will be waited for. */
  private asked: object | undefined

  constructor(private readonly platform: Pick<Platform, 'setTimer'>) {}

  /** An answer that does not come in time ends the connection. */
  ask(link: DocumentLink, frame: Frame, withinMs = ANSWER_TIMEOUT_MS): void {
    link.send(frame)
    this.expect(link, withinMs)
  }

  /** The time counts from the last of the frames, however long a slow line takes for them. */
  askLarge(link: DocumentLink, frames: Iterable<Frame>): void {
    this.stop()
    const asked = {}
    this.asked = asked
    link.sendLarge(this.withEnd(frames, () => this.asked === asked && this.expect(link, LARGE_ANSWER_TIMEOUT_MS)))
  }

  private *withEnd(frames: Iterable<Frame>, atEnd: () => void): Generator<Frame> {
    yield* frames
    atEnd()
  }

  private expect(link: DocumentLink, withinMs: number): void {
    this.start(withinMs, () =>
      link.distrust(new SyncError('connection-lost', 'The relay did not answer a question about a document in time.')),
    )
  }

  start(delayMs: number, action: () => void): void {
    this.stop()
    this.cancel = this.platform.setTimer(delayMs, () => {
      this.cancel = undefined
      action()
    })
  }

  stop(): void {
    this.asked = undefined
    this.cancel?.()
    this.cancel = undefined
  }
}
