import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clocks, editList, record } from './commands'
import { RebaseWorld } from './rebase-world'

type Command = (world: RebaseWorld) => unknown
const named = (text: string, run: Command): Command => Object.assign(run, { toString: () => text })
const at = fc.nat({ max: 4 })
const deviceOf = (world: RebaseWorld, index: number) => index % world.devices.length

const edits = fc
  .tuple(at, editList)
  .map(([index, list]) =>
    named(`edit ${index} ${JSON.stringify(list)}`, (world) => world.edit(deviceOf(world, index), list)),
  )
const purges = fc.tuple(at, record, fc.boolean()).map(([index, id, isAnnounced]) =>
  named(`purge ${index} ${id}${isAnnounced ? ', which all have seen deleted' : ''}`, (world) => {
    if (isAnnounced) {
      world.edit(deviceOf(world, index), [{ kind: 'delete', id }])
      for (const other of world.devices.keys()) world.send(other, 1e9)
      for (const other of world.devices.keys()) world.read(other, 1e9)
    }
    world.purge(deviceOf(world, index), id)
  }),
)
const sends = fc
  .tuple(at, fc.integer({ min: 1, max: 4 }))
  .map(([index, count]) => named(`send ${index} × ${count}`, (world) => world.send(deviceOf(world, index), count)))
const reads = fc
  .tuple(at, fc.integer({ min: 1, max: 4 }), fc.constantFrom(false, false, true), fc.constantFrom(false, false, true))
  .map(([index, count, skips, newWriter]) =>
    named(`read ${index} × ${count} ${skips} ${newWriter}`, (world) =>
      world.read(deviceOf(world, index), count, { skips, newWriter }),
    ),
  )
const catchUps = fc
  .tuple(at, fc.boolean())
  .map(([index, skips]) =>
    named(`read all ${index} ${skips}`, (world) => world.read(deviceOf(world, index), 1e9, { skips })),
  )
const rebases = at.map((index) => named(`rebase ${index}`, (world) => world.rebase(deviceOf(world, index))))
const races = fc
  .tuple(at, at)
  .map(([first, second]) =>
    named(`rebase ${first} and ${second}`, (world) =>
      world.rebaseAtOnce(deviceOf(world, first), deviceOf(world, second)),
    ),
  )
const reload = at.map((index) => named(`reload ${index}`, (world) => world.reload(deviceOf(world, index))))
const tick = fc.tuple(at, fc.constantFrom(1, 1000, 60_000, -5000)).map(([index, ms]) =>
  named(`tick ${index} ${ms}`, (world) => {
    world.devices[deviceOf(world, index)]!.clock += ms
  }),
)
const part = fc.constant(named('part', (world) => world.part()))
const join = fc.boolean().map((isSwapped) => named('join', (world) => world.join(isSwapped)))

const ordinary = [
  { weight: 12, arbitrary: edits },
  { weight: 7, arbitrary: sends },
  { weight: 6, arbitrary: reads },
  { weight: 3, arbitrary: catchUps },
  { weight: 3, arbitrary: rebases },
  { weight: 1, arbitrary: races },
  { weight: 1, arbitrary: purges },
  { weight: 1, arbitrary: reload },
  { weight: 1, arbitrary: tick },
]
const shared = named('a record that all know', (world) => {
  world.edit(0, [{ kind: 'add', id: 'ann', fields: { name: 'a', note: 'b' } }])
  world.send(0, 9)
  for (const index of world.devices.keys()) world.read(index, 9)
})
const raced = named('a record that two created at once', (world) => {
  world.edit(0, [{ kind: 'add', id: 'ann', fields: { name: 'a', note: 'b' } }])
  world.edit(1, [
    { kind: 'add', id: 'ann', fields: { name: 'b' } },
    { kind: 'update', id: 'ann', fields: { note: 'a' } },
  ])
  for (const index of world.devices.keys()) world.send(index, 9)
  for (const index of world.devices.keys()) world.read(index, 9)
})
const start = fc.constantFrom([shared], [raced], [])
const commands = fc.noBias(
  fc
    .tuple(start, fc.array(fc.oneof(...ordinary), { maxLength: 40, size: 'max' }))
    .map(([first, rest]) => [...first, ...rest]),
)
const commandsWithParts = fc.noBias(
  fc
    .tuple(
      start,
      fc.array(fc.oneof(...ordinary, { weight: 1, arbitrary: part }, { weight: 1, arbitrary: join }), {
        maxLength: 40,
        size: 'max',
      }),
    )
    .map(([first, rest]) => [...first, ...rest]),
)

const run = (times: readonly number[], history: readonly Command[]): RebaseWorld => {
  const world = new RebaseWorld(times)
  for (const command of history) command(world)
  return world
}

describe('rebases against an oracle that knows of none', () => {
  test('whatever was rebased meanwhile, every device answers as if nothing had been', () => {
    fc.assert(
      fc.property(clocks, commands, (times, history) => run(times, history).settle()),
      { seed: 20_264, numRuns: 400 },
    )
  })

  test('of two halves that were rebased apart nothing is lost, and nothing comes back', () => {
    fc.assert(
      fc.property(clocks, commandsWithParts, (times, history) => run(times, history).settle()),
      { seed: 20_265, numRuns: 300 },
    )
  })

  test('the histories come through every rare situation', () => {
    const histories = new Map<string, number>()
    fc.assert(
      fc.property(clocks, commandsWithParts, (times, history) => {
        for (const each of run(times, history).reached) histories.set(each, (histories.get(each) ?? 0) + 1)
      }),
      { seed: 20_266, numRuns: 400 },
    )
    for (const each of [
      'a purge',
      'a conflict, visible',
      'a conflict, hidden',
      'a delete conflict, visible',
      'a delete conflict, hidden',
      'a count in several slots',
      'a rebase with unsent edits',
      'rewritten',
      'rewritten as another writer',
      'a jump over epochs',
      'a join',
      'a rebase that lacks what it knows, and knows not all',
      'a row that replaced part of a folded row',
    ]) {
      expect(histories.get(each) ?? 0, each).toBeGreaterThanOrEqual(3)
    }
  })
})
