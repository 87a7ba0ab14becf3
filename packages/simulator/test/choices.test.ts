// What people choose on their devices: which data types, and when. Scripted worlds, each under several seeds; random ones draw the same.
import { describe, expect, test } from 'vitest'
import { createPlan, runWorld, type Step } from '../src'

const MINUTE_MS = 60_000
const contacts = 'canary contacts'

function edits(device: number, ...times: readonly number[]): Step[] {
  return times.map((atMs) => {
    const fields = { canary_name: `canary ${device} ${atMs}` }
    const add = { kind: 'add', id: 'canary-ann@example.com', fields } as const
    return { atMs, kind: 'edit', device, collection: contacts, together: false, edits: [add] }
  })
}

const join: Step = { atMs: 500, kind: 'join', device: 1 }
const usual = { onStart: false, onNetworkReturn: false }

/** What went wrong, and how often everything happened, in several worlds of these steps. */
async function run(steps: readonly Step[], endMs: number) {
  const { collections } = createPlan({ seed: 1 })
  const failures: string[] = []
  const counts = new Map<string, number>()
  for (let seed = 1; seed <= 4; seed++) {
    const plan = { seed, devices: 2, collections, steps: [join, ...steps], endMs }
    const result = await runWorld({ plan })
    failures.push(...result.failures)
    for (const [kind, count] of result.counts) counts.set(kind, (counts.get(kind) ?? 0) + count)
  }
  return { failures, counts }
}

describe('a data type', () => {
  test('that is off costs nothing, survives restarts so, and is level with the others when it is on again', async () => {
    const { failures, counts } = await run(
      [
        ...edits(0, 9_000, 12_000, 25_000),
        { atMs: 10_000, kind: 'switch off', device: 1, collection: contacts },
        ...edits(1, 11_000, 26_000),
        { atMs: 13_000, kind: 'crash', device: 1, how: 'power', downMs: 1_000, awayMs: 0 },
        { atMs: 20_000, kind: 'close', device: 1 },
        { atMs: 22_000, kind: 'open', device: 1 },
      ],
      30_000,
    )
    expect(failures).toEqual([])
    expect(counts.get('world is settled but for what is off')).toBeGreaterThan(0)
    expect(counts.get('device switches on')).toBe(counts.get('world is settled but for what is off'))
  })
})

describe('an account whose maker paused before the relay had it', () => {
  test('is joined once everybody may sync again', async () => {
    const { failures, counts } = await run(
      [
        { atMs: 0, kind: 'go offline', device: 0 },
        { atMs: 1_000, kind: 'pause', device: 0, lastsMs: undefined },
        { atMs: 2_000, kind: 'go online', device: 0 },
        ...edits(0, 3_000),
        // Not up yet when faults end.
        { atMs: 4_500, kind: 'crash', device: 0, how: 'process', downMs: 60_000, awayMs: 0 },
      ],
      5_000,
    )
    expect(failures).toEqual([])
    expect(counts.get('device cannot enter: account-unknown')).toBeGreaterThan(0)
  })
})

describe('a schedule', () => {
  test('of minutes is kept, asleep or awake, whatever the clock is set to', async () => {
    const { failures, counts } = await run(
      [
        { atMs: 10_000, kind: 'set schedule', device: 1, mode: 15, ...usual },
        ...edits(0, 20_000),
        { atMs: 20 * MINUTE_MS, kind: 'sleep', device: 1, lastsMs: 80 * MINUTE_MS },
        { atMs: 110 * MINUTE_MS, kind: 'set clock', device: 1, offsetMs: -365 * 24 * 60 * MINUTE_MS },
      ],
      140 * MINUTE_MS,
    )
    expect(failures).toEqual([])
    expect(counts.get('device wakes up')).toBe(4)
    // At 15 minutes, after its sleep at 100, from there on to 140, and once more at the end, in each world.
    expect(counts.get('device connects')).toBeGreaterThanOrEqual(4 * 5)
  })

  test('is not called missed where a device fell asleep before it could look at a clock that was set', async () => {
    const { failures, counts } = await run(
      [
        { atMs: 0, kind: 'set clock', device: 1, offsetMs: 26_131_193_888 },
        { atMs: 2_248, kind: 'set schedule', device: 1, mode: 15, ...usual, onStart: true },
        { atMs: 9_083, kind: 'crash', device: 1, how: 'process', downMs: 10_970, awayMs: 50_613 },
        { atMs: 60_190, kind: 'set schedule', device: 1, mode: 15, ...usual },
        { atMs: 64_830, kind: 'set clock', device: 1, offsetMs: 45_998_190 },
        { atMs: 64_830, kind: 'sleep', device: 1, lastsMs: 3_861_849 },
      ],
      70 * MINUTE_MS,
    )
    expect(failures).toEqual([])
    expect(counts.get('device wakes up')).toBe(4)
  })

  test('is paused until it is resumed, and by hand it syncs when it is asked', async () => {
    const { failures, counts } = await run(
      [
        { atMs: 9_000, kind: 'set schedule', device: 1, mode: 'manual', ...usual },
        ...edits(1, 20_000, 30_000),
        { atMs: 40_000, kind: 'sync now', device: 1 },
        { atMs: 60_000, kind: 'pause', device: 1, lastsMs: undefined },
        { atMs: 61_000, kind: 'crash', device: 1, how: 'process', downMs: 1_000, awayMs: 0 },
        { atMs: 70_000, kind: 'sync now', device: 1 },
        { atMs: 80_000, kind: 'resume', device: 1 },
        { atMs: 90_000, kind: 'sync now', device: 1 },
      ],
      120_000,
    )
    expect(failures).toEqual([])
    expect(counts.get('device has synced')).toBeGreaterThanOrEqual(8)
  })
})

test('a device whose clock was set back is late by its schedule until the week of a new phrase has passed for it, too', async () => {
  const { failures, counts } = await run(
    [
      { atMs: 3_500, kind: 'go offline', device: 1 },
      { atMs: 4_000, kind: 'new phrase', device: 0, how: 'without it' },
      { atMs: 8_000, kind: 'a week passes' },
      { atMs: 8_100, kind: 'go offline', device: 0 },
      { atMs: 8_200, kind: 'go online', device: 0 },
      ...edits(0, 8_500, 9_500),
      { atMs: 8_600, kind: 'set schedule', device: 1, mode: 15, ...usual },
      { atMs: 8_700, kind: 'set clock', device: 1, offsetMs: -36_000_000 },
      { atMs: 9_000, kind: 'go online', device: 1 },
    ],
    20_000,
  )
  expect(failures).toEqual([])
  expect(counts.get('device reports reissue-early')).toBeGreaterThan(0)
  expect(counts.get('world a week passes')).toBe(8)
})

test('a store that is taken away loses nothing that was said to be stored', async () => {
  const { failures, counts } = await run(
    [...edits(0, 8_000, 10_010, 11_000, 14_000), { atMs: 10_000, kind: 'store ends', device: 0, lastsMs: 3_000 }],
    20_000,
  )
  expect(failures).toEqual([])
  expect(counts.get('device loses its store')).toBe(4)
})

test('what was deleted weeks ago devices purge by themselves, and the world expects it', async () => {
  const weeks = [20_000, 60_000, 100_000, 140_000, 180_000, 220_000, 260_000]
  const remove = { kind: 'delete', id: 'canary-ann@example.com' } as const
  const result = await runWorld({
    plan: {
      ...{ seed: 3, devices: 2, endMs: 300_000 },
      collections: [contacts],
      steps: [
        join,
        ...edits(0, 9_000),
        { atMs: 12_000, kind: 'edit', device: 1, collection: contacts, together: false, edits: [remove] },
        ...weeks.flatMap((atMs): Step[] => {
          const add = { kind: 'add', id: 'canary-bob@example.com', fields: { canary_name: `canary ${atMs}` } } as const
          const edit = { kind: 'edit', device: 0, collection: contacts, together: false, edits: [add] } as const
          return [
            { atMs, kind: 'a week passes' },
            { atMs: atMs + 20_000, ...edit },
          ]
        }),
      ],
    },
  })
  expect(result.failures).toEqual([])
  expect(result.purges).toBeGreaterThan(0)
})

test('random worlds draw all of it when asked to', () => {
  const drawn = new Set<Step['kind']>()
  for (let seed = 1; seed <= 100; seed++)
    for (const { kind } of createPlan({ seed, choices: true }).steps) drawn.add(kind)
  const kinds = ['set schedule', 'pause', 'resume', 'network returns', 'sync now', 'sleep'] as const
  for (const kind of [...kinds, 'switch off', 'switch on', 'store ends'] as const)
    expect(drawn.has(kind), kind).toBe(true)
})
