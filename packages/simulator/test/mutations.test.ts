// Checks that can fail: each of these mistakes, made in the engine on purpose, is noticed by some seed.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loaderArguments, type Mutation } from '../src/mutations/mutation'
import { mutations } from '../src/mutations/mutations'
import { runJobs } from '../src/pool'

/** Searched when the known seed catches a mutation no more: another draw of a plan makes other histories of all seeds. */
const SEEDS_TO_SEARCH = 60

function* seedsFor({ seed }: Mutation): Generator<number> {
  yield seed
  for (let other = 1; other <= SEEDS_TO_SEARCH; other++) if (other !== seed) yield other
}

/** What the first seed that fails says. */
async function firstFailure(mutation: Mutation): Promise<string> {
  let found: readonly string[] = []
  await runJobs({
    jobs: seedsFor(mutation),
    processes: 1,
    programArguments: ['--mutation', mutation.name],
    nodeArguments: loaderArguments(mutation),
    finished: ({ seed, failures }) => {
      if (failures.length > 0) found = failures.map((failure) => `seed ${seed}: ${failure}`)
      return failures.length > 0
    },
  })
  return found.join('\n')
}

describe('a world notices that', () => {
  test.each(mutations.map((each) => [each.name, each] as const))('%s', async (_, mutation) => {
    expect(await firstFailure(mutation)).toMatch(mutation.noticedAs)
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
  const edits = [{ file: 'core/src/sync/outbox.ts', find: 'no such text', replace: '' }]
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
