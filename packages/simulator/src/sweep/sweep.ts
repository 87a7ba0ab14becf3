// Runs the scenarios with a death at every boundary, or at every so many of them, on as many cores as are given.
import { runJobs } from '../pool'
import { deathsOf, describeDeath, type SweptDeath } from './deaths'
import { scenarios } from './scenarios'

export interface SweepOptions {
  /** 1 for every boundary. Each scenario begins with another one. */
  readonly every: number
  /** Part of the names of those that are run; all when left out. */
  readonly only?: string | undefined
  readonly processes: number
  readonly programArguments: readonly string[]
  readonly nodeArguments?: readonly string[]
  /** Called with everything that went wrong, at once. */
  readonly failed: (sentence: string) => void
  readonly finished: (scenario: SweptScenario) => void
}

export interface SweptScenario {
  readonly name: string
  /** Of each process, the relay first. */
  readonly boundaries: readonly number[]
  readonly deaths: number
  readonly failures: number
}

/** Coprime to most steps, so that scenarios do not all meet the same boundaries of what they have in common. */
const NEXT_OFFSET = 7

/** All in one pool: it takes as long to start a process as to run ten deaths. */
export async function sweep(options: SweepOptions): Promise<void> {
  const { every, only = '', processes, programArguments, nodeArguments = [] } = options
  const jobs: SweptDeath[] = []
  const waiting = new Map<
    string,
    { readonly all: readonly SweptDeath[]; deaths: number; left: number; failures: number }
  >()
  for (const [index, scenario] of scenarios.entries()) {
    if (!scenario.name.includes(only)) continue
    const all = await deathsOf(scenario)
    const chosen = all.filter((_, position) => (position + index * NEXT_OFFSET) % every === 0)
    waiting.set(scenario.name, { all, deaths: chosen.length, left: chosen.length, failures: 0 })
    jobs.push(...chosen)
  }
  await runJobs({
    ...{ jobs, programArguments, nodeArguments },
    processes: Math.min(processes, jobs.length),
    finished: (summary, job) => {
      const tally = waiting.get(job.scenario)
      if (tally === undefined) return false
      const [failure] = summary.failures
      if (failure !== undefined) {
        tally.failures++
        options.failed(`${describeDeath(job)}: ${failure}`)
      }
      const { all, deaths, failures } = tally
      if (--tally.left === 0) options.finished({ name: job.scenario, boundaries: countByActor(all), deaths, failures })
      return false
    },
  })
}

function countByActor(deaths: readonly SweptDeath[]): readonly number[] {
  const counts = new Map<SweptDeath['death']['actor'], number>()
  for (const { death } of deaths) counts.set(death.actor, (counts.get(death.actor) ?? 0) + 1)
  return [...counts.values()]
}

/** One line a scenario, for a report. */
export function describeScenario({ name, boundaries, deaths, failures }: SweptScenario): string {
  const [atRelay = 0, ...atDevices] = boundaries
  const total = boundaries.reduce((sum, each) => sum + each, 0)
  const where = `${atRelay} of the relay, ${atDevices.join(' + ')} of devices`
  return `${name}: ${total} boundaries (${where}), ${deaths} deaths, ${failures} failed`
}
