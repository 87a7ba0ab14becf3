import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openRegisters } from '../../src/document'
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
      { seed: 20_261, numRuns: 600 },
    )
  })

  test('a device that lost its latest transactions and writes its pending ones again removes nothing it had not seen', () => {
    fc.assert(
      fc.property(clocks, commandsWithForks, (times, history) => {
        const world = new World(times)
        for (const command of history) command(world)
        world.settle()
      }),
      { seed: 20_262, numRuns: 400 },
    )
  })

  test('a record of which some slots were read again holds what reading all of them gives', () => {
    fc.assert(
      fc.property(clocks, commandsWithForks, (times, history) => {
        const world = new World(times)
        for (const command of history) {
          command(world)
          for (const { registers } of world.devices) {
            const { doc, writer, lastN } = registers
            const afresh = openRegisters({ doc, writer, lastN, now: () => 0 })
            for (const id of ['ann', 'bob']) expect(registers.slots(id)).toEqual(afresh.slots(id))
          }
        }
      }),
      { seed: 20_264, numRuns: 200 },
    )
  })

  test('the histories come through every rare situation', () => {
    const histories = new Map<string, number>()
    fc.assert(
      fc.property(clocks, commandsWithForks, (times, history) => {
        const world = new World(times)
        for (const command of history) command(world)
        for (const situation of world.reached) histories.set(situation, (histories.get(situation) ?? 0) + 1)
      }),
      { seed: 20_263, numRuns: 200 },
    )
    const situations = [
      'a conflict, visible',
      'a conflict, hidden',
      'a delete conflict, visible',
      'a delete conflict, hidden',
    ]
    const counting = ['a count in several slots', 'an element both ways']
    for (const each of [
      'a purge',
      'more than a purge',
      ...situations,
      ...counting,
      'a kept value',
      'a lost life',
      'a new writer',
      'the same writer',
    ]) {
      expect(histories.get(each) ?? 0, each).toBeGreaterThanOrEqual(5)
    }
  })
})
