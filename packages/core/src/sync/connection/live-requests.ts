// Questions to the relay on the connection that syncs: one at a time, each with a time limit. An answer that was lost is not waited
// for: whoever asks starts over from what the keyring says.
import type { Frame, FrameType, Refusal } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { Platform } from '../../platform'

type FrameOf<T extends FrameType> = Extract<Frame, { type: T }>

/** What an online connection does for questions. None of it has an effect once the connection is gone. */
export interface RequestLink {
  send(frame: Frame): void
  readKeyring(): void
}

interface Waiting {
  readonly request: FrameType
  readonly isAnswer: (frame: Frame) => boolean
  readonly resolve: (frame: Frame) => void
  readonly reject: (error: SyncError) => void
}

const ANSWER_TIMEOUT_MS = 15_000

export class LiveRequests {
  private link: RequestLink | undefined
  private waiting: Waiting | undefined

  constructor(
    private readonly platform: Pick<Platform, 'setTimer'>,
    /** The connection is there, or gone. */
    private readonly onLink: () => void,
  ) {}

  get isConnected(): boolean {
    return this.link !== undefined
  }

  /**
   * Sends a request and waits for its answer. Nothing else may be under way.
   * @param isAnswer tells the answer from news of the same type
   * @throws SyncError what the relay refuses with, `connection-lost` when the connection ends or is not there, `relay-unreachable`
   * when nothing comes in time
   */
  ask<T extends FrameType>(
    frame: Frame,
    answer: T,
    isAnswer: (frame: FrameOf<T>) => boolean = () => true,
  ): Promise<FrameOf<T>> {
    return new Promise((resolve, reject) => {
      if (this.link === undefined) {
        reject(new SyncError('connection-lost', 'There is no connection to the relay at this time.'))
        return
      }
      const cancel = this.platform.setTimer(ANSWER_TIMEOUT_MS, () =>
        this.waiting?.reject(new SyncError('relay-unreachable', 'The relay did not answer in time.')),
      )
      const settled = <Value>(settle: (value: Value) => void) => {
        return (value: Value): void => {
          cancel()
          this.waiting = undefined
          settle(value)
        }
      }
      this.waiting = {
        request: frame.type,
        isAnswer: (other) => other.type === answer && isAnswer(other as FrameOf<T>),
        resolve: settled<Frame>((other) => resolve(other as FrameOf<T>)),
        reject: settled(reject),
      }
      this.link.send(frame)
    })
  }

  readKeyring(): void {
    this.link?.readKeyring()
  }

  // -- what the session tells

  connected(link: RequestLink): void {
    this.link = link
    this.onLink()
  }

  disconnected(): void {
    if (this.link === undefined) return
    this.link = undefined
    this.waiting?.reject(new SyncError('connection-lost', 'The connection to the relay broke.'))
    this.onLink()
  }

  received(frame: Frame): void {
    if (this.waiting?.isAnswer(frame)) this.waiting.resolve(frame)
  }

  /** @returns true when it is the answer to what is asked here */
  refused({ request }: Refusal, error: SyncError): boolean {
    if (this.waiting?.request !== request) return false
    this.waiting.reject(error)
    return true
  }
}
