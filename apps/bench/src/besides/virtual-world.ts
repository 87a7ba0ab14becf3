// One relay on an SQLite file and its devices in one process, on a clock that the measurement moves: months of use in minutes.
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNodePlatform, createRelay, openSqliteStore } from '@owlivion/relay'
import type { Platform, Socket, SocketHandlers } from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'

const START_MS = 1_700_000_000_000

interface Timer {
  readonly atMs: number
  readonly callback: () => void
}

export interface WireBytes {
  sent: number
  received: number
}

/** Of the wall clock. */
const UNTIL_TIMEOUT_MS = 120_000

export class VirtualWorld {
  readonly relayUrl = 'wss://relay.example'
  private readonly timers = new Set<Timer>()
  private readonly folder = mkdtempSync(join(tmpdir(), 'owlivion-growth-'))
  private readonly store: ReturnType<typeof openSqliteStore>
  private readonly relay: ReturnType<typeof createRelay>

  /** @param files a folder whose files, of the relay and of devices, this world starts from a copy of */
  constructor(
    private timeMs = START_MS,
    files?: string,
  ) {
    if (files !== undefined) cpSync(files, this.folder, { recursive: true })
    const base = createNodePlatform()
    const platform = { ...base, now: () => this.timeMs, setTimer: this.setTimer }
    this.store = openSqliteStore({ folder: this.folder, sha512: base.sha512, random: base.random })
    this.relay = createRelay({ platform, store: this.store })
  }

  /** For a device; `bytes` counts what its connections carry from then on. */
  platform(bytes: WireBytes = { sent: 0, received: 0 }): Platform {
    return {
      ...nodePlatform(),
      now: () => this.timeMs,
      setTimer: this.setTimer,
      lock: async () => () => {},
      connect: (_, handlers) => this.connect(handlers, bytes),
    }
  }

  /** For a device's file. */
  pathOf(name: string): string {
    return join(this.folder, name)
  }

  get nowMs(): number {
    return this.timeMs
  }

  /** Where all files are. */
  get files(): string {
    return this.folder
  }

  /** What the relay's files take up, write-ahead log included. */
  get diskBytes(): number {
    const files = readdirSync(this.folder).filter((name) => name.startsWith('relay.'))
    return files.reduce((sum, name) => sum + statSync(join(this.folder, name)).size, 0)
  }

  /** Lets time pass while nothing is to happen. */
  skip(ms: number): void {
    this.timeMs += ms
  }

  /** Lets time pass; timers run in order, each with everything that follows from it. */
  async advance(ms: number): Promise<void> {
    const endMs = this.timeMs + ms
    for (;;) {
      let due: Timer | undefined
      for (const timer of this.timers) if (timer.atMs <= endMs && timer.atMs < (due?.atMs ?? Infinity)) due = timer
      if (due === undefined) break
      this.timers.delete(due)
      this.timeMs = Math.max(this.timeMs, due.atMs)
      due.callback()
      await settle()
    }
    this.timeMs = endMs
    await settle()
  }

  /** As `advance`, for thousands of devices: what is due within a step happens together. */
  async advanceInSteps(ms: number, stepMs: number): Promise<void> {
    const endMs = this.timeMs + ms
    while (this.timeMs < endMs) {
      this.timeMs = Math.min(endMs, this.timeMs + stepMs)
      for (const timer of [...this.timers]) {
        if (timer.atMs > this.timeMs || !this.timers.delete(timer)) continue
        timer.callback()
      }
      await settle()
    }
  }

  get timerCount(): number {
    return this.timers.size
  }

  get connectionCount(): number {
    return this.relay.stats().connections
  }

  get connectedAccounts(): number {
    return this.relay.stats().accounts
  }

  async until(isTrue: () => boolean): Promise<void> {
    const startMs = performance.now()
    let advancedAtMs = startMs
    for (let steps = 0; !isTrue(); steps++) {
      const nowMs = performance.now()
      if (nowMs - startMs > UNTIL_TIMEOUT_MS) throw new Error(`It did not come true: ${isTrue}`)
      // Timers are for waiting; most of what is waited for is under way already, some of it on other threads: on a busy machine it
      // must not be taken for lost after a few turns.
      if (steps % 10 === 9 && nowMs - advancedAtMs >= 1) {
        await this.advance(100)
        advancedAtMs = performance.now()
      } else await settle()
    }
  }

  async outcomeOf<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const settled = () => {
      isSettled = true
    }
    promise.then(settled, settled)
    await this.until(() => isSettled)
    return promise
  }

  async close(): Promise<void> {
    await this.relay.drain()
    await this.store.close()
    rmSync(this.folder, { recursive: true })
  }

  private readonly setTimer = (delayMs: number, callback: () => void): (() => void) => {
    const timer = { atMs: this.timeMs + delayMs, callback }
    this.timers.add(timer)
    return () => void this.timers.delete(timer)
  }

  private connect(handlers: SocketHandlers, bytes: WireBytes): Socket {
    let isOpen = true
    const end = (code: number, reason: string): void => {
      if (!isOpen) return
      isOpen = false
      relaySide.closed()
      setImmediate(() => handlers.closed(code, reason))
    }
    const relaySide = this.relay.connect(
      {
        send: (frame) => {
          bytes.received += frame.length
          setImmediate(() => isOpen && handlers.received(frame.slice()))
        },
        close: (code, reason) => setImmediate(() => end(code, reason)),
        bufferedBytes: 0,
      },
      { host: new URL(this.relayUrl).host },
    )
    setImmediate(() => isOpen && handlers.opened())
    return {
      send: (frame) => {
        bytes.sent += frame.length
        setImmediate(() => isOpen && relaySide.received(frame.slice()))
      },
      close: (code = 1000, reason = '') => end(code, reason),
      bufferedBytes: 0,
    }
  }
}

/** Lets everything run that waits for nothing but the event loop: a frame takes a turn each way. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve))
}
