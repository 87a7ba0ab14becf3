// What a device's engine has of the world, as long as its process lives.
import type { Platform, Store } from '@owlivion/sync'
import type { Life, VirtualTime, WallClock } from './clock'
import { type Boundary, type CrashPoints, never } from './crash-points'
import type { Cryptography } from './cryptography'
import type { Network } from './network'
import type { RandomStream } from './random'

export interface DevicePlatformOptions {
  readonly name: string
  readonly life: Life
  readonly time: VirtualTime
  readonly wallClock: WallClock
  readonly network: Network
  readonly cryptography: Cryptography
  readonly random: RandomStream
  /** Held by one process at a time; the operating system takes it from a dead one. */
  readonly lock: DeviceLock
  readonly crashPoints: CrashPoints
}

export class DeviceLock {
  isHeld = false

  async take(): Promise<(() => void) | undefined> {
    if (this.isHeld) return undefined
    this.isHeld = true
    return () => {
      this.isHeld = false
    }
  }
}

export function createDevicePlatform(options: DevicePlatformOptions): Platform {
  const { name, life, time, wallClock, network, cryptography, random, lock, crashPoints } = options
  const passing = <T>(place: Boundary, answer: T): T | Promise<T> => pass(life, crashPoints, place, answer)
  return {
    now: () => wallClock.now(),
    random: (length) => random.bytes(length),
    setTimer: (delayMs, callback) =>
      life.setTimer(time, delayMs, () => {
        crashPoints.reached('wakes')
        if (life.alive) callback()
      }),
    connect: (_url, handlers) => {
      const socket = network.connect(name, life, {
        opened: () => {
          crashPoints.reached('is connected')
          if (life.alive) handlers.opened()
        },
        received: (frame) => {
          crashPoints.reached('hears a frame')
          if (life.alive) handlers.received(frame)
        },
        closed: (code, reason) => {
          crashPoints.reached('is disconnected')
          if (life.alive) handlers.closed(code, reason)
        },
      })
      return {
        send: (frame) => {
          crashPoints.reached('sends a frame')
          // Nothing that a dead process sends goes anywhere.
          socket.send(frame)
        },
        close: (code, reason) => socket.close(code, reason),
        get bufferedBytes() {
          return socket.bufferedBytes
        },
      }
    },
    signing: {
      sign: async (seed, message) => {
        crashPoints.reached('signs')
        return passing('has signed', await cryptography.sign(life, seed, message))
      },
      verify: async (publicKey, message, signature) =>
        passing('has verified', await cryptography.verify(life, publicKey, message, signature)),
      sha512: cryptography.sha512,
    },
    lock: async () => passing('has its lock', await lock.take()),
  }
}

/** The answer, when the process lives on after it. */
function pass<T>(life: Life, crashPoints: CrashPoints, place: Boundary, answer: T): T | Promise<T> {
  crashPoints.reached(place)
  return life.alive ? answer : never()
}

/** The device's store, at whose answers its process may die. */
export function dyingStore(store: Store, life: Life, crashPoints: CrashPoints): Store {
  const passing = <T>(place: Boundary, answer: T): T | Promise<T> => pass(life, crashPoints, place, answer)
  return {
    get: async (key) => passing('has read', await store.get(key)),
    list: async (prefix) => passing('has read', await store.list(prefix)),
    close: async () => passing('has closed its store', await store.close()),
    destroy: async () => {
      await passing('wipes its store', undefined)
      return passing('has wiped its store', await store.destroy())
    },
    commit: async (batch, options) => {
      crashPoints.reached('begins a commit')
      if (!life.alive) return never()
      await store.commit(batch, options)
      crashPoints.reached('has committed')
      return life.alive ? undefined : never()
    },
  }
}
