// Every way in which a relay may withhold, reorder, fork or roll back: the device that it lies to says so by a code within one exchange, where it
// can know; and whatever it was told, all devices are equal when the relay tells the truth again.
import type { SyncError } from '@owlivion/sync'
import { describe, expect, test } from 'vitest'
import { createPlan, type RunResult, runWorld, type Step } from '../src'
import type { DocumentLie } from '../src/hostile/document-lies'

const collections = createPlan({ seed: 1 }).collections
/** From hearing what shows the lie to the report: signatures, the jobs before it, commits, and a connection that is made anew. */
const EXCHANGE_MS = 20_000

/** Edits by the first two devices, all the time and in turns. */
function editing(from: number, to: number): Step[] {
  const steps: Step[] = [1, 2].map((device) => ({ atMs: 500, kind: 'join', device }))
  for (let n = from; n < to; n++) {
    const fields = { canary_name: `canary ${n}` }
    const edits = [{ kind: 'add', id: `canary-${n % 4}@example.com`, fields } as const]
    const collection = collections[n % 3 === 0 ? 1 : 0] as string
    steps.push({ atMs: 3_000 + n * 400, kind: 'edit', device: n % 2, collection, together: false, edits })
  }
  return steps
}

/** While two devices write, a third one is lied to now and then. */
function stepsWith(lie: DocumentLie, seed: number): Step[] {
  const steps = editing(0, 30)
  // What comes in one page is what was missed.
  for (const atMs of [4_000, 8_000]) {
    steps.push({ atMs: atMs + seed * 50, kind: 'go offline', device: 2 })
    steps.push({ atMs: atMs + 1_500, kind: 'lie', device: 2, lie, lastsMs: 2_000 })
    steps.push({ atMs: atMs + 2_500, kind: 'go online', device: 2 })
  }
  return steps
}

function run(seed: number, steps: readonly Step[], endMs = 20_000): Promise<RunResult> {
  const inOrder = [...steps].sort((a, b) => a.atMs - b.atMs)
  return runWorld({ plan: { seed, devices: 3, collections, steps: inOrder, endMs }, keepsTrace: true })
}

interface Said {
  readonly atMs: number
  readonly device: string
  readonly code: SyncError['code']
}

/** What devices reported, in order. */
const reportsIn = ({ trace }: RunResult): Said[] =>
  trace.flatMap((line) => {
    const [, atMs, device, code] = /^(\d+) (device \d+) reports (\S+)$/.exec(line) ?? []
    return device === undefined ? [] : [{ atMs: Number(atMs), device, code: code as SyncError['code'] }]
  })

/** When this happened first. */
function timeOf({ trace }: RunResult, event: string): number {
  const line = trace.find((each) => each.endsWith(` ${event}`))
  if (line === undefined) throw new TypeError(`this never happened: ${event}`)
  return Number(line.split(' ')[0])
}

/** Who reports one of these codes between this moment and the end of an exchange. */
const devicesThatSay = (result: RunResult, fromMs: number, ...codes: readonly SyncError['code'][]): Set<string> =>
  new Set(
    reportsIn(result)
      .filter(({ atMs, code }) => atMs >= fromMs && atMs <= fromMs + EXCHANGE_MS && codes.includes(code))
      .map(({ device }) => device),
  )

async function lieInWorlds(lie: DocumentLie) {
  const result = { failures: [] as string[], told: 0, noticed: 0, codes: new Set<string>() }
  for (let seed = 1; seed <= 3; seed++) {
    const world = await run(seed, stepsWith(lie, seed))
    const { failures, counts } = world
    result.failures.push(...failures.map((failure) => `seed ${seed}: ${failure}`))
    result.told += counts.get(`relay ${lie}`) ?? 0
    result.noticed += counts.get(`device notices that the relay ${lie}`) ?? 0
    for (const { device, code } of reportsIn(world)) if (device === 'device 2') result.codes.add(code)
  }
  return result
}

describe('a device notices that the relay', () => {
  test.each<DocumentLie>([
    'alters bytes',
    'alters bytes and hashes',
    'forges signatures',
    'swaps documents',
    'drops in the middle',
    'reorders',
  ])('%s', async (lie) => {
    const { failures, told, noticed, codes } = await lieInWorlds(lie)
    expect(failures).toEqual([])
    expect(told).toBeGreaterThan(0)
    expect(noticed).toBeGreaterThan(0)
    expect([...codes]).toContain('relay-misbehaved')
  })

  test('is put back to an old backup, by whoever had read further', async () => {
    for (let seed = 1; seed <= 3; seed++) {
      const result = await run(seed, [
        ...editing(0, 20),
        { atMs: 5_000, kind: 'relay backup' },
        { atMs: 12_000, kind: 'relay loss', how: 'from an old backup that nobody marked', lastsMs: 500 },
      ])
      expect(result.failures, `seed ${seed}`).toEqual([])
      const backAtMs = timeOf(result, 'relay comes back from an old backup that nobody marked')
      // One of them brings back what is missing; whoever comes after that has nothing to say.
      expect(devicesThatSay(result, backAtMs, 'relay-rolled-back').size, `seed ${seed}`).toBeGreaterThan(0)
      expect(result.lost).toBe(0)
    }
  })

  test('shows two views, as soon as it shows one of those who saw the one what the others saw', async () => {
    for (let seed = 1; seed <= 3; seed++) {
      const result = await run(seed, [...editing(0, 30), { atMs: 6_000, kind: 'fork', whom: [1], lastsMs: 5_000 }])
      expect(result.failures, `seed ${seed}`).toEqual([])
      const joinedAtMs = timeOf(result, 'relay shows one view again')
      const saying = devicesThatSay(result, joinedAtMs, 'relay-rolled-back', 'relay-forked')
      expect([...saying], `seed ${seed}`).toContain('device 1')
      expect(result.lost).toBe(0)
    }
  })

  test('hides a removal, as soon as anything comes from a device that knows of it', async () => {
    for (let seed = 1; seed <= 3; seed++) {
      const result = await run(
        seed,
        [
          ...editing(0, 12),
          { atMs: 7_000, kind: 'hide keyring', device: 1, lastsMs: 30_000 },
          { atMs: 8_500, kind: 'remove', device: 0, whom: [2] },
          {
            ...{ atMs: 20_000, kind: 'edit', device: 0, collection: collections[0] as string, together: false },
            edits: [{ kind: 'add', id: 'canary-late@example.com', fields: { canary_name: 'canary late' } }],
          },
        ],
        40_000,
      )
      expect(result.failures, `seed ${seed}`).toEqual([])
      const removedAtMs = timeOf(result, 'device 1 is kept in the dark')
      const told = reportsIn(result).filter(({ device, code }) => device === 'device 1' && code === 'keyring-hidden')
      expect(told.length, `seed ${seed}`).toBeGreaterThan(0)
      expect(told[0]!.atMs).toBeGreaterThan(removedAtMs)
      expect(told[0]!.atMs).toBeLessThan(20_000 + EXCHANGE_MS)
    }
  })
})

describe('a device comes to no harm when the relay', () => {
  test.each<DocumentLie>(['repeats pages', 'freezes the tail'])('%s', async (lie) => {
    const { failures, told } = await lieInWorlds(lie)
    expect(failures).toEqual([])
    expect(told).toBeGreaterThan(0)
  })
})
