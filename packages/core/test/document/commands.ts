// Random histories as lists of small commands, so that a failing one shrinks to a few lines that can be read.
import fc from 'fast-check'
import type { Edit, JsonValue } from '../../src/document'
import type { World } from './world'

const yearMs = 365 * 24 * 3_600_000

const record = fc.constantFrom('ann', 'bob')
const field = fc.constantFrom('name', 'note', '__proto__')
const value: fc.Arbitrary<JsonValue> = fc.constantFrom<JsonValue[]>('a', 'b', 1, null, { x: [1], '': false })
const fields = fc.array(fc.tuple(field, value), { maxLength: 3 }).map((entries) => Object.fromEntries(entries))
const changes = fc
  .array(fc.tuple(field, fc.option(value, { nil: undefined, freq: 4 })), { minLength: 1, maxLength: 2 })
  .map((entries) => Object.fromEntries(entries))

const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('add' as const), id: record, fields }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('update' as const), id: record, fields: changes }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), id: record }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restore' as const), id: record }) },
)

const at = fc.nat({ max: 4 })
const log = fc.nat({ max: 9 })

type Command = (world: World) => void
const named = (text: string, run: Command): Command => Object.assign(run, { toString: () => text })
const deviceOf = (world: World, index: number) => index % world.devices.length

const edits = fc
  .tuple(
    at,
    fc.oneof(
      { weight: 4, arbitrary: fc.array(edit, { minLength: 1, maxLength: 1 }) },
      fc.array(edit, { maxLength: 4 }),
    ),
  )
  .map(([index, list]) =>
    named(`edit ${index} ${JSON.stringify(list)}`, (world) => world.edit(deviceOf(world, index), list)),
  )
const delivery = fc
  .tuple(at, log, fc.integer({ min: 1, max: 4 }), fc.boolean())
  .map(([index, from, count, isMerged]) =>
    named(`deliver to ${index} log ${from} × ${count}${isMerged ? ' merged' : ''}`, (world) =>
      world.deliver(deviceOf(world, index), from, count, isMerged),
    ),
  )
const reload = at.map((index) => named(`reload ${index}`, (world) => world.reload(deviceOf(world, index))))
const tick = fc.tuple(at, fc.constantFrom(1, 1000, 60_000, -5000)).map(([index, ms]) =>
  named(`tick ${index} ${ms}`, (world) => {
    world.devices[deviceOf(world, index)]!.clock += ms
  }),
)
const checkpoint = at.map((index) => named(`checkpoint ${index}`, (world) => world.checkpoint(deviceOf(world, index))))
const fallBack = at.map((index) => named(`fall back ${index}`, (world) => world.fallBack(deviceOf(world, index))))
const rejoin = fc
  .tuple(
    at,
    fc.record({
      keepsWriter: fc.boolean(),
      shiftMs: fc.constantFrom(0, 0, 400, -400, yearMs, -yearMs),
      isTwice: fc.boolean(),
    }),
  )
  .map(([index, options]) =>
    named(`rejoin ${index} ${JSON.stringify(options)}`, (world) => world.rejoin(deviceOf(world, index), options)),
  )

/** Clocks of three to five devices: close together, so that times collide, or up to a year apart. */
export const clocks = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: -yearMs, max: yearMs })).map((skew) => 2 * yearMs + skew),
  { minLength: 3, maxLength: 5 },
)

export const commands = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: edits },
    { weight: 9, arbitrary: delivery },
    { weight: 1, arbitrary: reload },
    { weight: 1, arbitrary: tick },
  ),
  { maxLength: 30, size: 'max' },
)

export const commandsWithForks = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: edits },
    { weight: 10, arbitrary: delivery },
    { weight: 1, arbitrary: reload },
    { weight: 1, arbitrary: tick },
    { weight: 2, arbitrary: checkpoint },
    { weight: 2, arbitrary: fallBack },
    { weight: 2, arbitrary: rejoin },
  ),
  { maxLength: 45, size: 'max' },
)
