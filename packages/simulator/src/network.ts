// The network between devices and the relay: a line for each device, with its weather and its connections.
import type { Socket, SocketHandlers } from '@owlivion/sync'
import type { Life, VirtualTime } from './clock'
import { type Capture, Connection, type Line, type Listener, type Tampering, type Weather } from './connection'
import type { Duties } from './hostile/duties'
import { Lies } from './hostile/lies'
import { RandomStream } from './random'
import type { Trace } from './trace'

export const fairWeather: Weather = { drop: 0, duplicate: 0, reorder: 0, slowMs: 60 }

export interface NetworkOptions {
  readonly time: VirtualTime
  readonly trace: Trace
  readonly seed: number
  readonly capture: Capture
  readonly tamper: Tampering | undefined
  readonly duties: Duties
}

class DeviceLine implements Line {
  weather = fairWeather
  isCutOff = false
  /** Who answers this device when it is not the one who answers the others. */
  ownListener: Listener | undefined
  readonly lies: Lies
  readonly connections = new Set<Connection>()
  /** Connections ever made: each has a random stream of its own. */
  count = 0

  constructor(
    readonly device: string,
    private readonly network: Network,
  ) {
    const { seed, duties, trace } = network.options
    this.lies = new Lies({
      random: new RandomStream(seed, device, 'lies'),
      told: (lie, mustBeNoticed) => {
        trace.add('relay', lie, `for ${device}`)
        if (mustBeNoticed) duties.owe(device, lie)
      },
      excused: () => duties.excuse(device),
    })
  }

  get time(): VirtualTime {
    return this.network.options.time
  }

  get trace(): Trace {
    return this.network.options.trace
  }

  get capture(): NetworkOptions['capture'] {
    return this.network.options.capture
  }

  get tamper(): NetworkOptions['tamper'] {
    return this.network.options.tamper
  }

  get listener(): Listener | undefined {
    return this.ownListener ?? this.network.listener
  }
}

export class Network {
  /** Who takes connections; nobody while the relay is down. */
  listener: Listener | undefined
  readonly #lines = new Map<string, DeviceLine>()

  constructor(readonly options: NetworkOptions) {}

  setWeather(device: string, weather: Weather): void {
    this.#line(device).weather = weather
  }

  weatherOf(device: string): Weather {
    return this.#line(device).weather
  }

  /** While a device is cut off, whatever is sent from or to it is lost, and no side is told. */
  setCutOff(device: string, isCutOff: boolean): void {
    this.#line(device).isCutOff = isCutOff
  }

  /** What the relay says to the device that is not true. */
  liesTo(device: string): Lies {
    return this.#line(device).lies
  }

  /** Some device was told something untrue, and may have said to the others what it was told. */
  get hasBeenLiedOn(): boolean {
    return [...this.#lines.values()].some(({ lies }) => lies.haveBeenTold)
  }

  /** Breaks the device's connections. `whoLearns` is told soon; the other side goes on talking to nobody. */
  reset(device: string, whoLearns: 'device' | 'relay' | 'both'): void {
    for (const connection of this.#line(device).connections) connection.breakOff(whoLearns)
  }

  /** The relay died: its ends are gone at once, the devices learn it sooner or later. */
  relayDied(life: Life): void {
    for (const line of this.#lines.values())
      for (const connection of line.connections) if (connection.isServedBy(life)) connection.endDied('relay')
  }

  /** From its next connection on the device talks to another relay than the others; to the same when none is given. */
  redirect(device: string, listener: Listener | undefined): void {
    this.#line(device).ownListener = listener
  }

  deviceDied(device: string): void {
    for (const connection of this.#line(device).connections) connection.endDied('device')
  }

  /** False while some device talks into a connection that is dead and does not know it yet. */
  get isSound(): boolean {
    return [...this.#lines.values()].every((line) => [...line.connections].every((each) => !each.isHeldInVain))
  }

  /** True while the device holds a connection that it has not closed. */
  isHeldBy(device: string): boolean {
    return [...this.#line(device).connections].some((connection) => connection.isHeldByDevice)
  }

  connect(device: string, life: Life, handlers: SocketHandlers): Socket {
    const line = this.#line(device)
    const random = new RandomStream(this.options.seed, `${device}/connection ${++line.count}`, 'network')
    const connection = new Connection(line, life, handlers, random, () => line.connections.delete(connection))
    line.connections.add(connection)
    connection.open()
    return connection.socket
  }

  #line(device: string): DeviceLine {
    const line = this.#lines.get(device) ?? new DeviceLine(device, this)
    this.#lines.set(device, line)
    return line
  }
}
