// Account calls on the connection that syncs: many may be under way, each with an id, a time limit and an answer of its own. What
// an answer holds is for whoever asked to check: the relay may say anything.
import { decodeCallBody, encodeCallBody, type Frame, ProtocolFailure, type Refusal } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { Platform } from '../../platform'

interface Waiting {
  readonly resolve: (answer: object) => void
  readonly reject: (error: SyncError) => void
}

/** Longer than for other questions: the relay may have to hash a password, or to delete an account. */
const ANSWER_TIMEOUT_MS = 30_000

export class AccountCalls {
  private send: ((frame: Frame) => void) | undefined
  private lastId = 0
  private readonly waiting = new Map<number, Waiting>()

  /** @param reach asked when there is no connection: resolves once there is one, or none is to be had */
  constructor(
    private readonly platform: Pick<Platform, 'setTimer'>,
    private readonly reach: () => Promise<void> = () => Promise.resolve(),
  ) {}

  /** An answer is waited for. */
  get isBusy(): boolean {
    return this.waiting.size > 0
  }

  /**
   * @returns the JSON object that the relay answers with, unchecked
   * @throws SyncError what the relay refuses with, `frame-too-large`, `connection-lost` when there is no connection or it ends, `relay-unreachable` when
   * nothing comes in time
   */
  async ask(method: string, request: object): Promise<object> {
    if (this.send === undefined) await this.reach()
    return this.askNow(method, request)
  }

  private askNow(method: string, request: object): Promise<object> {
    return new Promise((resolve, reject) => {
      const { send } = this
      if (send === undefined) {
        reject(new SyncError('connection-lost', 'There is no connection to the relay at this time.'))
        return
      }
      const body = encodeBody(request)
      if (body === undefined) {
        reject(new SyncError('frame-too-large', 'This is more than one request to the relay can hold.'))
        return
      }
      const id = ++this.lastId
      const settled = <Value>(settle: (value: Value) => void) => {
        return (value: Value): void => {
          cancel()
          this.waiting.delete(id)
          settle(value)
        }
      }
      const cancel = this.platform.setTimer(ANSWER_TIMEOUT_MS, () =>
        this.waiting.get(id)?.reject(new SyncError('relay-unreachable', 'The relay did not answer in time.')),
      )
      this.waiting.set(id, { resolve: settled(resolve), reject: settled(reject) })
      send({ type: 'call', id, method, body })
    })
  }

  // -- what the session tells

  connected(send: (frame: Frame) => void): void {
    this.send = send
  }

  /** @param cause why the relay ended the connection for good, when it did */
  disconnected(cause: SyncError | undefined): void {
    this.send = undefined
    const error = cause ?? new SyncError('connection-lost', 'The connection to the relay broke before the answer came.')
    for (const { reject } of [...this.waiting.values()]) reject(error)
  }

  answered({ id, body }: Extract<Frame, { type: 'answer' }>): void {
    // An answer that comes after its time is nobody's any more.
    const waiting = this.waiting.get(id)
    try {
      waiting?.resolve(decodeCallBody(body))
    } catch (cause) {
      waiting?.reject(new SyncError('relay-misbehaved', 'The relay’s answer cannot be read.', { cause }))
    }
  }

  refused({ state }: Refusal, error: SyncError): void {
    if (state !== undefined) this.waiting.get(state)?.reject(error)
  }
}

function encodeBody(request: object): Uint8Array | undefined {
  try {
    return encodeCallBody(request)
  } catch (error) {
    if (error instanceof ProtocolFailure) return undefined
    throw error
  }
}
