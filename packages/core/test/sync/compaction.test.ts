// Long logs are summed up: who makes a snapshot, who judges it, and who goes on from it. What a document holds must be the same for
// everybody, whoever did what in between.
import { bytesEqual, SNAPSHOT_KEEP_MS } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { openMemoryStore } from '../../src/storage'
import { CompactionWorld, codesOf, digest, noise, stateOf } from './support/compaction-world'
import { settle } from './support/fake-platform'
import type { SnapshotLog } from './support/snapshot-log'

let world: CompactionWorld
let log: SnapshotLog

beforeEach(async () => {
  world = await CompactionWorld.create()
  log = world.log
})

describe('a long log', () => {
  it('is summed up by one of the devices that have it, and the others find that true', async () => {
    const { ann, others } = await world.summedUp(1, 2)
    expect(log.current?.verdicts.map(({ verdict }) => verdict)).toEqual(['accept', 'accept'])
    expect(log.current?.file.length).toBeLessThan(8_000)
    expect([ann, ...others].flatMap(codesOf)).toEqual([])
    const { foundation, replica } = stateOf(ann)
    expect(foundation).toBeUndefined()
    expect(log.current?.header.coveredNumber).toBe(replica.state.number)
  })

  it('is left alone while it is not twice as long as what the document holds', async () => {
    const ann = await world.open(0)
    for (let i = 0; i < 90; i++) await world.edit(ann, `record-${i}`, { note: noise(i, 1_200) })
    await log.wait(30_000, ann)
    await log.wait(30_000, ann)
    expect(log.snapshots).toEqual([])
  })

  it('is summed up at half that length once it is a week old', async () => {
    const ann = await world.open(0)
    for (let i = 0; i < 90; i++) await world.edit(ann, `record-${i}`, { note: noise(i, 1_200) })
    await log.wait(SNAPSHOT_KEEP_MS, ann)
    await world.edit(ann, 'late', { name: 'a week later' })
    await world.rest(ann)
    expect(log.snapshots.length).toBe(1)
    const covered = log.current?.header.coveredNumber
    // The next tail: as old, and shorter than the snapshot.
    for (let i = 0; i < 55; i++) await world.edit(ann, `record-${i}`, { note: noise(i + 100, 1_200) })
    await log.wait(SNAPSHOT_KEEP_MS, ann)
    await world.edit(ann, 'late', { name: 'two weeks later' })
    await world.rest(ann)
    expect(log.current?.header.coveredNumber).toBe(covered)
    // As long as the snapshot: whoever has the log on disk only knows its age, too.
    stateOf(ann).logTail = undefined
    for (let i = 0; i < 40; i++) await world.edit(ann, `record-${i}`, { note: noise(i + 200, 1_200) })
    await world.rest(ann)
    expect(log.current?.header.coveredNumber).toBeGreaterThan(covered ?? 0)
    expect(codesOf(ann)).toEqual([])
  })

  it('is summed up by two devices at once: one wins, the other drops its own, and nothing is lost', async () => {
    const ann = await world.open(0)
    const bob = await world.open(1)
    await world.writeMuch(ann)
    await log.serve(ann, bob)
    // Neither hears of the other's before it has made its own.
    await ann.context.platform.advance(30_000)
    await bob.context.platform.advance(30_000)
    const puts = [ann, bob].map(({ link }) => link.sent.filter(({ type }) => type === 'snapshot-put').length)
    expect(puts).toEqual([1, 1])
    await world.rest(ann, bob)
    expect(log.snapshots.length).toBe(1)
    expect(log.current?.verdicts.map(({ verdict }) => verdict)).toEqual(['accept'])
    expect([...codesOf(ann), ...codesOf(bob)]).toEqual([])
    await world.edit(bob, 'two', { name: 'after' })
    await log.serve(ann)
    expect(digest(ann)).toBe(digest(bob))
  })

  it('goes on being written while a snapshot of it is made, sent and judged', async () => {
    const ann = await world.open(0)
    const bob = await world.open(1)
    await world.writeMuch(ann)
    await log.serve(ann, bob)
    await ann.context.platform.advance(30_000)
    await world.edit(bob, 'two', { name: 'meanwhile' })
    await log.serve(ann, bob)
    const covered = log.current?.header.coveredNumber ?? 0
    expect(covered).toBe(log.newest - 1)
    await world.rest(ann, bob)
    expect(log.current?.verdicts.map(({ verdict }) => verdict)).toEqual(['accept'])
    const carl = await world.open(2)
    expect(digest(carl)).toBe(digest(ann))
    expect(carl.records).toMatchObject({ two: { name: 'meanwhile' } })
  })
})

it('a snapshot that nobody asked for and that is of before changes nothing', async () => {
  const { ann } = await world.summedUp(1)
  await world.edit(ann, 'one', { name: 'after' })
  const before = { cursor: ann.sync.cursor, digest: digest(ann) }
  await log.send(ann, log.current!)
  await log.serve(ann)
  expect({ cursor: ann.sync.cursor, digest: digest(ann) }).toEqual(before)
  expect(stateOf(ann).foundation).toBeUndefined()
  expect((await openMemoryStore(ann.disk).list(['archive'])).length + stateOf(ann).tailRows).toBeGreaterThan(0)
})

describe('a new device', () => {
  it('goes on from the snapshot, at a cost that depends on what is held and not on what was written', async () => {
    const { ann } = await world.summedUp(1)
    log.said.bytes = 0
    log.said.frames = 0
    const carl = await world.open(2)
    expect(log.said.frames).toBeLessThan(8)
    expect(log.said.bytes).toBeLessThan(20_000)
    expect(log.entries.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeGreaterThan(90_000)
    expect(digest(carl)).toBe(digest(ann))
    expect(stateOf(carl).foundation?.number).toBe(log.current?.header.coveredNumber)
    expect(carl.sync.status).toMatchObject({ caughtUp: true, held: [], unconfirmed: false })
    expect(codesOf(carl)).toEqual([])
  })

  it('writes, reads and starts again like any other', async () => {
    const { ann } = await world.summedUp(1)
    const carl = await world.open(2)
    await world.edit(carl, 'one', { name: 'by Carl' })
    await log.serve(ann)
    expect(digest(carl)).toBe(digest(ann))
    const again = await world.open(2, { disk: carl.disk })
    expect(digest(again)).toBe(digest(ann))
    await world.edit(ann, 'one', { name: 'by Ann' })
    await log.serve(again)
    expect(again.records).toMatchObject({ one: { name: 'by Ann' } })
    expect([...codesOf(carl), ...codesOf(again), ...again.link.distrusted]).toEqual([])
  })

  it('says that nobody has confirmed what it had to go on from', async () => {
    const { ann } = await world.summedUp()
    log.prune()
    const carl = await world.open(2)
    expect(digest(carl)).toBe(digest(ann))
    expect(carl.sync.status.unconfirmed).toBe(true)
    const again = await world.open(2, { disk: carl.disk })
    expect(again.sync.status.unconfirmed).toBe(true)
    expect(ann.sync.status.unconfirmed).toBe(false)
  })
})

describe('a device that was away', () => {
  it('while its cursor went goes on from the snapshot, and its unsent edits stay and are sent', async () => {
    const bob = await world.open(1)
    const ann = await world.open(0)
    await world.edit(bob, 'mine', { name: 'sent' })
    await log.serve(ann)
    await bob.disconnect()
    await bob.sync.transact([{ kind: 'add', id: 'unsent', fields: { name: 'unsent' } }]).stored
    await bob.sync.transact([{ kind: 'update', id: 'mine', fields: { name: 'changed' } }]).stored
    await world.writeMuch(ann)
    const carl = await world.open(2)
    await world.rest(ann, carl)
    log.prune()
    await bob.connect()
    await log.serve(bob, ann, carl)
    expect(bob.sync.status).toMatchObject({ unsent: 0, caughtUp: true })
    expect(digest(bob)).toBe(digest(ann))
    expect(bob.records).toMatchObject({ unsent: { name: 'unsent' }, mine: { name: 'changed' } })
    expect([...codesOf(bob), ...codesOf(ann), ...codesOf(carl), ...bob.link.distrusted]).toEqual([])
    const again = await world.open(1, { disk: bob.disk })
    expect(digest(again)).toBe(digest(ann))
  })

  it('during two compactions goes on from the second', async () => {
    const bob = await world.open(1)
    const ann = await world.open(0)
    const carl = await world.open(2)
    await world.edit(bob, 'mine', { name: 'sent' })
    await bob.disconnect()
    await log.serve(ann, carl)
    await world.writeMuch(ann)
    await world.rest(ann, carl)
    await world.writeMuch(ann, 60, 'other')
    await world.rest(ann, carl)
    expect(log.snapshots.length).toBe(2)
    expect(log.snapshots[1]!.header.parent).toEqual(log.snapshots[0]!.hash)
    expect(log.current?.verdicts.length).toBe(1)
    log.prune()
    await bob.connect()
    await log.serve(bob)
    expect(digest(bob)).toBe(digest(ann))
    expect(codesOf(bob)).toEqual([])
  })

  it('after its push was stored and before it heard of that finds it confirmed by the snapshot', async () => {
    const bob = await world.open(1)
    const ann = await world.open(0)
    await bob.sync.transact([{ kind: 'add', id: 'mine', fields: { name: 'sent' } }]).stored
    await settle()
    log.push(bob.link.lastPush)
    const { incarnation } = stateOf(bob).own
    await bob.disconnect()
    await log.serve(ann)
    await world.writeMuch(ann)
    const carl = await world.open(2)
    await world.rest(ann, carl)
    log.prune()
    await bob.connect()
    await log.serve(bob)
    expect(bob.sync.status.unsent).toBe(0)
    // It is the same life of the same device.
    expect(stateOf(bob).own.incarnation).toBe(incarnation)
    expect(log.entries.filter(({ device }) => bytesEqual(device, bob.context.device)).length).toBe(1)
    expect((await openMemoryStore(bob.disk).list(['pending'])).length).toBe(0)
    await world.edit(bob, 'mine', { name: 'again' })
    await log.serve(ann)
    expect(digest(bob)).toBe(digest(ann))
    expect(codesOf(bob)).toEqual([])
  })
})
