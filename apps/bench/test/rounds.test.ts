import { expect, test } from 'vitest'
import { floor } from '../src/engines/engines'
import { markdownOf } from '../src/report/markdown'
import { runRounds } from '../src/rounds'
import type { Workload } from '../src/workloads/workload'

const workloadOf = (name: string, ran: string[]): Workload => ({
  name,
  title: name,
  run: async () => {
    ran.push(name)
    return { 'time ms': 1 }
  },
})

test('what an engine cannot do is not run, and is named with its reason', async () => {
  const ran: string[] = []
  const said: string[] = []
  const workloads = [workloadOf('W1', ran), workloadOf('W7', ran)]
  const measured = await runRounds({
    engines: [{ ...floor, name: 'peer', skips: { W7: 'it has no acknowledgement' } }],
    workloads,
    rounds: 2,
    say: (line) => said.push(line),
  })
  expect(ran).toEqual(['W1', 'W1'])
  expect(measured.map(({ workload, figures, skipped }) => [workload, figures.length, skipped])).toEqual([
    ['W1', 2, undefined],
    ['W7', 0, 'it has no acknowledgement'],
  ])
  expect(said.filter((line) => line.includes('skipped'))).toHaveLength(1)
  const machine = { cpu: 'any', cores: 1, memoryGiB: 1, node: 'v20' }
  const markdown = markdownOf({ machine, date: '2026-01-01T00:00:00Z', rounds: 2, measured }, workloads)
  expect(markdown).toContain('## What could not run\n\n- peer, W7: not run, it has no acknowledgement')
})

test('what fails is told whole, and kept without the folders of this machine', async () => {
  const said: string[] = []
  const failing: Workload = {
    name: 'W1',
    title: 'W1',
    run: async () => {
      throw new Error('peer reader, join: Error: not so after 60 s\n    at until (file:///home/me/dist/child.js:8:32)')
    },
  }
  const [measured] = await runRounds({
    engines: [floor],
    workloads: [failing],
    rounds: 1,
    say: (line) => said.push(line),
  })
  expect(measured?.failed).toEqual(['peer reader, join: Error: not so after 60 s'])
  expect(said.join()).toContain('child.js:8:32')
})
