// Wherever a process dies. All boundaries together take the better part of an hour: `npm run simulate -- --sweep`.
import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { sweep } from '../src/sweep/sweep'

const EVERY = 43

test(`a process that dies at any boundary loses nothing and leaves nothing half done: every ${EVERY}rd, another in each scenario`, async () => {
  const failures: string[] = []
  let deaths = 0
  await sweep({
    every: EVERY,
    processes: Math.min(2, availableParallelism()),
    programArguments: [],
    failed: (sentence) => failures.push(sentence),
    finished: (scenario) => {
      deaths += scenario.deaths
    },
  })
  expect(failures).toEqual([])
  expect(deaths).toBeGreaterThan(150)
})
