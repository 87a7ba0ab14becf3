// A removal says that what a removed device wrote late does not count, and a snapshot holds it already. Who still has the entries takes it
// apart; who rests on the snapshot goes back to what that was built on, while the relay keeps it.
import type { CutEntry } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { openMemoryStore } from '../../src/storage'
import { CompactionWorld, codesOf, digest, stateOf } from './support/compaction-world'
import type { TestDevice } from './support/device'
import type { SnapshotLog } from './support/snapshot-log'

const [ANN, BOB, CARL, THIEF] = [0, 1, 2, 3]

let world: CompactionWorld
let log: SnapshotLog
let ann: TestDevice
let bob: TestDevice
let thief: TestDevice

beforeEach(async () => {
  world = await CompactionWorld.create()
  log = world.log
  ann = await world.open(ANN)
  bob = await world.open(BOB)
  thief = await world.open(THIEF)
  await world.edit(thief, 'by the thief', { name: 'before the cut' })
  await log.serve(ann, bob)
})

/** Where the device's chain ends now. */
function cutOf(device: TestDevice): CutEntry[] {
  const { chains } = stateOf(device).replica.state
  return [...chains]
    .filter(([lineage]) => lineage.device.join() === device.context.device.join())
    .map(([lineage, { sequence, hash }]) => ({ document: log.document, ...lineage, sequence, hash }))
}

async function learn(...devices: readonly TestDevice[]): Promise<void> {
  for (const device of devices) {
    const { keyringState } = device.context
    await keyringState.extend(keyringState.length, world.account.records.slice(keyringState.length))
    device.sync.keyringRead()
  }
  await log.serve(...devices)
}

/** The relay takes it for as if it had never been. */
const undo = (): void => void log.snapshots.pop()

const late = { late: { name: 'late' } }

describe('a snapshot of what does not count any more', () => {
  it('is taken apart by those who have the entries, and thrown away', async () => {
    const cut = cutOf(thief)
    await world.edit(thief, 'late', { name: 'late' })
    await log.serve(ann, bob)
    await world.writeMuch(ann)
    await world.rest(ann, bob)
    expect(bob.records).toMatchObject(late)
    expect((await openMemoryStore(bob.disk).list(['snapshot'])).length).toBe(1)
    await world.account.remove(ANN, [THIEF], cut)
    undo()
    await learn(ann, bob)
    for (const device of [ann, bob]) {
      expect(Object.keys(device.records).sort()).toEqual(['by the thief', 'one'])
      expect((await openMemoryStore(device.disk).list(['snapshot'])).length).toBe(0)
    }
    await world.rest(ann, bob)
    expect(log.current?.verdicts.map(({ verdict }) => verdict)).toEqual(['accept'])
    expect(log.current?.header.exempt.length).toBe(1)
    const carl = await world.open(CARL)
    expect(digest(carl)).toBe(digest(ann))
    expect([ann, bob, carl].flatMap(codesOf)).toEqual([])
  })

  it('under a device that rests on it gives way to what it was built on', async () => {
    await world.writeMuch(ann)
    await world.rest(ann, bob, thief)
    expect(log.snapshots.length).toBe(1)
    const cut = cutOf(thief)
    await world.edit(thief, 'late', { name: 'late' })
    await log.serve(ann, bob)
    await world.writeMuch(ann, 60, 'other')
    await world.rest(ann, bob)
    expect(log.snapshots.length).toBe(2)
    const carl = await world.open(CARL)
    expect(carl.records).toMatchObject(late)
    await world.edit(carl, 'by Carl', { name: 'his' })
    await carl.sync.transact([{ kind: 'update', id: 'by Carl', fields: { name: 'unsent' } }]).stored
    await log.serve(ann, bob)
    await world.account.remove(ANN, [THIEF], cut)
    undo()
    await learn(ann, bob, carl)
    await log.serve(ann, bob, carl)
    expect(stateOf(carl).foundation?.number).toBe(log.snapshots[0]?.header.coveredNumber)
    expect(carl.records).toMatchObject({ 'by Carl': { name: 'unsent' } })
    expect(carl.records).toEqual(ann.records)
    expect(Object.keys(carl.records)).not.toContain('late')
    expect(carl.sync.status).toMatchObject({ unsent: 0, caughtUp: true, dropped: 1 })
    expect([ann, bob, carl].flatMap(codesOf)).toEqual([])
    const again = await world.open(CARL, { disk: carl.disk })
    expect(again.records).toEqual(ann.records)
  })

  it('that was the first says so where it cannot be undone, and gives way to the next that somebody confirms', async () => {
    const cut = cutOf(thief)
    await world.edit(thief, 'late', { name: 'late' })
    await log.serve(ann, bob)
    await world.writeMuch(ann)
    await world.rest(ann, bob)
    const carl = await world.open(CARL)
    await world.account.remove(ANN, [THIEF], cut)
    undo()
    await learn(ann, bob, carl)
    expect(codesOf(carl)).toEqual(['removal-not-undone'])
    expect(carl.records).toMatchObject(late)
    await world.rest(ann, bob, carl)
    await world.rest(ann, bob, carl)
    expect(carl.records).toEqual(ann.records)
    expect(Object.keys(carl.records)).not.toContain('late')
    expect(codesOf(carl)).toEqual(['removal-not-undone'])
  })
})
