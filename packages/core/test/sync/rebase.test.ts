// A document sheds its past: what every device answers stays what it was, whoever did what in between.
import { countRebases } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { codesOf, digest } from './support/compaction-world'
import type { TestDevice } from './support/device'
import { RebaseWorld, rebasesOf, structsOf } from './support/rebase-world'
import type { SnapshotLog } from './support/snapshot-log'

let world: RebaseWorld
let log: SnapshotLog

beforeEach(async () => {
  world = await RebaseWorld.create()
  log = world.log
})

const troubles = (...devices: readonly TestDevice[]) =>
  devices.flatMap((device) => [...codesOf(device), ...device.link.distrusted])

describe('a document that is mostly past', () => {
  it('is folded by one device, and found true and taken over by the others', async () => {
    const ann = await world.open(0)
    const bob = await world.open(1)
    await ann.add('one', { name: 'Ann', note: 'first' })
    await world.wear(ann)
    await world.rest(ann, bob)
    expect([rebasesOf(ann), rebasesOf(bob)]).toEqual([1, 1])
    expect([structsOf(ann), structsOf(bob)]).toEqual([2, 2])
    expect(digest(ann)).toBe(digest(bob))
    expect(ann.records).toEqual({ one: { name: 'Ann', note: 'first' }, worn: { name: '4096', note: '4095' } })
    expect(log.current?.verdicts.map(({ verdict }) => verdict)).toEqual(['accept'])
    expect(troubles(ann, bob)).toEqual([])
  })

  it('is not folded again before it is mostly past again', async () => {
    const ann = await world.open(0)
    await world.wear(ann)
    await world.rest(ann)
    await ann.update('worn', { name: 'more' })
    await world.rest(ann)
    expect(log.snapshots.length).toBe(1)
    await world.wear(ann)
    await world.rest(ann)
    expect(log.snapshots.map(({ header }) => countRebases(header.documentEpoch))).toEqual([1, 2])
    expect(structsOf(ann)).toBe(1)
  })

  it('is folded once when two devices want to at once', async () => {
    const ann = await world.open(0)
    const bob = await world.open(1)
    await world.wear(ann)
    await log.serve(ann, bob)
    // Neither hears of the other's before it has asked for the lease.
    await ann.context.platform.advance(30_000)
    await bob.context.platform.advance(30_000)
    const leases = [ann, bob].map(({ link }) => link.sent.filter(({ type }) => type === 'lease').length)
    expect(leases).toEqual([1, 1])
    await world.rest(ann, bob)
    expect(log.snapshots.length).toBe(1)
    expect([rebasesOf(ann), rebasesOf(bob)]).toEqual([1, 1])
    expect(digest(ann)).toBe(digest(bob))
    expect(troubles(ann, bob)).toEqual([])
  })

  it('is sent to a relay that never answers for so long only: then the device connects anew, and what is written goes', async () => {
    const ann = await world.open(0)
    await world.wear(ann)
    await log.serve(ann)
    await ann.context.platform.advance(30_000)
    expect(ann.link.sent.map(({ type }) => type)).toContain('lease')
    // It is told to stand still, and so does this device meanwhile.
    const pushes = ann.link.pushes.length
    await ann.add('late', { name: 'Ann' })
    expect(ann.link.pushes.length).toBe(pushes)
    await ann.context.platform.advance(180_000)
    expect(ann.link.distrusted.map(({ code }) => code)).toEqual(['connection-lost'])
    await ann.disconnect()
    await ann.connect()
    await world.rest(ann)
    expect([rebasesOf(ann), ann.sync.status.unsent]).toEqual([1, 0])
  })

  it('does not wait for ever when it gets lost on its way back, and an older summary comes that somebody else had asked for', async () => {
    const ann = await world.open(0)
    await world.wear(ann)
    await world.rest(ann)
    const [older] = log.snapshots
    log.isLost = (snapshot) => snapshot !== older
    await world.wear(ann)
    await log.wait(30_000, ann)
    expect([log.snapshots.length, rebasesOf(ann)]).toEqual([2, 1])
    await log.send(ann, older!)
    await ann.add('late', { name: 'Ann' })
    await log.wait(180_000, ann)
    expect(ann.link.distrusted.map(({ code }) => code)).toEqual(['connection-lost'])
    log.isLost = () => false
    await ann.disconnect()
    await ann.connect()
    await world.rest(ann)
    expect([rebasesOf(ann), ann.sync.status.unsent]).toEqual([2, 0])
    expect(ann.records.late).toEqual({ name: 'Ann' })
  })

  it('is gone on with after a restart, and by a device that is new', async () => {
    const ann = await world.open(0)
    const bob = await world.open(1)
    await world.wear(ann)
    await world.rest(ann, bob)
    const again = await world.open(0, { disk: ann.disk })
    const carl = await world.open(2)
    expect([rebasesOf(again), rebasesOf(carl)]).toEqual([1, 1])
    await again.update('worn', { name: 'by Ann' })
    await log.serve(again, carl, bob)
    await carl.update('worn', { note: 'by Carl' })
    await log.serve(carl, again, bob)
    for (const device of [again, bob, carl]) {
      expect(device.records).toEqual({ worn: { name: 'by Ann', note: 'by Carl' } })
      expect(device.sync.status).toMatchObject({ caughtUp: true, unsent: 0, held: [] })
    }
    expect(new Set([again, bob, carl].map(digest)).size).toBe(1)
    expect(structsOf(carl)).toBeLessThan(6)
    expect(troubles(ann, again, bob, carl)).toEqual([])
  })

  it('is edited by others all the while', async () => {
    const ann = await world.open(0)
    const bob = await world.open(1)
    await world.wear(ann)
    await log.serve(ann, bob)
    let edits = 0
    for (let round = 0; round < 40; round++) {
      await bob.add(`during ${edits++}`)
      await log.wait(1_000, ann)
      await bob.add(`during ${edits++}`)
      await log.wait(1_000, bob)
    }
    await world.rest(ann, bob)
    expect([rebasesOf(ann), rebasesOf(bob)]).toEqual([1, 1])
    expect(Object.keys(ann.records).length).toBe(edits + 1)
    expect(digest(ann)).toBe(digest(bob))
    expect(bob.sync.status).toMatchObject({ unsent: 0, held: [] })
    expect(troubles(ann, bob)).toEqual([])
  })
})

describe('a device that was away', () => {
  it('over three rebases writes what it had not sent on the document as it is now, each edit with what it had seen', async () => {
    const ann = await world.open(0)
    const bob = await world.open(1)
    await ann.add('both', { name: 'old', note: 'old' })
    await ann.add('gone', { name: 'old' })
    await ann.add('again', { name: 'old', note: 'old' })
    await ann.sync.transact([{ kind: 'increment', id: 'both', field: 'uses', by: 1 }]).stored
    await world.rest(ann, bob)
    await bob.disconnect()
    await bob.update('both', { name: 'Bob’s' })
    await bob.sync.transact([
      { kind: 'increment', id: 'both', field: 'uses', by: 10 },
      { kind: 'delete', id: 'gone' },
      { kind: 'delete', id: 'again' },
      { kind: 'add', id: 'again', fields: { name: 'new' } },
    ]).stored
    await bob.add('mine', { name: 'Bob’s' })
    await ann.update('both', { name: 'Ann’s', note: 'Ann’s' })
    await ann.sync.transact([{ kind: 'increment', id: 'both', field: 'uses', by: 100 }]).stored
    for (let rebases = 0; rebases < 3; rebases++) {
      await world.wear(ann)
      await world.rest(ann)
    }
    expect(rebasesOf(ann)).toBe(3)
    await bob.connect()
    await log.serve(bob, ann)
    expect(rebasesOf(bob)).toBe(3)
    expect(digest(bob)).toBe(digest(ann))
    const { registers } = bob.sync
    expect(
      [...registers.conflicts()].map(({ id, field, candidates }) => [
        id,
        field,
        candidates.map((each) => each.value).sort(),
      ]),
    ).toEqual([['both', 'name', ['Ann’s', 'Bob’s']]])
    expect(registers.counter('both', 'uses')).toBe(111)
    expect(registers.get('both')).toMatchObject({ note: 'Ann’s' })
    expect(registers.get('again')).toEqual({ name: 'new' })
    expect([...registers.deletedIds()]).toEqual(['gone'])
    expect(registers.get('mine')).toEqual({ name: 'Bob’s' })
    expect(bob.sync.status).toMatchObject({ unsent: 0, held: [] })
    expect(troubles(ann, bob)).toEqual([])
  })

  it('with a push under way when the epoch ended sends it anew, once', async () => {
    const ann = await world.open(0)
    const bob = await world.open(1)
    await world.wear(ann)
    await log.serve(ann, bob)
    await ann.context.platform.advance(30_000)
    await log.serve(ann)
    expect(rebasesOf(ann)).toBe(1)
    await bob.add('late', { name: 'Bob' })
    expect(bob.link.pushes.length).toBe(1)
    await log.serve(bob, ann)
    expect(digest(bob)).toBe(digest(ann))
    expect(ann.records).toMatchObject({ late: { name: 'Bob' } })
    expect(bob.sync.status).toMatchObject({ unsent: 0, refused: undefined })
    expect(troubles(ann, bob)).toEqual([])
  })
})
