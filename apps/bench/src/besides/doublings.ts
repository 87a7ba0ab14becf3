// What an entry costs a relay whose log doubles again and again: to store, and to send to a device that lacks the last hundred.
import { decodeFrame, encodeFrame, type Frame, type Hash } from '@owlivion/sync-protocol'
import type WebSocket from 'ws'
import { documentNamed, random, TestAccount } from '../../../../packages/relay/test/help/account'
import { quantile } from '../statistics'
import { openConnection } from './appends'
import { startRelay } from './relay-process'

export interface Doubling {
  readonly entries: number
  /** Milliseconds an entry since the last doubling. */
  readonly appendMs: number
  /** Milliseconds, the median of a few. */
  readonly readMs: number
}

const FIRST = 1_000
const ENTRIES_A_PUSH = 250
const LAST = 100
/** The smallest that an edit is padded to. */
const BOX_BYTES = 304
const READS = 9

export async function measureDoublings(most: number): Promise<Doubling[]> {
  const relay = await startRelay()
  const account = new TestAccount()
  const connection = await openConnection(relay.url, account)
  const document = documentNamed('contacts')
  const figures: Doubling[] = []
  let entries = 0
  let end: Hash | undefined
  const push = async (count: number): Promise<number> => {
    const frame = account.first.push(document, { count, sizeBytes: BOX_BYTES })
    const from = performance.now()
    connection.send(encodeFrame(frame))
    const { logHash } = await next(connection, 'pushed')
    end = logHash
    entries += count
    return performance.now() - from
  }
  for (let target = FIRST; target <= most; target *= 2) {
    const before = entries
    let tookMs = 0
    while (entries < target - LAST) tookMs += await push(Math.min(ENTRIES_A_PUSH, target - LAST - entries))
    const cursor = { document, number: entries, hash: end as Hash }
    tookMs += await push(target - entries)
    const appendMs = tookMs / (entries - before)
    const times: number[] = []
    for (let read = 0; read < READS; read++) {
      const from = performance.now()
      connection.send(encodeFrame({ type: 'subscribe', generation: random(16), cursors: [cursor] }))
      const page = await next(connection, 'page')
      times.push(performance.now() - from)
      if (page.entries.length !== LAST) throw new Error(`${page.entries.length} entries instead of ${LAST}`)
    }
    figures.push({ entries, appendMs, readMs: quantile(times, 0.5) })
  }
  connection.close()
  await relay.stop()
  return figures
}

function next<T extends Frame['type']>(connection: WebSocket, type: T): Promise<Extract<Frame, { type: T }>> {
  return new Promise((resolve, reject) => {
    const listener = (data: Buffer): void => {
      const frame = decodeFrame(new Uint8Array(data))
      if (frame.type === 'refused') reject(new Error(`${frame.code}: ${frame.message}`))
      if (frame.type !== type) return
      connection.off('message', listener)
      resolve(frame as Extract<Frame, { type: T }>)
    }
    connection.on('message', listener)
  })
}
