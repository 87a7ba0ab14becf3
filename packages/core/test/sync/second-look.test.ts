// A relay that sends a wrong signature with entries, and later the true one: what was kept aside for it does not stay aside, and nothing else
// is touched for it. Where the truth does not come, nothing changes and nobody is told twice.
import { bytesEqual, type Frame } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { openMemoryStore } from '../../src/storage'
import { CompactionWorld, codesOf, digest, stateOf } from './support/compaction-world'
import type { TestDevice } from './support/device'
import type { SnapshotLog } from './support/snapshot-log'

const [ANN, BOB, CARL] = [0, 1, 2]
const TEN_MINUTES_MS = 600_000

let world: CompactionWorld
let log: SnapshotLog
let ann: TestDevice
let bob: TestDevice

beforeEach(async () => {
  world = await CompactionWorld.create()
  log = world.log
  ann = await world.open(ANN)
  bob = await world.open(BOB)
})

/** The relay tells this device of Bob's entries under signatures that are not his. @returns tells the truth again */
function forgeSignatures(device: TestDevice): () => void {
  const hear = device.hear.bind(device)
  device.hear = (frame) =>
    hear(
      frame.type === 'page'
        ? {
            ...frame,
            heads: frame.heads.map((head) =>
              bytesEqual(head.device, bob.context.device)
                ? { ...head, signature: head.signature.map((byte) => byte ^ 1) }
                : head,
            ),
          }
        : frame,
    )
  return () => {
    device.hear = hear
  }
}

const heldBy = ({ sync }: TestDevice): (readonly [number, string])[] =>
  sync.status.held.map(({ number, reason }) => [number, reason] as const)

/** Bob writes twice, Ann is lied to about the first, and Carl, who was not, writes about the second. */
async function lieOnce(): Promise<() => void> {
  const carl = await world.open(CARL)
  const tellTruth = forgeSignatures(ann)
  await world.edit(bob, 'by Bob', { name: 'forged' })
  await log.serve(ann, carl)
  await world.edit(bob, 'by Bob', { name: 'after it' })
  await log.serve(ann, carl)
  await world.edit(carl, 'by Bob', { note: 'seen by Carl' })
  await log.serve(ann)
  expect(heldBy(ann)).toEqual([
    [1, 'bad-signature'],
    [2, 'chain-gap'],
    [3, 'waits-for-seen'],
  ])
  expect(ann.records).toEqual({})
  return tellTruth
}

/** The device hears the truth: nothing is aside, and its disk says the same. */
async function expectMended(device: TestDevice): Promise<void> {
  await log.serve(device, bob)
  expect(heldBy(device)).toEqual([])
  expect(device.sync.status).toMatchObject({ caughtUp: true, healing: false, unsent: 0 })
  expect(digest(device)).toBe(digest(bob))
  expect(await openMemoryStore(device.disk).list(['refill'])).toEqual([])
  expect(await openMemoryStore(device.disk).list(['held'])).toEqual([])
  const again = await world.open(ANN, { disk: device.disk })
  expect(digest(again)).toBe(digest(bob))
  expect(again.sync.cursor).toEqual(device.sync.cursor)
}

describe('an entry under a signature that is not its author’s', () => {
  it('is let in with all that waited for it once the relay tells the truth on another connection', async () => {
    const tellTruth = await lieOnce()
    tellTruth()
    await ann.disconnect()
    await ann.connect()
    await expectMended(ann)
  })

  it('is let in on the same connection, when that lasts', async () => {
    const tellTruth = await lieOnce()
    tellTruth()
    await log.wait(TEN_MINUTES_MS, ann)
    await expectMended(ann)
  })

  it('is let in at once where the relay was wrong about one answer alone', async () => {
    const tellTruth = forgeSignatures(ann)
    await world.edit(bob, 'by Bob', { name: 'forged' })
    await ann.hear(log.page(0, log.newest, true))
    await ann.sync.settled()
    expect(heldBy(ann)).toEqual([[1, 'bad-signature']])
    tellTruth()
    await expectMended(ann)
  })

  it('is let in beside what was written on it while it was shown', async () => {
    const tellTruth = forgeSignatures(ann)
    await world.edit(bob, 'by Bob', { name: 'forged', note: 'old' })
    await ann.hear(log.page(0, log.newest, true))
    expect(ann.records).toEqual({ 'by Bob': { name: 'forged', note: 'old' } })
    ann.sync.transact([{ kind: 'update', id: 'by Bob', fields: { note: 'by Ann' } }])
    ann.sync.transact([{ kind: 'add', id: 'by Ann', fields: { name: 'Ann' } }])
    await ann.sync.settled()
    expect(heldBy(ann)).toEqual([[1, 'bad-signature']])
    tellTruth()
    await log.serve(ann, bob)
    await expectMended(ann)
    expect(bob.records).toMatchObject({ 'by Ann': { name: 'Ann' }, 'by Bob': { name: 'forged', note: 'by Ann' } })
  })

  it('stays as it is while the relay stays with its lie: nothing is told twice, and nothing is asked for ever', async () => {
    await lieOnce()
    const { cursor } = ann.sync
    const [reports, disk] = [codesOf(ann).length, await openMemoryStore(ann.disk).list(['held'])]
    await ann.disconnect()
    await ann.connect()
    await log.serve(ann)
    const { subscribes } = ann.link
    expect(subscribes).toBeLessThan(6)
    await log.serve(ann)
    expect(ann.link.subscribes).toBe(subscribes)
    expect(codesOf(ann).length).toBe(reports)
    expect(await openMemoryStore(ann.disk).list(['held'])).toEqual(disk)
    expect(ann.sync.cursor).toEqual(cursor)
    expect(ann.sync.status).toMatchObject({ caughtUp: true, healing: false })
    await ann.sync.close()
    expect(ann.context.platform.timers).toEqual([])
  })

  it('leaves in peace what this device wrote and sent meanwhile', async () => {
    const tellTruth = await lieOnce()
    await ann.add('by Ann')
    await ann.flushTo(log)
    await ann.add('not sent')
    tellTruth()
    await ann.disconnect()
    const { incarnation } = stateOf(ann).own
    await ann.connect()
    await log.serve(ann)
    await log.serve(bob)
    expect(Object.keys(bob.records)).toEqual(['by Ann', 'by Bob', 'not sent'])
    expect(stateOf(ann).own.incarnation).toBe(incarnation)
    await expectMended(ann)
  })

  it('is let in by who was closed in the middle of it, and no relay is accused of a loss', async () => {
    const tellTruth = await lieOnce()
    tellTruth()
    await ann.disconnect()
    await ann.connect()
    await ann.hear(log.page(3))
    // The same entries once more; then the log is back to before the first.
    await ann.hear(log.page(0))
    expect(ann.sync.cursor.number).toBe(0)
    expect((await openMemoryStore(ann.disk).list(['refill'])).length).toBeGreaterThan(0)
    const again = await world.open(ANN, { disk: ann.disk })
    await expectMended(again)
    expect(codesOf(again)).toEqual([])
  })

  it('is let in with a summary that others have found true, where the relay has lost the signature for good', async () => {
    await lieOnce()
    const carl = await world.open(CARL)
    await ann.disconnect()
    await world.writeMuch(bob)
    await world.rest(bob, carl)
    expect(log.current?.verdicts.map(({ verdict }) => verdict)).toEqual(['accept'])
    await ann.connect()
    await log.serve(ann)
    expect(heldBy(ann)).toEqual([])
    expect(digest(ann)).toBe(digest(bob))
    expect(codesOf(ann)).not.toContain('snapshot-untrue')
  })

  it('does not make a relay whose old entries rot lose a device that had read them', async () => {
    await lieOnce()
    const hear = ann.hear.bind(ann)
    ann.hear = (frame: Frame) =>
      hear(
        (frame.type === 'page' && frame.first === 1
          ? { ...frame, entries: frame.entries.map((bytes) => bytes.map((byte) => byte ^ 1)) }
          : frame) as Parameters<typeof hear>[0],
      )
    for (let round = 0; round < 3; round++) {
      await ann.disconnect()
      await ann.connect()
      await log.serve(ann)
    }
    const others = 'The relay sent other entries than before under a number that this device had read.'
    expect(ann.context.reports.filter(({ message }) => message === others).length).toBe(1)
    expect(ann.sync.status.caughtUp).toBe(true)
    expect(ann.link.distrusted).toEqual([])
    await world.edit(ann, 'by Ann', { name: 'goes on' })
    expect(ann.sync.status.unsent).toBe(0)
  })
})
