// What a relay keeps in memory for devices that are connected and do nothing: its whole process, as the system counts it. Each has an account of its
// own, which costs it most.
import { readFileSync } from 'node:fs'
import WebSocket from 'ws'
import { TestAccount } from '../../../../packages/relay/test/help/account'
import { openConnection } from './appends'
import { startRelay } from './relay-process'

export interface RelayMemory {
  readonly devices: number
  /** Of resident memory, beyond what the relay takes with the first few. */
  readonly bytesPerDevice: number
}

/** Longer than the relay takes to be done with the last of them. */
const REST_MS = 5_000
const AT_ONCE = 50

/** @param marks numbers of devices, rising */
export async function measureRelayMemory(marks: readonly number[]): Promise<RelayMemory[]> {
  const relay = await startRelay()
  const connections: WebSocket[] = []
  const figures: RelayMemory[] = []
  const connect = async (count: number): Promise<void> => {
    const made = Array.from({ length: count }, () => openConnection(relay.url, new TestAccount()))
    connections.push(...(await Promise.all(made)))
  }
  const restingBytes = async (): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, REST_MS))
    const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${relay.pid}/status`, 'utf8'))
    return Number(match?.[1]) * 1_024
  }
  // What is made once is made before anything is counted.
  await connect(AT_ONCE)
  const before = await restingBytes()
  for (const devices of marks) {
    while (connections.length < devices) await connect(Math.min(AT_ONCE, devices - connections.length))
    const bytes = (await restingBytes()) - before
    // A relay lets silent connections go after two minutes; and more than it takes it refuses.
    if (connections.some(({ readyState }) => readyState !== WebSocket.OPEN)) throw new Error('Not all are connected.')
    figures.push({ devices, bytesPerDevice: bytes / (devices - AT_ONCE) })
  }
  for (const connection of connections) connection.close()
  await relay.stop()
  return figures
}
