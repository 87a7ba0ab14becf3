// Random histories as lists of small commands, so that a failing one shrinks to a few lines that can be read.
import fc from 'fast-check'
import type { Edit, JsonValue } from '../../src/document'
import { counterNames, setNames } from './answers'
import type { RejoinOptions, World } from './world'

const yearMs = 365 * 24 * 3_600_000

export const record = fc.constantFrom('ann', 'ann', 'ann', 'ann', 'ann', 'bob')
const field = fc.constantFrom('name', 'name', 'note', '__proto__')
const value: fc.Arbitrary<JsonValue> = fc.constantFrom<JsonValue[]>('a', 'b', 1, null, { x: [1], '': false })
const fields = fc.array(fc.tuple(field, value), { maxLength: 3 }).map((entries) => Object.fromEntries(entries))
const changes = fc
  .array(fc.tuple(field, fc.option(value, { nil: undefined, freq: 4 })), { minLength: 1, maxLength: 2 })
  .map((entries) => Object.fromEntries(entries))

const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), id: record, fields }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('update' as const), id: record, fields: changes }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), id: record }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restore' as const), id: record }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('increment' as const),
      id: record,
      field: fc.constantFrom(...counterNames),
      by: fc.constantFrom(1, 1, 10, -3, 0),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('set-add' as const, 'set-remove' as const),
      id: record,
      field: fc.constantFrom(...setNames),
      elements: fc.array(fc.constantFrom('x', 'x', 'y', ''), { minLength: 1, maxLength: 2 }),
    }),
  },
)

const at = fc.nat({ max: 4 })
const log = fc.nat({ max: 9 })

type Command = (world: World) => unknown
const named = (text: string, run: Command): Command => Object.assign(run, { toString: () => text })
const deviceOf = (world: World, index: number) => index % world.devices.length

const takeOut = (id: string): Edit => ({ kind: 'set-remove', id, field: 'tags', elements: ['x'] })
const putIn = (id: string): Edit => ({ kind: 'set-add', id, field: 'tags', elements: ['x'] })

export const editList = fc.oneof(
  { weight: 4, arbitrary: fc.array(edit, { minLength: 1, maxLength: 1 }) },
  fc.array(edit, { maxLength: 4 }),
  record.map((id): Edit[] => [
    { kind: 'delete', id },
    { kind: 'restore', id },
  ]),
  record.map((id): Edit[] => [takeOut(id), putIn(id)]),
  record.map((id): Edit[] => [
    { kind: 'delete', id },
    { kind: 'add', id, fields: {} },
    { kind: 'increment', id, field: 'uses', by: 1 },
    { kind: 'delete', id },
    { kind: 'add', id, fields: {} },
    { kind: 'increment', id, field: 'uses', by: 2 },
  ]),
)
/** A purge, whether or not anybody may still edit what is purged. */
const purges = fc.oneof(
  record.map((id): Edit[] => [{ kind: 'purge', id }]),
  record.map((id): Edit[] => [
    { kind: 'delete', id },
    { kind: 'purge', id },
  ]),
)
const editAt = (index: number, list: readonly Edit[]) =>
  named(`edit ${index} ${JSON.stringify(list)}`, (world) => world.edit(deviceOf(world, index), list))
const edits = fc
  .tuple(at, fc.oneof({ weight: 12, arbitrary: editList }, purges))
  .map(([index, list]) => editAt(index, list))
const delivery = fc
  .tuple(at, log, fc.integer({ min: 1, max: 4 }), fc.boolean())
  .map(([index, from, count, isMerged]) =>
    named(`deliver to ${index} log ${from} × ${count}${isMerged ? ' merged' : ''}`, (world) =>
      world.deliver(deviceOf(world, index), from, count, isMerged),
    ),
  )
const gathering = at.map((index) =>
  named(`deliver all to ${index}`, (world) => world.deliverAll(deviceOf(world, index))),
)
const reload = at.map((index) => named(`reload ${index}`, (world) => world.reload(deviceOf(world, index))))
const tick = fc.tuple(at, fc.constantFrom(1, 1000, 60_000, -5000)).map(([index, ms]) =>
  named(`tick ${index} ${ms}`, (world) => {
    world.devices[deviceOf(world, index)]!.clock += ms
  }),
)
const checkpointAt = (index: number) =>
  named(`checkpoint ${index}`, (world) => world.checkpoint(deviceOf(world, index)))
const fallBackAt = (index: number) => named(`fall back ${index}`, (world) => world.fallBack(deviceOf(world, index)))
const rejoinAt = (index: number, options: RejoinOptions) =>
  named(`rejoin ${index} ${JSON.stringify(options)}`, (world) => world.rejoin(deviceOf(world, index), options))
const rejoinOptions: fc.Arbitrary<RejoinOptions> = fc.record({
  keepsWriter: fc.boolean(),
  shiftMs: fc.constantFrom(0, 0, 400, -400, yearMs, -yearMs),
  isTwice: fc.boolean(),
  isBaseSmall: fc.boolean(),
})

const shared = named('a record that all know', (world) => {
  world.edit(0, [{ kind: 'add', id: 'ann', fields: { name: 'a', note: 'b' } }, putIn('ann')])
  for (const index of world.devices.keys()) world.deliverAll(index)
})

const raced = named('a record that two created at once', (world) => {
  world.edit(0, [{ kind: 'add', id: 'ann', fields: { name: 'a', note: 'b' } }])
  world.edit(1, [{ kind: 'add', id: 'ann', fields: { name: 'b', note: 'a' } }])
  for (const index of world.devices.keys()) world.deliverAll(index)
})

const contested = named('an element that one took out and another put in again', (world) => {
  shared(world)
  world.edit(0, [takeOut('ann'), putIn('ann'), { kind: 'increment', id: 'ann', field: 'uses', by: 1 }])
  world.edit(1, [takeOut('ann'), { kind: 'increment', id: 'ann', field: 'uses', by: 10 }])
  for (const index of world.devices.keys()) world.deliverAll(index)
})

const ordinary = fc.oneof(
  { weight: 10, arbitrary: edits },
  { weight: 9, arbitrary: delivery },
  { weight: 2, arbitrary: gathering },
  { weight: 1, arbitrary: reload },
  { weight: 1, arbitrary: tick },
)
const start = fc.constantFrom([shared], [raced], [contested], [])
const upTo = (maxLength: number) => fc.array(ordinary, { maxLength, size: 'max' })

/** One device at a time is cut off: it edits, loses what it edited last, edits again and rejoins. */
const fork = at.chain((index) => {
  const own = fc.array(
    editList.map((list) => editAt(index, list)),
    { minLength: 1, maxLength: 4 },
  )
  const lost = fc.oneof(own, fc.constant([]))
  return fc
    .tuple(lost, upTo(8), own, upTo(6), own, rejoinOptions)
    .map(([before, others, again, meanwhile, last, options]) => [
      checkpointAt(index),
      ...before,
      ...others,
      fallBackAt(index),
      ...again,
      ...meanwhile,
      ...last,
      rejoinAt(index, options),
    ])
})

/** Clocks of three to five devices: close together, so that times collide, or up to a year apart. */
export const clocks = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: -yearMs, max: yearMs })).map((skew) => 2 * yearMs + skew),
  { minLength: 3, maxLength: 5 },
)

// Without fast-check's liking for short lists: rare situations need a history.

export const commands = fc.noBias(fc.tuple(start, upTo(32)).map((parts) => parts.flat()))

export const commandsWithForks = fc.noBias(
  fc.tuple(start, upTo(8), fork, upTo(5), fc.oneof(fork, fc.constant([])), upTo(8)).map((parts) => parts.flat()),
)
