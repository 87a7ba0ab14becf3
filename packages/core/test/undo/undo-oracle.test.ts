// Undo and redo in random histories of several devices, with rebases and new writers in between. An oracle that knows neither of rebases nor of
// undo answers for every device; and of each undo it is asked whether anything that somebody else had done since was in its way.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  changeBetween,
  type Edit,
  type RecordChanges,
  type RecordSlots,
  takeBack,
  type Writer,
} from '../../src/document'
import type { OracleOperation } from '../../src/testing/oracle-history'
import { counterNames, setNames } from '../document/answers'
import { clocks, editList } from '../document/commands'
import { RebaseWorld } from '../document/rebase-world'

interface Shown {
  readonly fields: unknown
  readonly sets: unknown
  readonly counters: readonly number[]
}

interface Step {
  readonly changes: ReadonlyMap<string, RecordChanges>
  readonly before: ReadonlyMap<string, Shown | undefined>
  /** Operations that the device had when it was done. */
  readonly seen: ReadonlySet<string>
}

class UndoWorld extends RebaseWorld {
  readonly operations = new Map<string, OracleOperation>()
  readonly stacks: { readonly undo: Step[]; redo: Step[]; readonly own: Set<string> }[]

  constructor(times: readonly number[]) {
    super(times)
    this.stacks = times.map(() => ({ undo: [], redo: [], own: new Set() }))
    const take = this.oracle.take.bind(this.oracle)
    this.oracle.take = (operation) => {
      this.operations.set(operation.id, operation)
      take(operation)
    }
  }

  /** As a person does it: it can be taken back. */
  do(index: number, edits: readonly Edit[]): void {
    const step = this.write(index, edits)
    if (step === undefined) return
    this.stacks[index]!.undo.push(step)
    this.stacks[index]!.redo = []
  }

  take(index: number, direction: 'undo' | 'redo'): void {
    const stack = this.stacks[index]!
    const step = stack[direction].pop()
    if (step === undefined) return
    const { live } = this.devices[index]!
    const isOurs = this.oursOf(index)
    const plans = [...step.changes].map(([id, changes]) => ({ id, ...takeBack(id, changes, live.slots(id), isOurs) }))
    const since = this.since(index, step)
    const known = new Set(this.operations.keys())
    const inverse = this.write(
      index,
      plans.flatMap(({ edits }) => edits),
    )
    if (inverse !== undefined) stack[direction === 'undo' ? 'redo' : 'undo'].push(inverse)
    for (const [id, operation] of this.operations) if (!known.has(id)) this.checkRespects(operation, since, step)
    for (const { id, skipped } of plans) {
      if (since.some(({ record }) => record === id)) {
        this.reached.add(skipped.length > 0 ? 'skipped' : 'taken back beside another device')
        continue
      }
      assert.deepEqual(skipped, [])
      const shown: Shown | undefined = this.shown(index, id)
      const before: Shown | undefined = step.before.get(id)
      // A record that was made anew counts anew.
      const isAnew = [...this.operations.values()].filter(
        ({ record, effect }) => record === id && effect.kind === 'create',
      )
      if (isAnew.length > 1) assert.deepEqual({ ...shown, counters: [] }, { ...before, counters: [] })
      else assert.deepEqual(shown, before)
      this.reached.add(`${direction}, exactly`)
    }
  }

  /** What others have done to the records since, as far as the device has it. */
  private since(index: number, { seen }: Step): OracleOperation[] {
    const isOurs = this.oursOf(index)
    return [...this.seenBy(index)]
      .filter((id) => !seen.has(id))
      .map((id) => this.operations.get(id)!)
      .filter(({ writer }) => !isOurs(writer as Writer))
  }

  private checkRespects(
    { record, effect }: OracleOperation,
    since: readonly OracleOperation[],
    { changes }: Step,
  ): void {
    for (const other of since) {
      if (other.record !== record) continue
      const { kind } = other.effect
      if (effect.kind === 'delete') assert(kind === 'increment' || kind === 'delete', 'a change is deleted')
      const isTakenBack = since.some(
        (later) => later.record === record && later.effect.kind === 'restore' && later.seen.has(other.id),
      )
      if (effect.kind === 'restore') assert(kind !== 'delete' || isTakenBack, 'another delete is taken back')
      if (effect.kind !== 'write' || !('fields' in other.effect)) continue
      for (const [name] of effect.fields) {
        const isSame =
          !other.effect.fields.has(name) ||
          JSON.stringify(other.effect.fields.get(name)) === JSON.stringify(changes.get(record)?.values.get(name)?.after)
        assert(isSame || name.startsWith('element '), `${name} was written by another device`)
      }
    }
  }

  private write(index: number, edits: readonly Edit[]): Step | undefined {
    const device = this.devices[index]!
    const ids = [...new Set(edits.map(({ id }) => id))]
    const slots = new Map<string, RecordSlots>(ids.map((id) => [id, device.live.slots(id)]))
    const before = new Map(ids.map((id) => [id, this.shown(index, id)]))
    this.edit(index, edits)
    const isOurs = this.oursOf(index)
    const changes = new Map<string, RecordChanges>()
    for (const [id, old] of slots) {
      const change = changeBetween(id, old, device.live.slots(id), edits, isOurs)
      if (change !== undefined) changes.set(id, change)
    }
    return changes.size === 0 ? undefined : { changes, before, seen: this.seenBy(index) }
  }

  private oursOf(index: number): (writer: Writer) => boolean {
    const { own } = this.stacks[index]!
    const { live, pending } = this.devices[index]!
    own.add(live.writer)
    for (const { transaction } of pending) own.add(transaction.writer)
    return (writer) => own.has(writer)
  }

  private seenBy(index: number): Set<string> {
    const { seenBase, pending } = this.devices[index]!
    return new Set([...seenBase, ...pending.flatMap(({ operations }) => operations.map(({ id }) => id))])
  }

  private shown(index: number, id: string): Shown | undefined {
    const { live } = this.devices[index]!
    if (!live.has(id)) return undefined
    return {
      fields: live.get(id),
      sets: setNames.map((name) => live.set(id, name)),
      counters: counterNames.map((name) => live.counter(id, name)),
    }
  }
}

type Command = (world: UndoWorld) => void
const named = (text: string, run: Command): Command => Object.assign(run, { toString: () => text })
const at = fc.nat({ max: 4 })
const of = (world: UndoWorld, index: number) => index % world.devices.length

const shared = named('a record that all know', (world) => {
  world.do(0, [{ kind: 'add', id: 'ann', fields: { name: 'a', note: 'b' } }])
  world.send(0, 9)
  for (const index of world.devices.keys()) world.read(index, 9)
})

const history = fc.noBias(
  fc.array(
    fc.oneof(
      {
        weight: 10,
        arbitrary: fc
          .tuple(at, editList)
          .map(([i, list]) => named(`do ${i} ${JSON.stringify(list)}`, (world) => world.do(of(world, i), list))),
      },
      {
        weight: 8,
        arbitrary: fc
          .tuple(at, fc.constantFrom('undo' as const, 'undo' as const, 'redo' as const))
          .map(([i, way]) => named(`${way} ${i}`, (world) => world.take(of(world, i), way))),
      },
      { weight: 6, arbitrary: at.map((i) => named(`send ${i}`, (world) => world.send(of(world, i), 3))) },
      {
        weight: 6,
        arbitrary: fc
          .tuple(at, fc.integer({ min: 1, max: 6 }), fc.constantFrom(false, false, true))
          .map(([i, count, newWriter]) =>
            named(`read ${i} × ${count} ${newWriter}`, (world) => world.read(of(world, i), count, { newWriter })),
          ),
      },
      { weight: 1, arbitrary: at.map((i) => named(`rebase ${i}`, (world) => world.rebase(of(world, i)))) },
      { weight: 1, arbitrary: at.map((i) => named(`reload ${i}`, (world) => world.reload(of(world, i)))) },
    ),
    { maxLength: 40, size: 'max' },
  ),
)
const commands = fc.tuple(fc.constantFrom([shared], []), history).map(([first, rest]) => [...first, ...rest])

describe('undo and redo against the oracle', () => {
  test('give back exactly what was where nobody else wrote since, and leave alone what somebody else did', () => {
    const histories = new Map<string, number>()
    fc.assert(
      fc.property(clocks, commands, (times, history) => {
        const world = new UndoWorld(times)
        for (const command of history) command(world)
        world.settle()
        for (const situation of world.reached) histories.set(situation, (histories.get(situation) ?? 0) + 1)
      }),
      { seed: 20_266, numRuns: 400 },
    )
    for (const each of ['undo, exactly', 'redo, exactly', 'skipped', 'taken back beside another device', 'rewritten'])
      expect(histories.get(each) ?? 0, each).toBeGreaterThanOrEqual(5)
  })
})
