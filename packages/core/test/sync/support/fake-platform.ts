// A device's world by hand: time stands still until it is moved, sockets say what the test says, and everything that was started is
// counted, so that a test can insist that nothing is left.
import { decodeFrame, encodeFrame, type Frame } from '@owlivion/sync-protocol'
import type { Platform, Socket, SocketHandlers } from '../../../src/platform'
import { nodeSigning } from '../../../src/platform/node-signing'

interface Timer {
  readonly atMs: number
  readonly delayMs: number
  readonly callback: () => void
}

export class FakePlatform implements Platform {
  timeMs = 1_700_000_000_000
  readonly signing = nodeSigning()
  readonly sockets: FakeSocket[] = []
  private readonly pending = new Set<Timer>()
  private readonly locked = new Set<string>()
  private draws: number

  constructor(seed = 1) {
    this.draws = seed * 2_654_435_761
  }

  readonly now = (): number => this.timeMs

  /** The same sequence for the same seed. */
  readonly random = (length: number): Uint8Array =>
    Uint8Array.from({ length }, () => {
      this.draws = (Math.imul(this.draws ^ (this.draws >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0
      return this.draws >>> 24
    })

  readonly setTimer = (delayMs: number, callback: () => void): (() => void) => {
    const timer = { atMs: this.timeMs + delayMs, delayMs, callback }
    this.pending.add(timer)
    return () => void this.pending.delete(timer)
  }

  readonly connect = (url: string, handlers: SocketHandlers): Socket => {
    const socket = new FakeSocket(url, handlers)
    this.sockets.push(socket)
    return socket
  }

  readonly lock = async (name: string): Promise<(() => void) | undefined> => {
    if (this.locked.has(name)) return undefined
    this.locked.add(name)
    return () => void this.locked.delete(name)
  }

  /** Delays of the timers that are running, shortest first. */
  get timers(): number[] {
    return [...this.pending].map(({ delayMs }) => delayMs).sort((a, b) => a - b)
  }

  get locks(): number {
    return this.locked.size
  }

  get openSockets(): FakeSocket[] {
    return this.sockets.filter((socket) => !socket.isClosed)
  }

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1)
    if (socket === undefined) throw new TypeError('nothing was dialled')
    return socket
  }

  /** Moves time on; timers run in order, each with everything that follows from it. */
  async advance(ms: number): Promise<void> {
    const end = this.timeMs + ms
    for (;;) {
      const due = [...this.pending].filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs)[0]
      if (due === undefined) break
      this.pending.delete(due)
      this.timeMs = Math.max(this.timeMs, due.atMs)
      due.callback()
      await settle()
    }
    this.timeMs = end
    await settle()
  }
}

/** The device's end of a connection whose other end is the test. */
export class FakeSocket implements Socket {
  readonly bufferedBytes = 0
  readonly sent: Frame[] = []
  isClosed = false

  constructor(
    readonly url: string,
    private readonly handlers: SocketHandlers,
  ) {}

  readonly send = (frame: Uint8Array): void => void this.sent.push(decodeFrame(frame.slice()))
  readonly close = (): void => {
    this.isClosed = true
  }

  /** The relay accepts the connection. */
  async accept(): Promise<void> {
    this.handlers.opened()
    await settle()
  }

  async say(...frames: Frame[]): Promise<void> {
    for (const frame of frames) this.handlers.received(encodeFrame(frame))
    await settle()
  }

  async sayBytes(bytes: Uint8Array): Promise<void> {
    this.handlers.received(bytes)
    await settle()
  }

  async end(code = 1006, reason = ''): Promise<void> {
    this.isClosed = true
    this.handlers.closed(code, reason)
    await settle()
  }

  /** Takes what was sent since the last call. */
  take(): Frame[] {
    return this.sent.splice(0)
  }

  /** The frames of one type that were sent since the last `take`. */
  framesOf<T extends Frame['type']>(type: T): Extract<Frame, { type: T }>[] {
    return this.sent.filter((frame): frame is Extract<Frame, { type: T }> => frame.type === type)
  }
}

/** Lets everything run that waits for nothing but the promise queue. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}
