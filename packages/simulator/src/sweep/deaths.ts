// Every death there is in a scenario: it runs once to count what its processes come to, and can then run once for every boundary with the
// process dying exactly there, coming up again, and the world being checked as any other.
import type { Boundary } from '../crash-points'
import type { Death, RunResult } from '../run'
import { runWorld } from '../world'
import { type Scenario, scenarioOf } from './scenarios'

/** One run of a sweep; it travels between processes. */
export interface SweptDeath {
  readonly scenario: string
  readonly place: Boundary
  readonly death: Death
}

/** Shorter than any back-off, so that the others often notice it only when it is up again. */
const DOWN_MS = 700

/** Runs the scenario undisturbed. @throws Error when it fails, or is not about what it says */
export async function deathsOf({ name, plan, reaches }: Scenario): Promise<readonly SweptDeath[]> {
  const { failures, counts, boundaries } = await runWorld({ plan })
  const missed = reaches.filter((event) => !counts.has(event)).map((event) => `never: ${event}`)
  const problems = [...failures, ...missed]
  if (problems.length > 0) throw new Error(`${name}, undisturbed: ${problems.join('; ')}`)
  // What a relay and its author's disk both lose is lost: there a device keeps what it has committed.
  const mayLosePower = !plan.steps.some(({ kind }) => kind === 'relay loss')
  return [...boundaries].flatMap(([actor, places]) =>
    places.map((place, at) => {
      const how = place === 'has committed' && mayLosePower ? 'power at once' : 'process'
      return { scenario: name, place, death: { actor, at, how, downMs: DOWN_MS } }
    }),
  )
}

export async function runDeath({ scenario: wanted, death }: SweptDeath, keepsTrace = false): Promise<RunResult> {
  const { plan } = scenarioOf(wanted)
  return runWorld({ plan, death, keepsTrace })
}

export function describeDeath({ scenario, place, death: { actor, at, how } }: SweptDeath): string {
  const who = actor === 'relay' ? 'the relay' : `device ${actor}`
  return `${scenario}: ${who} ${how === 'process' ? 'dies' : 'loses power'} as it ${place} (boundary ${at})`
}
