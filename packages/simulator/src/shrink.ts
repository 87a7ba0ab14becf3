// Makes a failing plan short: drops steps, first many at once, then one by one, then single edits, as long as it still fails in the
// same way.
import type { Plan, Step } from './plan'
import { runWorld } from './world'

/** Minutes, for the longest seeds. */
const MAX_RUNS = 400

export interface Shrunk {
  readonly plan: Plan
  readonly runs: number
}

/**
 * @param failure how the plan fails
 * @param run answers how a shorter plan fails, if it does; costs as much as the seed did
 */
export async function shrink(
  plan: Plan,
  failure: string,
  run: (plan: Plan) => Promise<string | undefined> = firstFailure,
): Promise<Shrunk> {
  let runs = 0
  let best = plan
  const isStillFailing = async (steps: readonly Step[]): Promise<boolean> => {
    if (runs >= MAX_RUNS) return false
    runs++
    const candidate = { ...plan, steps }
    const first = await run(candidate)
    if (first === undefined || kindOf(first) !== kindOf(failure)) return false
    best = candidate
    return true
  }

  for (let size = Math.ceil(plan.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    // From the end, so that positions before the cut stay what they are.
    for (let at = best.steps.length - size; at > -size; at -= size) {
      await isStillFailing(best.steps.filter((_, index) => index < at || index >= at + size))
    }
  }
  for (let at = best.steps.length - 1; at >= 0; at--) {
    for (let edit = editsOf(best.steps[at]).length - 1; edit >= 0; edit--) {
      const step = best.steps[at]
      if (step?.kind !== 'edit' || step.edits.length < 2) continue
      const fewer = { ...step, edits: step.edits.filter((_, index) => index !== edit) }
      await isStillFailing(best.steps.with(at, fewer))
    }
  }
  return { plan: best, runs }
}

async function firstFailure(plan: Plan): Promise<string | undefined> {
  return (await runWorld({ plan })).failures[0]
}

function editsOf(step: Step | undefined): readonly unknown[] {
  return step?.kind === 'edit' ? step.edits : []
}

/** What remains of a failure's sentence when names, numbers and contents are taken out. */
function kindOf(failure: string): string {
  return failure
    .slice(0, 60)
    .replaceAll(/canary\S*|device \d+|\d+/g, '·')
    .slice(0, 24)
}
