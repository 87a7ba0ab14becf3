// What a device's engine has of the world, as long as its process lives.
import type { Platform, Store } from '@owlivion/sync'
import type { Life, VirtualTime, WallClock } from './clock'
import { type CrashPoints, never } from './crash-points'
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
  return {
    now: () => wallClock.now(),
    random: (length) => random.bytes(length),
    setTimer: (delayMs, callback) => life.setTimer(time, delayMs, callback),
    connect: (_url, handlers) => {
      const socket = network.connect(name, life, {
        ...handlers,
        received: (frame) => {
          crashPoints.reached('hears a frame')
          if (life.alive) handlers.received(frame)
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
      sign: (seed, message) => {
        crashPoints.reached('signs')
        return cryptography.sign(life, seed, message)
      },
      verify: (publicKey, message, signature) => cryptography.verify(life, publicKey, message, signature),
      sha512: cryptography.sha512,
    },
    lock: () => lock.take(),
  }
}

/** The device's store, on whose commits its process may die. */
export function dyingStore(store: Store, life: Life, crashPoints: CrashPoints): Store {
  return {
    ...store,
    commit: async (batch, options) => {
      crashPoints.reached('begins a commit')
      if (!life.alive) return never()
      await store.commit(batch, options)
      crashPoints.reached('has committed')
      return life.alive ? undefined : never()
    },
  }
}
