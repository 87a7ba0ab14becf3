// An origin whose tabs are in this process: its locks, its channels, and its disk. A tab can be killed, stopped and set going again.
import type { Platform } from '../../../src'
import { nodePlatform } from '../../../src/platform/node'
import type { TabLockOptions, TabPlatform } from '../../../src/platform/tabs'
import { MemoryDisk, openMemoryStore, type Store } from '../../../src/storage'

interface Held {
  readonly tab: FakeTab
  readonly lost: () => void
}

interface Waiting {
  readonly tab: FakeTab
  readonly grant: () => void
}

export class FakeOrigin {
  readonly disk = new MemoryDisk()
  readonly locks = new Map<string, Held>()
  readonly queues = new Map<string, Waiting[]>()
  readonly channels = new Map<string, Set<FakeChannel>>()

  /** The tab that leads the only account of the origin. */
  get leader(): FakeTab | undefined {
    return [...this.locks].find(([name]) => /^owlivion-sync\/\w+$/.test(name))?.[1].tab
  }

  /** @param options what is another than in other tabs */
  tab(options: Partial<Platform> = {}): FakeTab {
    return new FakeTab(this, options)
  }

  release(name: string, held: Held): void {
    if (this.locks.get(name) !== held) return
    this.locks.delete(name)
    this.queues.get(name)?.shift()?.grant()
  }
}

interface FakeChannel {
  readonly tab: FakeTab
  readonly received: (message: unknown) => void
}

export class FakeTab {
  /** Nothing of it runs. */
  isStopped = false
  private isDead = false
  private readonly late: (() => void)[] = []
  private readonly pauses = new Set<readonly [() => void, () => void]>()
  readonly platform: Platform
  readonly store: Store

  constructor(
    private readonly origin: FakeOrigin,
    options: Partial<Platform>,
  ) {
    const real = nodePlatform()
    this.platform = {
      ...real,
      // Ten times as fast, so that a leader is soon missed.
      setTimer: (delayMs, callback) => real.setTimer(delayMs / 10, () => this.run(callback)),
      tabs: this.tabs(),
      ...options,
    }
    const store = openMemoryStore(origin.disk)
    this.store = {
      ...store,
      commit: async (batch, commitOptions) => {
        await this.disk
        await store.commit(batch, commitOptions)
      },
    }
  }

  /** What is committed from now on waits on its way to the disk. @returns a function that lets it through */
  holdCommits(): () => void {
    let release = (): void => {}
    this.disk = new Promise((resolve) => {
      release = resolve
    })
    return release
  }

  private disk: Promise<void> = Promise.resolve()

  /** Runs it now, once the tab is set going again, or never. */
  run(act: () => void): void {
    if (this.isDead) return
    if (this.isStopped) this.late.push(act)
    else act()
  }

  /** Its renderer is gone: what the browser kept for it is free. */
  kill(): void {
    this.isDead = true
    for (const [name, held] of [...this.origin.locks]) if (held.tab === this) this.origin.release(name, held)
    for (const [name, queue] of this.origin.queues)
      this.origin.queues.set(
        name,
        queue.filter(({ tab }) => tab !== this),
      )
    for (const channels of this.origin.channels.values())
      for (const channel of channels) if (channel.tab === this) channels.delete(channel)
  }

  /** @param options `isTold`: the page hears of it before */
  stop({ isTold = true } = {}): void {
    if (isTold) for (const [paused] of this.pauses) paused()
    this.isStopped = true
  }

  resume(): void {
    this.isStopped = false
    for (const [, resumed] of this.pauses) resumed()
    for (const act of this.late.splice(0)) this.run(act)
  }

  private tabs(): TabPlatform {
    const { origin } = this
    return {
      channel: (name, received) => {
        const channels = origin.channels.get(name) ?? new Set()
        origin.channels.set(name, channels)
        const own: FakeChannel = { tab: this, received }
        channels.add(own)
        return {
          post: (message) => {
            if (!channels.has(own)) return
            for (const other of channels) {
              if (other === own) continue
              const copy = structuredClone(message)
              setImmediate(() => other.tab.run(() => channels.has(other) && other.received(copy)))
            }
          },
          close: () => channels.delete(own),
        }
      },
      hold: (name, options) => this.hold(name, options),
      held: async () => [...origin.locks.keys()],
      onPause: (paused, resumed) => {
        const pair = [paused, resumed] as const
        this.pauses.add(pair)
        return () => this.pauses.delete(pair)
      },
    }
  }

  private hold(name: string, { mode, signal, lost = () => {} }: TabLockOptions): Promise<(() => void) | undefined> {
    const { locks, queues } = this.origin
    return new Promise((resolve) => {
      const grant = (): void => {
        const held: Held = { tab: this, lost }
        locks.set(name, held)
        resolve(() => this.origin.release(name, held))
      }
      const holder = locks.get(name)
      if (holder === undefined) grant()
      else if (mode === 'now') resolve(undefined)
      else if (mode === 'steal') {
        grant()
        setImmediate(() => holder.tab.run(holder.lost))
      } else {
        const queue = queues.get(name) ?? []
        queues.set(name, queue)
        const waiting: Waiting = { tab: this, grant }
        queue.push(waiting)
        signal?.addEventListener('abort', () => {
          if (!queue.includes(waiting)) return
          queue.splice(queue.indexOf(waiting), 1)
          resolve(undefined)
        })
      }
    })
  }
}
