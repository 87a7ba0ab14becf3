import type { Store } from '@owlivion/sync'
import { storeContract } from '@owlivion/sync/testing'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { Life, VirtualTime } from '../src/clock'
import { SimDisk } from '../src/disk'
import { RandomStream } from '../src/random'
import { runFreely } from './free-running'

describe('the contract', () => {
  const time = new VirtualTime()
  const disks = new Map<string, SimDisk>()
  let stop: () => Promise<void>
  beforeAll(() => {
    stop = runFreely(time)
  })
  afterAll(() => stop())

  storeContract({ describe, it, expect }, 'A simulated disk', (name) => {
    const disk = disks.get(name) ?? new SimDisk(time, new RandomStream(1, name, 'disk'))
    disks.set(name, disk)
    return disk.open(new Life())
  })
})

describe('a crash', () => {
  const value = Uint8Array.of(1)

  /** Commits ten batches, each with its own key, and cuts the process or the power at `crashMs`. */
  async function crashed(seed: number, how: 'process' | 'power', crashMs: number, isStrict = false) {
    const time = new VirtualTime()
    const life = new Life()
    const disk = new SimDisk(time, new RandomStream(seed, 'device', 'disk'))
    const store = await disk.open(life)
    let resolved = 0
    for (let n = 0; n < 10; n++) {
      time.after(
        n * 10,
        () => {
          const durability = isStrict ? 'strict' : 'relaxed'
          void store.commit({ put: [[['n', n], value]] }, { durability }).then(() => resolved++)
        },
        life,
      )
    }
    await time.runUntil(crashMs)
    life.end()
    const lost = disk.crash(how)
    await time.runUntil(crashMs + 1_000)
    return { resolved, lost, numbers: await numbersIn(await disk.open(new Life()), time), disk }
  }

  async function numbersIn(store: Store, time: VirtualTime): Promise<number[]> {
    const numbers: number[] = []
    void store.list(['n']).then((rows) => numbers.push(...rows.map(([key]) => key[1] as number)))
    await time.runUntil(time.nowMs + 100)
    return numbers
  }

  const seeds = Array.from({ length: 40 }, (_, seed) => seed)

  test('of the process keeps everything that was committed, and always a beginning of what was handed over', async () => {
    let isSomeUnansweredBatchKept = false
    for (const seed of seeds) {
      const { resolved, lost, numbers, disk } = await crashed(seed, 'process', 55)
      expect(lost).toBe(0)
      expect(numbers).toEqual(numbers.map((_, n) => n))
      expect(numbers.length).toBeGreaterThanOrEqual(resolved)
      expect(disk.committedCount).toBe(numbers.length)
      isSomeUnansweredBatchKept ||= numbers.length > resolved
    }
    expect(isSomeUnansweredBatchKept).toBe(true)
  })

  test('of the power loses what was not flushed, and always keeps a beginning', async () => {
    const kept = new Set<number>()
    for (const seed of seeds) {
      const { resolved, lost, numbers, disk } = await crashed(seed, 'power', 300)
      expect(resolved).toBe(10)
      expect(numbers).toEqual(numbers.map((_, n) => n))
      expect(numbers.length).toBe(10 - lost)
      expect(disk.committedCount).toBe(numbers.length)
      kept.add(numbers.length)
    }
    expect(kept.size).toBeGreaterThan(4)
  })

  test('of the power loses nothing that was committed strictly', async () => {
    for (const seed of seeds) {
      const { resolved, lost, numbers } = await crashed(seed, 'power', 60, true)
      expect(lost).toBe(0)
      expect(numbers.length).toBeGreaterThanOrEqual(resolved)
    }
  })

  test('leaves the calls of the dead process unanswered', async () => {
    const { resolved } = await crashed(3, 'process', 1)
    expect(resolved).toBeLessThanOrEqual(1)
  })
})

test('a full disk refuses batches and stores nothing of them', async () => {
  const time = new VirtualTime()
  const disk = new SimDisk(time, new RandomStream(1, 'device', 'disk'))
  const store = await disk.open(new Life())
  const outcomes: string[] = []
  const commit = (name: string) =>
    store.commit({ put: [[[name], Uint8Array.of(1)]] }).then(
      () => outcomes.push(`${name} stored`),
      (error) => outcomes.push(`${name} ${error.code}`),
    )
  disk.setFull(true)
  void commit('a')
  await time.runUntil(100)
  disk.setFull(false)
  void commit('b')
  await time.runUntil(200)
  expect(outcomes).toEqual(['a storage-failed', 'b stored'])
  void store.list([]).then((rows) => outcomes.push(...rows.map(([key]) => String(key[0]))))
  await time.runUntil(300)
  expect(outcomes.slice(2)).toEqual(['b'])
})
