// The network between devices and the relay. A connection is two one-way pipes. By themselves they are as good as TCP: whole
// messages, in order, after a while. A device's weather makes them worse: messages vanish, come twice or out of order, the device
// is cut off altogether. A connection whose other end died says nothing until something notices.
import type { Socket, SocketHandlers } from '@owlivion/sync'
import { decodeFrame } from '@owlivion/sync-protocol'
import type { Life, VirtualTime } from './clock'
import { RandomStream } from './random'
import type { Trace } from './trace'

/** How likely each thing is to happen to one message. */
export interface Weather {
  readonly drop: number
  readonly duplicate: number
  readonly reorder: number
  /** Longest delay, in milliseconds. */
  readonly slowMs: number
}

export const fairWeather: Weather = { drop: 0, duplicate: 0, reorder: 0, slowMs: 60 }

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

export interface NetworkOptions {
  readonly time: VirtualTime
  readonly trace: Trace
  readonly seed: number
  /** Sees every frame that anybody sends. */
  readonly capture: (frame: Uint8Array) => void
  readonly tamper: Tampering | undefined
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

export class Network {
  listener: Listener | undefined
  readonly #connections = new Map<string, Set<Connection>>()
  readonly #weather = new Map<string, Weather>()
  readonly #cutOff = new Set<string>()
  #count = 0
  readonly #connectionsByDevice = new Map<string, number>()

  constructor(readonly options: NetworkOptions) {}

  /** Connections that some side still holds. */
  get open(): number {
    return this.#count
  }

  setWeather(device: string, weather: Weather): void {
    this.#weather.set(device, weather)
  }

  weatherOf(device: string): Weather {
    return this.#weather.get(device) ?? fairWeather
  }

  /** While a device is cut off, whatever is sent from or to it is lost, and no side is told. */
  setCutOff(device: string, isCutOff: boolean): void {
    if (isCutOff) this.#cutOff.add(device)
    else this.#cutOff.delete(device)
  }

  isCutOff(device: string): boolean {
    return this.#cutOff.has(device)
  }

  /** Breaks the device's connections. `whoLearns` is told soon; the other side goes on talking to nobody. */
  reset(device: string, whoLearns: 'device' | 'relay' | 'both'): void {
    for (const connection of this.#connections.get(device) ?? []) connection.breakOff(whoLearns)
  }

  /** The relay died: its ends are gone at once, the devices learn it sooner or later. */
  relayDied(): void {
    for (const connections of this.#connections.values()) {
      for (const connection of connections) connection.endDied('relay')
    }
  }

  deviceDied(device: string): void {
    for (const connection of this.#connections.get(device) ?? []) connection.endDied('device')
  }

  /** False while some device talks into a connection that is dead and does not know it yet. */
  get isSound(): boolean {
    return ![...this.#connections.values()].some((each) => [...each].some((connection) => connection.isHeldInVain))
  }

  /** True while the device holds a connection that it has not closed. */
  isHeldBy(device: string): boolean {
    return [...(this.#connections.get(device) ?? [])].some((connection) => connection.isHeldByDevice)
  }

  connect(device: string, life: Life, handlers: SocketHandlers): Socket {
    const number = (this.#connectionsByDevice.get(device) ?? 0) + 1
    this.#connectionsByDevice.set(device, number)
    const random = new RandomStream(this.options.seed, `${device}/connection ${number}`, 'network')
    const connection = new Connection(this, device, life, handlers, random, () => {
      this.#connections.get(device)?.delete(connection)
      this.#count--
    })
    const connections = this.#connections.get(device) ?? new Set()
    this.#connections.set(device, connections.add(connection))
    this.#count++
    connection.open()
    return connection.socket
  }
}

class Connection {
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
    private readonly network: Network,
    private readonly device: string,
    life: Life,
    handlers: SocketHandlers,
    private readonly random: RandomStream,
    private readonly gone: () => void,
  ) {
    this.#client = {
      actor: device,
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
    return this.isHeldByDevice && this.#isBroken
  }

  get isHeldByDevice(): boolean {
    return !this.#client.isClosing && !this.#client.isClosed
  }

  open(): void {
    const { time, trace } = this.network.options
    time.after(this.#latency(), () => {
      if (this.#client.isClosed || this.#client.isClosing) return
      const { listener } = this.network
      if (this.network.isCutOff(this.device)) {
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
        remoteAddress: this.device,
        get bufferedBytes() {
          return inFlight.down
        },
      })
      this.#server = {
        actor: 'relay',
        life: listener.life,
        isClosing: false,
        isClosed: false,
        opened: () => {},
        received: (frame) => accepted.received(frame),
        closed: () => accepted.closed(),
      }
      trace.add(this.device, 'connects')
      const opensAt = time.nowMs + this.#latency()
      this.#opensAt = opensAt
      time.after(opensAt - time.nowMs, () => {
        if (this.#mayHear(this.#client)) this.#client.opened()
      })
    })
  }

  /** Both directions are dead from now on. */
  breakOff(whoLearns: 'device' | 'relay' | 'both'): void {
    if (this.#isBroken) return
    this.#isBroken = true
    this.network.options.trace.add(this.device, 'connection breaks')
    const soon = () => this.random.delay(0, 2_000)
    const late = () => this.random.delay(5_000, LONGEST_SILENCE_MS)
    this.#tell(this.#client, whoLearns === 'relay' ? late() : soon(), BROKEN)
    if (this.#server) this.#tell(this.#server, whoLearns === 'device' ? late() : soon(), BROKEN)
  }

  endDied(which: 'device' | 'relay'): void {
    const dead = which === 'device' ? this.#client : this.#server
    const other = which === 'device' ? this.#server : this.#client
    if (dead) dead.isClosed = true
    this.#isBroken = true
    if (other) this.#tell(other, this.random.delay(0, LONGEST_SILENCE_MS), BROKEN)
    this.#settle()
  }

  #send(direction: 'up' | 'down', sent: Uint8Array): void {
    const { time, trace, capture, tamper } = this.network.options
    const from = direction === 'up' ? this.#client : this.#server
    if (!from || from.isClosing || from.isClosed || !from.life.alive) return
    // The sender may use its buffer again.
    const frame = sent.slice()
    capture(frame)
    const type = frameType(frame)
    trace.add(from.actor, `sends ${type}`, direction === 'down' ? `to ${this.device}` : '')
    const weather = this.network.weatherOf(this.device)
    const copies = this.random.chance(weather.duplicate) ? 2 : 1
    if (copies === 2) trace.add('network', 'duplicates')
    for (let copy = 0; copy < copies; copy++) {
      const isDropped = this.random.chance(weather.drop)
      const overtakes = this.random.chance(weather.reorder)
      const arrival = time.nowMs + this.#latency()
      if (this.#isBroken || this.network.isCutOff(this.device)) {
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
        this.#deliver(direction, tamper ? tamper(direction, frame) : frame)
      })
    }
  }

  #deliver(direction: 'up' | 'down', frame: Uint8Array): void {
    const to = direction === 'up' ? this.#server : this.#client
    if (!to || !this.#mayHear(to)) return
    this.network.options.trace.add(
      to.actor,
      `receives ${frameType(frame)}`,
      direction === 'up' ? `from ${this.device}` : '',
    )
    to.received(frame.slice())
  }

  /** One side closes. It hears `closed` once the other has answered; the other hears it after everything sent before. */
  #close(end: End, code: number, reason: string): void {
    if (end.isClosing || end.isClosed) return
    end.isClosing = true
    const { time } = this.network.options
    const direction = end === this.#client ? 'up' : 'down'
    const other = end === this.#client ? this.#server : this.#client
    const isUnheard = this.#isBroken || this.network.isCutOff(this.device) || !other
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
    this.network.options.time.after(delayMs, () => {
      if (end.isClosed) return
      end.isClosed = true
      if (end.life.alive) end.closed(code, reason)
      this.#settle()
    })
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
    return this.random.delay(2, this.network.weatherOf(this.device).slowMs)
  }
}

function frameType(frame: Uint8Array): string {
  try {
    return decodeFrame(frame).type
  } catch {
    // Only bytes that were changed on their way; both sides must refuse them by themselves.
    return 'something unreadable'
  }
}
