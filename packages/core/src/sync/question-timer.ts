// One thing at a time that is waited for: an answer, or a while.
import type { Frame } from '@owlivion/sync-protocol'
import { SyncError } from '../errors'
import type { Platform } from '../platform'
import type { DocumentLink } from './document-link'

const ANSWER_TIMEOUT_MS = 15_000
/** What takes minutes on a slow line. */
const LARGE_ANSWER_TIMEOUT_MS = 180_000

export class QuestionTimer {
  private cancel: (() => void) | undefined

  constructor(private readonly platform: Pick<Platform, 'setTimer'>) {}

  /** An answer that does not come in time ends the connection. */
  ask(link: DocumentLink, frame: Frame): void {
    link.send(frame)
    this.expect(link, ANSWER_TIMEOUT_MS)
  }

  askLarge(link: DocumentLink, frames: Iterable<Frame>): void {
    link.sendLarge(frames)
    this.expect(link, LARGE_ANSWER_TIMEOUT_MS)
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
    this.cancel?.()
    this.cancel = undefined
  }
}
