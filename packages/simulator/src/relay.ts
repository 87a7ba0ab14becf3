// The relay as a process that can die: its real core, on a simulated platform and disk.
import { createRelay, type Relay, type RelayPlatform } from '@owlivion/relay'
import type { RelayStore } from '@owlivion/relay/testing'
import { Life, type VirtualTime, WORLD_START_MS } from './clock'
import type { Listener, ServerHandlers, ServerSocket } from './connection'
import { type CrashPoints, never } from './crash-points'
import type { Cryptography } from './cryptography'
import type { Network } from './network'
import type { RandomStream } from './random'
import type { RelayDisk } from './relay-disk'
import type { Trace } from './trace'

export const RELAY_HOST = 'relay.example'
export const RELAY_URL = `wss://${RELAY_HOST}`

export interface SimRelayOptions {
  readonly time: VirtualTime
  readonly trace: Trace
  readonly network: Network
  readonly disk: RelayDisk
  readonly cryptography: Cryptography
  readonly random: RandomStream
  readonly crashPoints: CrashPoints
  /** Whose name stands in the trace. */
  readonly name: string
  /** Takes connections from now on; nobody does when it is given nothing. */
  readonly listen: (listener: Listener | undefined) => void
}

export class SimRelay {
  #life = new Life()
  #running: { readonly relay: Relay; readonly store: RelayStore } | undefined

  #isStopping = false
  #passedMs = 0

  constructor(private readonly options: SimRelayOptions) {}

  /** Runs, and is not about to stop. */
  get isUp(): boolean {
    return this.#running !== undefined && !this.#isStopping
  }

  get openTimers(): number {
    return this.#life.openTimers
  }

  start(): void {
    if (this.#running) return
    const { listen, name, trace, disk } = this.options
    const life = new Life()
    const store = disk.open(life)
    const relay = createRelay({ platform: this.#platform(life), store, hosts: [RELAY_HOST] })
    this.#life = life
    this.#running = { relay, store }
    this.#isStopping = false
    listen({ life, accept: (socket) => this.#accept(relay, life, socket) })
    trace.add(name, 'starts')
  }

  /** By its own clock, in milliseconds since 1970. */
  get nowMs(): number {
    return WORLD_START_MS + this.options.time.nowMs + this.#passedMs
  }

  /** The whole world is later by this much at once. */
  pass(ms: number): void {
    this.#passedMs += ms
  }

  /** Dies in the middle of whatever it does. */
  crash(): void {
    if (!this.#running) return
    const { network, name, trace, disk } = this.options
    trace.add(name, 'crashes')
    this.#life.end()
    this.#running = undefined
    network.relayDied(this.#life)
    disk.crash()
  }

  /** Ends as it does on SIGTERM; resolves when it has let go of its store. */
  async stop(): Promise<void> {
    const { listen, name, trace } = this.options
    const running = this.#running
    if (!running || this.#isStopping) return
    this.#isStopping = true
    const life = this.#life
    trace.add(name, 'drains')
    await running.relay.drain()
    await running.store.close()
    if (this.#running !== running || !life.alive) return
    trace.add(name, 'stopped')
    listen(undefined)
    this.#running = undefined
  }

  /** As the relay's transport does, with a process that may die of whatever it hears or is about to say. */
  #accept(relay: Relay, life: Life, socket: ServerSocket): ServerHandlers {
    const { crashPoints } = this.options
    const dyingSocket: ServerSocket = {
      send: (frame) => {
        crashPoints.reached('sends a frame')
        // Nothing that a dead process sends goes anywhere.
        socket.send(frame)
      },
      close: (code, reason) => socket.close(code, reason),
      get bufferedBytes() {
        return socket.bufferedBytes
      },
      remoteAddress: socket.remoteAddress,
    }
    crashPoints.reached('is connected')
    const handlers = life.alive ? relay.connect(dyingSocket, { host: RELAY_HOST }) : undefined
    return {
      received: (frame) => {
        crashPoints.reached('hears a frame')
        if (life.alive) handlers?.received(frame)
      },
      closed: () => {
        crashPoints.reached('is disconnected')
        if (life.alive) handlers?.closed()
      },
    }
  }

  #platform(life: Life): RelayPlatform {
    const { time, cryptography, random, crashPoints } = this.options
    const wakes = (callback: () => void) => () => {
      crashPoints.reached('wakes')
      if (life.alive) callback()
    }
    return {
      now: () => this.nowMs,
      random: (length) => random.bytes(length),
      setTimer: (delayMs, callback) => life.setTimer(time, delayMs, wakes(callback)),
      sha512: cryptography.sha512,
      verify: async (publicKey, message, signature) => {
        const verdict = await cryptography.verify(life, publicKey, message, signature)
        crashPoints.reached('has verified')
        return life.alive ? verdict : never()
      },
      defer: (callback) => void time.after(0, wakes(callback), life),
    }
  }
}
