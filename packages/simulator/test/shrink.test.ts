import { expect, test } from 'vitest'
import { createPlan, type Plan, shrink } from '../src'

/** A plan of many steps, of which the 7th and the 40th matter, and of the 7th one edit. */
function createFailing() {
  const plan = createPlan({ seed: 3, steps: 60 })
  const [early, late] = [plan.steps[6], plan.steps[40]]
  const edits = Array.from({ length: 5 }, (_, n) => ({ kind: 'delete', id: `record ${n}` }) as const)
  const step = { kind: 'edit', atMs: early?.atMs ?? 0, device: 0, collection: 'a', together: false, edits } as const
  const failing: Plan = { ...plan, steps: plan.steps.with(6, step) }
  const run = async ({ steps }: Plan) => {
    const kept = steps.find((each) => each.kind === 'edit' && each.edits.some((edit) => edit.id === 'record 3'))
    if (!kept) return steps.length < 3 ? 'device 7 fails otherwise' : undefined
    return late && steps.includes(late) ? `device 2 lost ${steps.length} edits` : undefined
  }
  return { failing, late, run }
}

test('a failing plan shrinks to the steps and edits without which it would not fail in the same way', async () => {
  const { failing, late, run } = createFailing()
  const { plan, runs } = await shrink(failing, 'device 1 lost 90 edits', run)
  expect(plan.steps.length).toBe(2)
  expect(plan.steps[0]).toMatchObject({ kind: 'edit', edits: [{ kind: 'delete', id: 'record 3' }] })
  expect(plan.steps[1]).toBe(late)
  expect(runs).toBeLessThan(300)
})

test('a plan that cannot be made shorter stays what it is', async () => {
  const { failing } = createFailing()
  const { plan } = await shrink(failing, 'it fails', async () => undefined)
  expect(plan).toBe(failing)
})
