// A relay on a memory store, with a clock and timers that only the test moves.
import type { Generation } from '@owlivion/sync-protocol'
import type { CallService } from '../../src/calls/service'
import type { RelayLimits } from '../../src/limits'
import { createNodePlatform } from '../../src/node-platform'
import type { RelayPlatform } from '../../src/platform'
import { createRelay, type Relay } from '../../src/relay'
import { createMemoryStore } from '../../src/store/memory'
import { createMemoryData, type MemoryData } from '../../src/store/memory-data'
import type { RelayStore } from '../../src/store/relay-store'
import { random, sha512, TestAccount, TestDevice } from './account'
import { connectDirectly, type DirectClient } from './client'

export interface TestRelay {
  readonly relay: Relay
  readonly store: RelayStore
  readonly data: MemoryData
  connect(host?: string, address?: string): DirectClient
  /** Moves the clock and runs what is due. */
  pass(ms: number): Promise<void>
  /** Lets everything that is under way come to rest. */
  settle(): Promise<void>
}

export interface TestRelayOptions {
  readonly limits?: Partial<RelayLimits>
  readonly hosts?: readonly string[]
  readonly services?: readonly CallService[]
  readonly keepsAddresses?: boolean
  readonly commit?: (apply: () => void) => Promise<void>
  readonly data?: MemoryData
  /** Waited for when a keyring or a page was read, before the relay gets it. */
  readonly reads?: () => Promise<void>
}

export function startTestRelay({
  limits,
  hosts,
  services,
  keepsAddresses,
  commit,
  data,
  reads,
}: TestRelayOptions = {}): TestRelay {
  let nowMs = 1_700_000_000_000
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>()
  const platform: RelayPlatform = {
    ...createNodePlatform(),
    now: () => nowMs,
    setTimer(delayMs, callback) {
      const timer = { at: nowMs + delayMs, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
  }
  const disk = data ?? createMemoryData(random<Generation>(16))
  const memory = createMemoryStore({ sha512, data: disk, ...(commit && { commit }) })
  const slowly = async <T>(answer: T): Promise<T> => {
    await reads?.()
    return answer
  }
  const store: RelayStore = {
    ...memory,
    readKeyring: (...request) => memory.readKeyring(...request).then(slowly),
    readPage: (...request) => memory.readPage(...request).then(slowly),
  }
  const relay = createRelay({
    platform,
    store,
    ...(limits && { limits }),
    ...(hosts && { hosts }),
    ...(services && { services }),
    ...(keepsAddresses !== undefined && { keepsAddresses }),
  })

  async function settle(): Promise<void> {
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve))
  }

  return {
    relay,
    store,
    data: disk,
    connect: (host, address) => connectDirectly(relay, host, address),
    settle,
    async pass(ms) {
      const end = nowMs + ms
      for (;;) {
        const due = [...timers].filter((timer) => timer.at <= end).sort((x, y) => x.at - y.at)[0]
        if (due === undefined) break
        timers.delete(due)
        nowMs = Math.max(nowMs, due.at)
        due.callback()
        await settle()
      }
      nowMs = end
      await settle()
    },
  }
}

/** An account of two devices, both connected. */
export async function startWithTwoDevices(options: TestRelayOptions = {}) {
  const world = startTestRelay(options)
  const account = new TestAccount()
  const second = new TestDevice(account)
  const [one, two] = [world.connect(), world.connect()]
  await one.open(account)
  one.send(account.add(second))
  await one.next('keyring-changed')
  await two.logIn(second)
  return { ...world, account, second, one, two }
}
