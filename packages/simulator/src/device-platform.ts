// What a device's engine has of the world, as long as its process lives.
import type { Platform } from '@owlivion/sync'
import type { Life, VirtualTime, WallClock } from './clock'
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
  const { name, life, time, wallClock, network, cryptography, random, lock } = options
  return {
    now: () => wallClock.now(),
    random: (length) => random.bytes(length),
    setTimer: (delayMs, callback) => life.setTimer(time, delayMs, callback),
    connect: (_url, handlers) => network.connect(name, life, handlers),
    signing: {
      sign: (seed, message) => cryptography.sign(life, seed, message),
      verify: (publicKey, message, signature) => cryptography.verify(life, publicKey, message, signature),
      sha512: cryptography.sha512,
    },
    lock: () => lock.take(),
  }
}
