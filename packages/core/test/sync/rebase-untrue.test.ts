// A rebase that says what is not so, by a defect or on purpose. Others have written on it before anybody can know, so nobody goes back: the
// next one brings back what it left out.
import { bytesEqual, ZERO_HASH } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { LogReplica } from '../../src/sync/log/log-replica'
import type { Y } from '../../src/yjs'
import { codesOf, digest } from './support/compaction-world'
import type { TestDevice } from './support/device'
import { forgeGarbage, forgeRebase } from './support/forge-rebase'
import { RebaseWorld, rebasesOf } from './support/rebase-world'
import type { SnapshotLog } from './support/snapshot-log'

let world: RebaseWorld
let log: SnapshotLog
let ann: TestDevice
let bob: TestDevice
let eve: TestDevice

beforeEach(async () => {
  world = await RebaseWorld.create()
  log = world.log
  ann = await world.open(0)
  bob = await world.open(1)
  eve = await world.open(3)
  await ann.add('one', { name: 'One', note: 'first' })
  await bob.add('two', { name: 'Two' })
  await log.serve(ann, bob, eve)
  await ann.update('one', { name: 'changed' })
  await bob.sync.transact([{ kind: 'delete', id: 'two' }]).stored
  await log.serve(ann, bob, eve)
})

const folded = (id: string) => `${id}\u0001*`

describe.each<[string, (records: Y.Map<unknown>) => void, Record<string, unknown>]>([
  ['leaves a record out', (records) => records.delete(folded('one')), {}],
  ['holds nothing', (records) => records.clear(), {}],
  [
    'brings a deleted record back',
    (records) => records.delete([...records.keys()].find((key) => key.startsWith('two\u0001\u0001'))!),
    {},
  ],
])('a rebase that %s', (_, alter) => {
  it('is reported, and all of it is there again after the next one', async () => {
    await forgeRebase(log, eve, ({ registers }) => alter(registers))
    await log.serve(ann, bob)
    expect([rebasesOf(ann), rebasesOf(bob)]).toEqual([1, 1])
    expect([codesOf(ann), codesOf(bob)]).toEqual([['snapshot-untrue'], ['snapshot-untrue']])
    // Who is new goes on from what there is.
    log.prune()
    const carl = await world.open(2)
    await carl.add('three', { name: 'Three' })
    await world.rest(carl, ann, bob, eve)
    expect(rebasesOf(carl)).toBe(2)
    for (const device of [ann, bob, carl, eve]) {
      expect(device.records).toEqual({ one: { name: 'changed', note: 'first' }, three: { name: 'Three' } })
      expect([...device.sync.registers.deletedIds()]).toEqual(['two'])
      expect([...device.sync.registers.conflicts()]).toEqual([])
    }
    expect(new Set([ann, bob, carl, eve].map(digest)).size).toBe(1)
    expect(log.snapshots.length).toBe(2)
    expect(codesOf(carl)).toEqual([])
  })

  it('is made good although whoever knows better restarts in between', async () => {
    await forgeRebase(log, eve, ({ registers }) => alter(registers))
    await log.serve(ann)
    expect(rebasesOf(ann)).toBe(1)
    const again = await world.open(0, { disk: ann.disk })
    await world.rest(again, eve)
    expect(rebasesOf(again)).toBe(2)
    expect(again.records).toEqual({ one: { name: 'changed', note: 'first' } })
    expect([...again.sync.registers.deletedIds()]).toEqual(['two'])
    expect(digest(again)).toBe(digest(eve))
  })
})

describe('a rebase that leaves something out and says that it knows a write that nobody else has seen', () => {
  it('is reported, and all of it is there again after the next one', async () => {
    await forgeRebase(log, eve, ({ registers, context }) => {
      registers.delete(folded('one'))
      for (const [writer, n] of context) context.set(writer, n + 1)
    })
    await log.serve(ann, bob)
    expect([codesOf(ann), codesOf(bob)]).toEqual([['snapshot-untrue'], ['snapshot-untrue']])
    await world.rest(ann, bob, eve)
    for (const device of [ann, bob, eve]) expect(device.records).toEqual({ one: { name: 'changed', note: 'first' } })
    expect(new Set([ann, bob, eve].map(digest)).size).toBe(1)
  })
})

describe('a rebase that leaves something out, knows a write that nobody else has seen, and does not know one that all have', () => {
  it('is made good by the next one, in both respects', async () => {
    await bob.add('three', { name: 'by Bob' })
    await log.serve(bob, ann, eve)
    await forgeRebase(log, eve, ({ registers, header, context }) => {
      registers.delete(folded('one'))
      registers.delete(folded('three'))
      context.set(bob.sync.registers.writer, bob.sync.registers.lastN - 1)
      context.set(ann.sync.registers.writer, ann.sync.registers.lastN + 1)
      header.exempt = [log.newest]
      header.vector = header.vector.map((head) =>
        bytesEqual(head.device, bob.context.device) ? { ...head, sequence: head.sequence - 1, hash: ZERO_HASH } : head,
      )
    })
    await log.serve(ann, bob, eve)
    expect([ann, bob, eve].map(rebasesOf)).toEqual([1, 1, 1])
    await world.rest(ann, bob, eve)
    for (const device of [ann, bob, eve])
      expect(device.records).toEqual({ one: { name: 'changed', note: 'first' }, three: { name: 'by Bob' } })
    expect(new Set([ann, bob, eve].map(digest)).size).toBe(1)
  })
})

describe('a rebase that says more than the log', () => {
  it('is reported; what it invents stays, for others may have gone on from it', async () => {
    await forgeRebase(log, eve, ({ registers }) =>
      registers.set('invented\u0001*', '["inventor",1,1,{"name":"Eve"},[]]'),
    )
    await world.rest(ann, bob, eve)
    expect([codesOf(ann), codesOf(bob)]).toEqual([['snapshot-untrue'], ['snapshot-untrue']])
    expect(ann.records).toEqual({ one: { name: 'changed', note: 'first' }, invented: { name: 'Eve' } })
    expect(digest(ann)).toBe(digest(bob))
  })
})

describe('a rebase that is not what it says', () => {
  it('is taken over as what it is, reported, and made good', async () => {
    await forgeRebase(log, eve, ({ registers, lie }) => {
      registers.delete(folded('one'))
      lie()
    })
    await world.rest(ann, bob)
    expect([rebasesOf(ann), rebasesOf(bob)]).toEqual([2, 2])
    expect(ann.records).toEqual({ one: { name: 'changed', note: 'first' } })
    expect([codesOf(ann), codesOf(bob)]).toEqual([['snapshot-untrue'], ['snapshot-untrue']])
  })
})

describe('a rebase that is no document at all', () => {
  it('is passed over: the next one is made of what was before it, and nothing waits any more', async () => {
    await forgeGarbage(log, eve)
    await ann.add('meanwhile', { name: 'unsent' })
    await log.serve(ann, bob)
    expect([rebasesOf(ann), rebasesOf(bob)]).toEqual([0, 0])
    expect(ann.sync.status.unsent).toBe(1)
    await world.rest(ann, bob)
    expect([rebasesOf(ann), rebasesOf(bob)]).toEqual([2, 2])
    const expected = { one: { name: 'changed', note: 'first' }, meanwhile: { name: 'unsent' } }
    const late = await world.open(2)
    for (const device of [ann, bob, late]) {
      expect(device.records).toEqual(expected)
      expect(device.sync.status).toMatchObject({ unsent: 0, held: [] })
    }
    expect([codesOf(ann), codesOf(bob), codesOf(late)]).toEqual([['snapshot-untrue'], ['snapshot-untrue'], []])
  })

  it('is not what a defect of this device makes of a true one: nobody is accused, and it is taken over with the next connection', async () => {
    await forgeRebase(log, eve, () => {})
    const placing = vi.spyOn(LogReplica.prototype, 'receiveExempt').mockImplementation(() => {
      throw new TypeError('a defect')
    })
    await log.serve(ann).catch(() => {})
    placing.mockRestore()
    expect(rebasesOf(ann)).toBe(0)
    expect(codesOf(ann)).not.toContain('snapshot-untrue')
    expect(log.current?.verdicts).toEqual([])
    await ann.disconnect()
    await ann.connect()
    await log.serve(ann)
    expect(rebasesOf(ann)).toBe(1)
  })
})
