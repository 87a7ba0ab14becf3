// Checks that can fail: each of these mistakes, made in the engine on purpose, is noticed by some seed.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loaderArguments, type Mutation } from '../src/mutations/mutation'
import { mutations } from '../src/mutations/mutations'
import { type Job, runJobs } from '../src/pool'
import { deathsOf, describeDeath, type SweptDeath } from '../src/sweep/deaths'
import { scenarioOf } from '../src/sweep/scenarios'

/** Searched when what is known to catch a mutation does so no more: another draw of a plan makes other histories of all seeds. */
const JOBS_TO_SEARCH = 60

async function jobsFor({ caughtBy }: Mutation): Promise<readonly Job[]> {
  if (typeof caughtBy === 'object') {
    const scenario = scenarioOf(caughtBy.scenario)
    const distance = ({ death }: SweptDeath): number => Math.abs(death.at - caughtBy.at)
    return (await deathsOf(scenario))
      .filter(({ death }) => death.actor === caughtBy.device)
      .sort((a, b) => distance(a) - distance(b))
      .slice(0, JOBS_TO_SEARCH)
  }
  const others = Array.from({ length: JOBS_TO_SEARCH }, (_, index) => index + 1)
  return [caughtBy, ...others.filter((seed) => seed !== caughtBy)]
}

/** What the first world says that notices the mutation as it is to be noticed; else the last that fails in another way. */
async function firstNotice(mutation: Mutation): Promise<string> {
  let found: readonly string[] = []
  await runJobs({
    jobs: await jobsFor(mutation),
    processes: 1,
    programArguments: ['--mutation', mutation.name],
    nodeArguments: loaderArguments(mutation),
    finished: ({ seed, failures }, job) => {
      const name = typeof job === 'object' ? describeDeath(job) : `seed ${seed}`
      if (failures.length > 0) found = failures.map((failure) => `${name}: ${failure}`)
      return failures.some((failure) => mutation.noticedAs.test(failure))
    },
  })
  return found.join('\n')
}

describe('a world notices that', () => {
  test.each(mutations.map((each) => [each.name, each] as const))('%s', async (_, mutation) => {
    expect(await firstNotice(mutation)).toMatch(mutation.noticedAs)
  })
})

test('every mutation finds its place in the engine exactly once', () => {
  for (const { name, edits } of mutations)
    for (const { file, find } of edits) {
      const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
      expect(source.split(find).length - 1, `${name}: ${find}`).toBe(1)
    }
})

test('a mutation that does not find its place ends the process', async () => {
  const edits = [{ file: 'core/src/sync/writing/outbox.ts', find: 'no such text', replace: '' }]
  const [mutation] = mutations
  const run = runJobs({
    jobs: [1],
    processes: 1,
    programArguments: ['--mutation', (mutation as Mutation).name],
    nodeArguments: loaderArguments({ edits }),
    finished: () => true,
  })
  await expect(run).rejects.toThrow('finds its place 0 times: no such text')
})
