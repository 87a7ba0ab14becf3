// One connection between a device and the relay: two one-way pipes. By themselves they are as good as TCP: whole messages, in order,
// after a while. Weather makes them worse, and when one end dies the other hears nothing until something notices.
import type { Socket, SocketHandlers } from '@owlivion/sync'
import { decodeFrame, type Frame } from '@owlivion/sync-protocol'
import type { Life, VirtualTime } from './clock'
import type { Lies } from './hostile/lies'
import type { RandomStream } from './random'
import type { Trace } from './trace'

/** How likely each thing is to happen to one message. */
export interface Weather {
  readonly drop: number
  readonly duplicate: number
  readonly reorder: number
  /** Longest delay, in milliseconds. */
  readonly slowMs: number
}

/** What the relay is handed for each device that connects. */
export interface ServerSocket {
  send(frame: Uint8Array): void
  close(code: number, reason: string): void
  readonly bufferedBytes: number
  readonly remoteAddress: string
}

/** What the relay answers with. */
export interface ServerHandlers {
  received(frame: Uint8Array): void
  closed(): void
}

export interface Listener {
  readonly life: Life
  accept(socket: ServerSocket): ServerHandlers
}

/** Changes bytes on their way, to see that the checks notice. Answers the frame to deliver. */
export type Tampering = (direction: 'up' | 'down', frame: Uint8Array) => Uint8Array

/** Sees every frame that anybody sends, also as it is read; one that cannot be read was made so on purpose. */
export type Capture = (direction: 'up' | 'down', device: string, bytes: Uint8Array, frame: Frame | undefined) => void

/** The line that a connection runs over, as it is at any moment. */
export interface Line {
  readonly time: VirtualTime
  readonly trace: Trace
  readonly capture: Capture
  readonly tamper: Tampering | undefined
  /** What the relay tells the device that is not true. */
  readonly lies: Lies
  readonly device: string
  readonly weather: Weather
  /** Whatever is sent is lost, and nobody is told. */
  readonly isCutOff: boolean
  readonly listener: Listener | undefined
}

/** How long until a side learns that the other is gone, when it learns it at all before its own time limits do. */
const LONGEST_SILENCE_MS = 90_000
/** A socket that was closed by its owner and gets no answer. */
const CLOSE_TIMEOUT_MS = 2_000
/** What an operating system waits for a connection that nobody answers. */
const CONNECT_TIMEOUT_MS = 21_000
/** The code of a WebSocket that ended without one. */
const BROKEN = 1006

interface End {
  readonly actor: string
  readonly life: Life
  /** The owner asked for the close and takes no more part. */
  isClosing: boolean
  isClosed: boolean
  opened(): void
  received(frame: Uint8Array): void
  closed(code: number, reason: string): void
}

export class Connection {
  readonly #client: End
  #server: End | undefined
  /** Nothing passes any more, although a side may not know it. */
  #isBroken = false
  #isGone = false
  readonly #lastDelivery = { up: 0, down: 0 }
  /** Nothing is heard before a connection is open. */
  #opensAt = 0
  readonly #inFlightBytes = { up: 0, down: 0 }
  readonly socket: Socket

  constructor(
    private readonly line: Line,
    life: Life,
    handlers: SocketHandlers,
    private readonly random: RandomStream,
    /** Called once, when no side holds the connection any more. */
    private readonly gone: () => void,
  ) {
    this.#client = {
      actor: line.device,
      life,
      isClosing: false,
      isClosed: false,
      opened: () => handlers.opened(),
      received: (frame) => handlers.received(frame),
      closed: (code, reason) => handlers.closed(code, reason),
    }
    const inFlight = this.#inFlightBytes
    this.socket = {
      send: (frame) => this.#send('up', frame),
      close: (code, reason) => this.#close(this.#client, code ?? 1005, reason ?? ''),
      get bufferedBytes() {
        return inFlight.up
      },
    }
  }

  get isHeldInVain(): boolean {
    const isOver = this.#isBroken || this.#server?.isClosing || this.#server?.isClosed
    return this.isHeldByDevice && isOver === true
  }

  isServedBy(life: Life): boolean {
    return this.#server?.life === life
  }

  get isHeldByDevice(): boolean {
    return !this.#client.isClosing && !this.#client.isClosed
  }

  open(): void {
    const { time, trace } = this.line
    time.after(this.#latency(), () => {
      if (this.#client.isClosed || this.#client.isClosing) return
      const { listener } = this.line
      if (this.line.isCutOff) {
        this.#tell(this.#client, CONNECT_TIMEOUT_MS, BROKEN)
        return
      }
      if (listener?.life.alive !== true) {
        this.#tell(this.#client, this.#latency(), BROKEN)
        return
      }
      const inFlight = this.#inFlightBytes
      const accepted = listener.accept({
        send: (frame) => this.#send('down', frame),
        close: (code, reason) => this.#server && this.#close(this.#server, code, reason),
        remoteAddress: this.line.device,
        get bufferedBytes() {
          return inFlight.down
        },
      })
      if (!listener.life.alive) {
        // It died of this very connection.
        this.#tell(this.#client, this.#latency(), BROKEN)
        return
      }
      this.#server = {
        actor: 'relay',
        life: listener.life,
        isClosing: false,
        isClosed: false,
        opened: () => {},
        received: (frame) => accepted.received(frame),
        closed: () => accepted.closed(),
      }
      trace.add(this.line.device, 'connects')
      this.line.lies.connected()
      const opensAt = time.nowMs + this.#latency()
      this.#opensAt = opensAt
      time.after(opensAt - time.nowMs, () => {
        this.#client.life.whenAwake(() => {
          if (this.#mayHear(this.#client)) this.#client.opened()
        })
      })
    })
  }

  /** Both directions are dead from now on. */
  breakOff(whoLearns: 'device' | 'relay' | 'both'): void {
    if (this.#isBroken) return
    this.#isBroken = true
    this.line.trace.add(this.line.device, 'connection breaks')
    const soon = () => this.random.delay(0, 2_000)
    const late = () => this.random.delay(5_000, LONGEST_SILENCE_MS)
    this.#tell(this.#client, whoLearns === 'relay' ? late() : soon(), BROKEN)
    if (this.#server) this.#tell(this.#server, whoLearns === 'device' ? late() : soon(), BROKEN)
  }

  endDied(which: 'device' | 'relay'): void {
    const dead = which === 'device' ? this.#client : this.#server
    const other = which === 'device' ? this.#server : this.#client
    if (dead) dead.isClosed = true
    if (which === 'device') this.line.lies.disconnected()
    this.#isBroken = true
    if (other) this.#tell(other, this.random.delay(0, LONGEST_SILENCE_MS), BROKEN)
    this.#settle()
  }

  #send(direction: 'up' | 'down', sent: Uint8Array): void {
    const { time, trace, capture, tamper } = this.line
    const from = direction === 'up' ? this.#client : this.#server
    if (!from || from.isClosing || from.isClosed || !from.life.alive) return
    // The sender may use its buffer again.
    const frame = sent.slice()
    const decoded = tryDecode(frame)
    capture(direction, this.line.device, frame, decoded)
    const type = decoded?.type ?? UNREADABLE
    trace.add(from.actor, `sends ${type}`, direction === 'down' ? `to ${this.line.device}` : '')
    const weather = this.line.weather
    const copies = this.random.chance(weather.duplicate) ? 2 : 1
    if (copies === 2) trace.add('network', 'duplicates')
    for (let copy = 0; copy < copies; copy++) {
      const isDropped = this.random.chance(weather.drop)
      const overtakes = this.random.chance(weather.reorder)
      const arrival = time.nowMs + this.#latency()
      if (this.#isBroken || this.line.isCutOff) {
        trace.add('network', 'loses', type)
        continue
      }
      if (isDropped) {
        trace.add('network', 'drops', type)
        continue
      }
      if (overtakes) trace.add('network', 'reorders', type)
      const inOrder = overtakes ? 0 : this.#lastDelivery[direction]
      const deliverAt = Math.max(arrival, inOrder, direction === 'down' ? this.#opensAt : 0)
      if (!overtakes) this.#lastDelivery[direction] = deliverAt
      this.#inFlightBytes[direction] += frame.length
      time.after(deliverAt - time.nowMs, () => {
        this.#inFlightBytes[direction] -= frame.length
        if (tamper === undefined) this.#deliver(direction, frame, decoded)
        else {
          const tampered = tamper(direction, frame)
          this.#deliver(direction, tampered, tryDecode(tampered))
        }
      })
    }
  }

  #deliver(direction: 'up' | 'down', bytes: Uint8Array, frame: Frame | undefined): void {
    const to = direction === 'up' ? this.#server : this.#client
    if (!to || !this.#mayHear(to)) return
    if (to.life.isAsleep) {
      to.life.whenAwake(() => this.#deliver(direction, bytes, frame))
      return
    }
    const { lies } = this.line
    if (direction === 'up' && frame !== undefined) lies.hear(frame)
    for (const passed of direction === 'up' ? [bytes] : lies.pass(bytes, frame)) {
      if (!this.#mayHear(to)) return
      const type = (passed === bytes ? frame : tryDecode(passed))?.type ?? UNREADABLE
      this.line.trace.add(to.actor, `receives ${type}`, direction === 'up' ? `from ${this.line.device}` : '')
      to.received(passed.slice())
    }
  }

  /** One side closes. It hears `closed` once the other has answered; the other hears it after everything sent before. */
  #close(end: End, code: number, reason: string): void {
    if (end.isClosing || end.isClosed) return
    end.isClosing = true
    if (end === this.#client) this.line.lies.disconnected()
    const { time } = this.line
    const direction = end === this.#client ? 'up' : 'down'
    const other = end === this.#client ? this.#server : this.#client
    const isUnheard = this.#isBroken || this.line.isCutOff || !other
    if (isUnheard) {
      this.#tell(end, CLOSE_TIMEOUT_MS, BROKEN)
      if (other) this.#tell(other, this.random.delay(0, LONGEST_SILENCE_MS), BROKEN)
      return
    }
    const arrivesAt = Math.max(time.nowMs + this.#latency(), this.#lastDelivery[direction])
    this.#tell(other, arrivesAt - time.nowMs, code, reason)
    this.#tell(end, arrivesAt - time.nowMs + this.#latency(), code, reason)
  }

  #tell(end: End, delayMs: number, code: number, reason = ''): void {
    const hear = (): void => {
      if (end.isClosed) return
      end.isClosed = true
      if (end === this.#client) this.line.lies.disconnected()
      if (end.life.alive) end.closed(code, reason)
      this.#settle()
    }
    this.line.time.after(delayMs, () => end.life.whenAwake(hear))
  }

  #mayHear(end: End): boolean {
    return !this.#isBroken && !end.isClosed && end.life.alive
  }

  #settle(): void {
    if (this.#isGone || !this.#client.isClosed || this.#server?.isClosed === false) return
    this.#isGone = true
    this.gone()
  }

  #latency(): number {
    return this.random.delay(2, this.line.weather.slowMs)
  }
}

/** Only bytes that were changed on their way; both sides must refuse them by themselves. */
const UNREADABLE = 'something unreadable'

function tryDecode(frame: Uint8Array): Frame | undefined {
  try {
    return decodeFrame(frame)
  } catch {
    return undefined
  }
}
