import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { createPlan, type Plan, runWorld, type Step } from '../src'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

function planWith(steps: readonly Step[], seed = 1, devices = 3): Plan {
  const { collections } = createPlan({ seed })
  return { seed, devices, collections, steps, endMs: 20_000 }
}

/** Runs the plan's steps under many seeds: every one draws other delays, so that steps meet in other moments. */
async function failuresOf(steps: readonly Step[], devices = 3, seeds = 12): Promise<string[]> {
  const failures: string[] = []
  for (let seed = 1; seed <= seeds; seed++) {
    const result = await runWorld({ plan: planWith(steps, seed, devices) })
    failures.push(...result.failures.map((failure) => `seed ${seed}: ${failure}`))
  }
  return failures
}

describe('a seed', () => {
  test('is one history: two processes print the same trace hash', async () => {
    const run = promisify(execFile)
    const replay = async () => {
      const options = ['--conditions=@owlivion/source', '--import', 'tsx', main, '--seed', '11']
      const { stdout } = await run(process.execPath, options, { cwd: root })
      return /trace hash +([0-9a-f]{64})/.exec(stdout)?.[1]
    }
    const [first, second] = [await replay(), await replay()]
    expect(first).toMatch(/^[0-9a-f]{64}$/)
    expect(second).toBe(first)
    expect((await runWorld({ plan: createPlan({ seed: 11 }) })).traceHash).toBe(first)
  })

  test('draws another history than the next', async () => {
    const [first, second] = [
      await runWorld({ plan: createPlan({ seed: 11 }) }),
      await runWorld({ plan: createPlan({ seed: 12 }) }),
    ]
    expect(first.traceHash).not.toBe(second.traceHash)
  })

  test('ends with all devices equal and nothing lost, whatever happens', async () => {
    const reached = new Map<string, number>()
    for (let seed = 1; seed <= 12; seed++) {
      const { failures, counts } = await runWorld({ plan: createPlan({ seed }) })
      expect(failures, `seed ${seed}`).toEqual([])
      for (const [kind, count] of counts) reached.set(kind, (reached.get(kind) ?? 0) + count)
    }
    const faults = [
      'network drops',
      'network loses',
      'network duplicates',
      'network reorders',
      'device is cut off',
      'device connection breaks',
      'device crashes',
      'device loses power',
      'relay crashes',
      'relay drains',
      'device disk full',
      'device sets its clock',
      'device goes offline',
    ]
    for (const fault of faults) expect(reached.get(fault), fault).toBeGreaterThan(0)
  })
})

describe('devices', () => {
  test('that join in the same moment all become members', async () => {
    const joins = [1, 2].map((device) => ({ atMs: 1_000, kind: 'join', device }) as const)
    expect(await failuresOf(joins)).toEqual([])
  })

  test('that join over a line on which everything comes twice and out of order become members', async () => {
    const weather = { drop: 0.1, duplicate: 0.5, reorder: 0.5, slowMs: 1_000 }
    const steps: Step[] = [1, 2].flatMap((device) => [
      { atMs: 500, kind: 'weather', device, weather, lastsMs: 20_000 },
      { atMs: 1_000, kind: 'join', device },
    ])
    expect(await failuresOf(steps)).toEqual([])
  })

  test('that die while they join become members when they try again', async () => {
    for (const how of ['process', 'power'] as const) {
      const steps: Step[] = [1, 2].flatMap((device) => [
        { atMs: 1_000, kind: 'join', device },
        { atMs: 1_100 + 60 * device, kind: 'crash', device, how, downMs: 500, awayMs: 0 },
      ])
      expect(await failuresOf(steps)).toEqual([])
    }
  })

  test('take in what a device wrote that they hear of for the first time', async () => {
    const edits = (atMs: number): Step => {
      const fields = { canary_name: `canary ${atMs}` }
      const add = { kind: 'add', id: 'canary-ann@example.com', fields } as const
      return { atMs, kind: 'edit', device: 2, collection: 'canary contacts', together: false, edits: [add] }
    }
    const slow = { drop: 0, duplicate: 0, reorder: 0, slowMs: 3_000 }
    const steps: Step[] = [
      { atMs: 1_000, kind: 'join', device: 1 },
      // The news of the device and what it writes arrive together, long before the keyring can be read.
      { atMs: 2_500, kind: 'weather', device: 0, weather: slow, lastsMs: 10_000 },
      { atMs: 2_500, kind: 'weather', device: 1, weather: slow, lastsMs: 10_000 },
      { atMs: 3_000, kind: 'join', device: 2 },
      ...Array.from({ length: 20 }, (_, n) => edits(3_050 + 20 * n)),
    ]
    expect(await failuresOf(steps)).toEqual([])
  })
})
