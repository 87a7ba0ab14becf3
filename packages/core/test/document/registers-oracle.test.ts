import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clocks, commands, commandsWithForks } from './commands'
import { World } from './world'

describe('registers against the oracle', () => {
  test('in any causal history every device answers what the oracle says, and in the end all are equal', () => {
    fc.assert(
      fc.property(clocks, commands, (times, history) => {
        const world = new World(times)
        for (const command of history) command(world)
        world.settle()
      }),
      { seed: 20_261, numRuns: 1500 },
    )
  })

  test('a device that lost its latest transactions and writes its pending ones again removes nothing it had not seen', () => {
    fc.assert(
      fc.property(clocks, commandsWithForks, (times, history) => {
        const world = new World(times)
        for (const command of history) command(world)
        world.settle()
      }),
      { seed: 20_262, numRuns: 1500 },
    )
  })

  test('the histories reach what they are meant to reach', () => {
    const reached = new Map<string, number>()
    const count = (name: string, isReached: boolean) =>
      reached.set(name, (reached.get(name) ?? 0) + (isReached ? 1 : 0))
    fc.assert(
      fc.property(clocks, commandsWithForks, (times, history) => {
        const world = new World(times)
        for (const command of history) command(world)
        world.settle()
        const { registers } = world.devices[0]!
        count('a conflict', !registers.conflicts().next().done)
        count('a delete conflict', !registers.deleteConflicts().next().done)
        count('a hidden record', !registers.deletedIds().next().done)
        count('a kept value', registers.conflicts().next().value?.candidates.length === 3)
      }),
      { seed: 20_263, numRuns: 200 },
    )
    for (const [name, times] of reached) expect(times, name).toBeGreaterThan(5)
  })
})
