import { createHash } from 'node:crypto'
import { describeRelayStore } from '@owlivion/relay/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Life, VirtualTime } from '../src/clock'
import { RandomStream } from '../src/random'
import { RelayDisk } from '../src/relay-disk'
import { runFreely } from './free-running'

const sha512 = (bytes: Uint8Array) => new Uint8Array(createHash('sha512').update(bytes).digest())

describe('the contract', () => {
  const time = new VirtualTime()
  let stop: () => Promise<void>
  beforeAll(() => {
    stop = runFreely(time)
  })
  afterAll(() => stop())

  describeRelayStore(
    'A simulated relay disk',
    async () => {
      const random = new RandomStream(1, 'relay', 'disk')
      const disk = new RelayDisk({ time, random, sha512, committed: () => {}, answersEarly: false })
      let store = disk.open(new Life())
      return {
        store,
        async reopen() {
          await store.close()
          store = disk.open(new Life())
          return store
        },
        cleanup: () => store.close(),
      }
    },
    { describe, it, expect, sha512 },
  )
})

describe('a crash', () => {
  it('takes a write that was under way whole or not at all, and never one that was answered', async () => {
    const outcomes = new Set<string>()
    for (let seed = 0; seed < 40; seed++) {
      const time = new VirtualTime()
      const random = new RandomStream(seed, 'relay', 'disk')
      const disk = new RelayDisk({ time, random, sha512, committed: () => {}, answersEarly: false })
      const life = new Life()
      let isAnswered = false
      const bytes = (length: number) => new Uint8Array(length) as never
      const record = {
        account: bytes(32),
        record: bytes(50),
        storedAtMs: 0,
        expectedLength: 0,
        expectedHead: bytes(32),
        head: bytes(32),
      }
      void disk
        .open(life)
        .appendKeyring({ ...record, recovery: bytes(32) })
        .then(() => {
          isAnswered = true
        })
      await time.runUntil(seed)
      life.end()
      disk.crash()
      await time.runUntil(1_000)
      const isKept = [...disk.storedBytes()].length > 0
      if (isAnswered) expect(isKept).toBe(true)
      outcomes.add(`${isAnswered ? 'answered' : 'unanswered'} and ${isKept ? 'kept' : 'gone'}`)
    }
    expect(outcomes).toEqual(new Set(['answered and kept', 'unanswered and kept', 'unanswered and gone']))
  })
})
