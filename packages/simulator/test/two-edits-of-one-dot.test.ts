// A power cut takes from a disk what the relay has already, and the next life writes under the same dot before it hears of that. Where a rebase
// has taken the items of edits, a dot is all that tells who has which of the two.
import { expect, test } from 'vitest'
import { type Plan, type RunResult, runWorld, type Step } from '../src'
import type { PlannedEdit } from '../src/plan'

const collection = 'canary contacts'
const [ann, bob, cem] = ['ann', 'bob', 'cem'].map((name) => `canary-${name}@example.com`) as [string, string, string]

const edit = (atMs: number, device: number, ...edits: PlannedEdit[]): Step => ({
  ...{ atMs, device, collection, edits },
  kind: 'edit',
  together: false,
})
const add = (id: string): PlannedEdit => ({ kind: 'add', id, fields: { canary_name: 'canary at first' } })
const update = (id: string, value: string): PlannedEdit => ({
  kind: 'update',
  id,
  fields: { canary_note: `canary ${value}` },
})
/** Long enough that the document is rebased. */
const history = (fromMs: number): Step[] =>
  Array.from({ length: 30 }, (_, n) => edit(fromMs + 150 * n, n % 2, update([ann, bob, cem][n % 3]!, `value ${n}`)))
const losesPower = (atMs: number, awayMs: number): Step => ({
  ...{ atMs, device: 1, awayMs },
  kind: 'crash',
  how: 'power at once',
  downMs: 500,
})

const beginning: readonly Step[] = [
  { atMs: 300, kind: 'join', device: 1 },
  edit(4_000, 0, add(ann), add(bob), add(cem)),
  edit(5_000, 1, update(bob, 'of device 1')),
]

function run(seed: number, steps: readonly Step[], endMs: number): Promise<RunResult> {
  const documentLimits = { minTailBytes: Number.MAX_SAFE_INTEGER, minDeadStructs: 12 }
  const plan: Plan = { seed, devices: 2, collections: [collection], documentLimits, steps, endMs }
  return runWorld({ plan })
}

test('who has the one from the relay does not have the other, which its author has not sent', async () => {
  for (const seed of [1, 2, 3]) {
    const { failures, rewrites, rebases } = await run(
      seed,
      [
        ...beginning,
        ...history(6_000),
        // Everything until now is where a power cut does not reach.
        edit(60_000, 1, update(bob, 'at the relay only')),
        losesPower(60_500, 20_000),
        edit(62_000, 0, { kind: 'delete', id: cem }),
        edit(65_000, 1, update(cem, 'under the same dot')),
        // It has not heard that cem was written to, and is refused.
        edit(66_000, 0, update(cem, 'after the delete')),
      ],
      90_000,
    )
    expect(failures, `seed ${seed}`).toEqual([])
    expect(rewrites, `seed ${seed}`).toBeGreaterThan(0)
    expect(rebases, `seed ${seed}`).toBe(1)
  }
})

test('the one that died with its author before it was sent is nowhere', async () => {
  // What the disk kept of its own accord before the power went is not for the plan to say.
  let died = 0
  for (let seed = 1; died < 3; seed++) {
    expect(seed, `${died} of the worlds lost it`).toBeLessThan(12)
    const { failures, neverPromised, rebases } = await run(
      seed,
      [
        ...beginning,
        edit(45_000, 1, update(bob, 'at the relay only')),
        losesPower(45_500, 20_000),
        edit(48_000, 1, { kind: 'delete', id: cem }),
        losesPower(48_500, 2_000),
        ...history(60_000),
      ],
      90_000,
    )
    expect(failures, `seed ${seed}`).toEqual([])
    expect(rebases, `seed ${seed}`).toBe(1)
    died += neverPromised
  }
})
