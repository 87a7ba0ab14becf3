// The one writer of a store: what it puts together, what it retries, and how it ends.
import { beforeEach, describe, expect, it } from 'vitest'
import { SyncError } from '../../src/errors'
import { type CommitOptions, openMemoryStore, type Store, type StoreBatch, type StoreKey } from '../../src/storage'
import { StoreWriter } from '../../src/sync/store-writer'
import { FakePlatform, settle } from './support/fake-platform'

const bytes = (...values: number[]) => Uint8Array.from(values)
const put = (key: string, value: number): StoreBatch => ({ put: [[[key], bytes(value)]] })

let platform: FakePlatform
let store: Store
let commits: { batch: StoreBatch; options: CommitOptions | undefined }[]
let failures: number
/** Commits wait until this is called, when it is set. */
let gate: Promise<void> | undefined
let health: (string | undefined)[]
let writer: StoreWriter

beforeEach(() => {
  platform = new FakePlatform()
  store = openMemoryStore()
  commits = []
  failures = 0
  gate = undefined
  health = []
  const controlled: Store = {
    ...store,
    async commit(batch, options) {
      commits.push({ batch, options })
      await gate
      if (failures > 0) {
        failures--
        throw new TypeError('the disk is full')
      }
      return store.commit(batch, options)
    },
  }
  writer = new StoreWriter(controlled, platform, (error) => health.push(error?.code))
})

function hold(): () => void {
  let open: () => void = () => {}
  gate = new Promise((resolve) => {
    open = () => {
      gate = undefined
      resolve()
    }
  })
  return open
}

const contents = async () => (await store.list([])).map(([[key], [value]]) => `${key}${value}`)

describe('a store writer', () => {
  it('makes one commit of what is written in one turn, and of what gathers while one is under way', async () => {
    const release = hold()
    const order: number[] = []
    const writes = [1, 2, 3].map((n) => writer.write(put('a', n)).then(() => order.push(n)))
    await settle()
    expect(commits.length).toBe(1)
    for (const n of [4, 5, 6]) writes.push(writer.write(put(`b${n}`, n)).then(() => order.push(n)))
    await settle()
    expect(commits.length).toBe(1)
    release()
    await Promise.all(writes)
    expect(commits.length).toBe(2)
    expect(order).toEqual([1, 2, 3, 4, 5, 6])
    expect(await contents()).toEqual(['a3', 'b44', 'b55', 'b66'])
  })

  it('gives a commit the strength that one of its batches asks for', async () => {
    await Promise.all([writer.write(put('a', 1)), writer.write(put('b', 1), { strict: true })])
    await writer.write(put('c', 1))
    expect(commits.map(({ options }) => options?.durability)).toEqual(['strict', undefined])
  })

  it('has the effect of all batches in order, prefixes and removals included', async () => {
    await store.commit({
      put: [
        [['log', 1], bytes(1)],
        [['log', 2], bytes(2)],
        [['old'], bytes(3)],
      ],
    })
    const log = (number: number): StoreKey => ['log', number]
    await Promise.all([
      writer.write({
        put: [
          [log(3), bytes(3)],
          [['kept'], bytes(1)],
        ],
      }),
      writer.write({ removePrefix: [['log']], remove: [['old']] }),
      writer.write({
        put: [
          [log(2), bytes(9)],
          [['old'], bytes(4)],
        ],
      }),
      writer.write({ remove: [['kept']], put: [[log(4), bytes(4)]] }),
      writer.write({ put: [[log(4), bytes(5)]] }),
    ])
    expect(commits.length).toBe(1)
    expect(await store.list([])).toEqual([
      [log(2), bytes(9)],
      [log(4), bytes(5)],
      [['old'], bytes(4)],
    ])
  })

  it('keeps what failed at the head, says so, and tries again until it works; nothing overtakes it', async () => {
    failures = 3
    const order: string[] = []
    const first = writer.write(put('a', 1)).then(() => order.push('first'))
    await settle()
    expect(health).toEqual(['storage-failed'])
    const second = writer.write(put('a', 2)).then(() => order.push('second'))
    await settle()
    expect(commits.length).toBe(1)
    expect(platform.timers.length).toBe(1)
    await platform.advance(60_000)
    await Promise.all([first, second])
    expect(order).toEqual(['first', 'second'])
    expect(health).toEqual(['storage-failed', 'storage-failed', 'storage-failed', undefined])
    expect(await contents()).toEqual(['a2'])
    expect(platform.timers).toEqual([])
  })

  it('a barrier waits for what was handed over before it, however much follows', async () => {
    const release = hold()
    void writer.write(put('a', 1))
    let isThrough = false
    const barrier = writer.barrier().then(() => {
      isThrough = true
    })
    await settle()
    release()
    await barrier
    expect(isThrough).toBe(true)
    expect(await contents()).toEqual(['a1'])
  })
})

describe('closing a store writer', () => {
  const closed = { code: 'closed' }

  it('writes what is there first, and refuses what comes after', async () => {
    const write = writer.write(put('a', 1))
    await Promise.all([writer.close(), write])
    expect(await contents()).toEqual(['a1'])
    await expect(writer.write(put('b', 1))).rejects.toMatchObject(closed)
    await writer.close()
    expect(platform.timers).toEqual([])
  })

  it('does not wait for a store that fails', async () => {
    failures = Number.POSITIVE_INFINITY
    const write = writer.write(put('a', 1))
    const outcome = expect(write).rejects.toMatchObject(closed)
    await settle()
    await writer.close()
    await outcome
    expect(platform.timers).toEqual([])
  })

  it('nor for one that begins to fail at that moment', async () => {
    failures = Number.POSITIVE_INFINITY
    const outcome = expect(writer.write(put('a', 1))).rejects.toMatchObject(closed)
    await writer.close()
    await outcome
    expect(platform.timers).toEqual([])
  })

  it('leaves nobody waiting when the last try fails after it', async () => {
    failures = Number.POSITIVE_INFINITY
    const outcomes = Promise.allSettled([writer.write(put('a', 1)), writer.write(put('b', 1))])
    await settle()
    const release = hold()
    await platform.advance(60_000)
    await writer.close()
    release()
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(platform.timers).toEqual([])
  })

  it('says how many edits are in memory only, and tries at once when it is asked to', async () => {
    failures = 2
    const edit = (order: number): StoreBatch => ({ put: [[['pending', 'document', order], bytes(order)]] })
    const first = writer.write(edit(1))
    await settle()
    const others = [writer.write(edit(2)), writer.write(edit(2)), writer.write(put('state', 1))]
    expect(writer.unsavedEdits).toBe(2)
    await writer.tryNow()
    expect([writer.unsavedEdits, health]).toEqual([2, ['storage-failed', 'storage-failed']])
    await writer.tryNow()
    await Promise.all([first, ...others])
    expect([writer.unsavedEdits, platform.timers]).toEqual([0, []])
    await writer.tryNow()
  })

  it('knows afterwards what was lost', async () => {
    failures = Number.POSITIVE_INFINITY
    const outcome = expect(writer.write({ put: [[['lane', 'document', 'w', 1], bytes(1)]] })).rejects.toMatchObject(
      closed,
    )
    await writer.close()
    await outcome
    expect(writer.unsavedEdits).toBe(1)
  })

  it('an error of the store that has a code keeps it', async () => {
    const own = new SyncError('storage-failed', 'no room', { retryable: false })
    const other = new StoreWriter({ ...store, commit: () => Promise.reject(own) }, platform, (error) =>
      health.push(error?.message),
    )
    void other.write(put('a', 1)).catch(() => {})
    await settle()
    expect(health).toEqual(['no room'])
    await other.close()
  })
})
