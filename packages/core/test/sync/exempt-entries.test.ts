// An entry that some devices cannot read stands in the range that a snapshot covers. The snapshot leaves it out by name; nobody forgets it,
// and whoever can read it one day does, also who joined after the entries before it were gone.
import { bytesEqual, roots } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { openMemoryStore } from '../../src/storage'
import { Author } from './support/author'
import { CompactionWorld, codesOf, digest, stateOf } from './support/compaction-world'
import { TestDevice } from './support/device'
import { RebaseWorld, rebasesOf } from './support/rebase-world'
import type { SnapshotLog } from './support/snapshot-log'

const [ANN, BOB, CARL, EVE] = [0, 1, 2, 3]
const WEEK_MS = 604_800_000

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

/** Hears the log while it lacks the keys. */
async function withoutKeys(device: TestDevice, act: () => Promise<void>): Promise<void> {
  const { keyAt } = device.context
  device.context.keyAt = () => undefined
  await act()
  device.context.keyAt = keyAt
}

/** It never has the account's first key. */
function blind(device: TestDevice): void {
  const { keyAt } = device.context
  device.context.keyAt = (document, position) => (position === 0 ? undefined : keyAt(document, position))
}

/** The relay keeps from it what a snapshot leaves out. */
function withhold(device: TestDevice): void {
  const hear = device.hear.bind(device)
  device.hear = (frame) => hear(frame.type === 'exempt' ? { ...frame, entries: [], heads: [] } : frame)
}

const exemptOnDisk = async ({ disk }: TestDevice): Promise<unknown[]> =>
  (await openMemoryStore(disk).list(['exempt'])).map(([key]) => key[2])

/** Bob wrote twice while Ann could not read it; Ann wrote on, and sums it all up. */
async function summedUpByHalfBlind(): Promise<void> {
  await withoutKeys(ann, async () => {
    await world.edit(bob, 'by Bob', { name: 'unread' })
    await world.edit(bob, 'by Bob', { name: 'unread, too' })
    await log.serve(ann)
  })
  expect(ann.sync.status.held.map(({ reason }) => reason)).toEqual(['unknown-key', 'unknown-key'])
  expect(ann.records).toEqual({})
  await bob.disconnect()
  await world.writeMuch(ann)
  await world.rest(ann)
  expect(log.current?.header.exempt).toEqual([1, 2])
}

describe('an entry that the author of a snapshot could not read', () => {
  it('is left out by name, which another device that can read it finds true', async () => {
    await summedUpByHalfBlind()
    await bob.connect()
    await world.rest(bob)
    expect(log.current?.verdicts.map(({ verdict }) => verdict)).toEqual(['accept'])
    expect([...codesOf(bob)]).toEqual([])
  })

  it('is with a device that joins later, which can read it', async () => {
    await summedUpByHalfBlind()
    await bob.connect()
    await world.rest(bob)
    log.prune()
    const carl = await world.open(CARL)
    expect(carl.records).toEqual(bob.records)
    expect(carl.sync.status.held).toEqual([])
    expect(digest(carl)).toBe(digest(bob))
    const again = await world.open(CARL, { disk: carl.disk })
    expect(digest(again)).toBe(digest(bob))
  })

  it('is read later by a device that joined after, could not read it either, and starts again when it can', async () => {
    blind(ann)
    await world.edit(bob, 'by Bob', { name: 'unread' })
    await log.serve(ann)
    await world.account.remove(ANN, [EVE])
    const { keyringState } = ann.context
    await keyringState.extend(keyringState.length, world.account.records.slice(keyringState.length))
    ann.sync.keyringRead()
    await log.serve(ann)
    await world.writeMuch(ann)
    await world.rest(ann)
    expect(log.current?.header.exempt).toEqual([1])
    log.prune()
    const carl = await TestDevice.open(world.account, CARL, log.document)
    blind(carl)
    await carl.connect()
    await log.serve(carl)
    expect(carl.sync.status).toMatchObject({ held: [{ number: 1, reason: 'unknown-key' }], caughtUp: true })
    expect(Object.keys(carl.records)).toEqual(['one'])
    const again = await world.open(CARL, { disk: carl.disk })
    expect(again.sync.status.held).toEqual([])
    expect(again.records).toMatchObject({ 'by Bob': { name: 'unread' } })
    const seeing = await world.open(ANN, { disk: ann.disk })
    expect(digest(again)).toBe(digest(seeing))
  })

  it('is verified by a device that joined after, once it is shown who wrote it', async () => {
    await summedUpByHalfBlind()
    log.prune()
    const carl = await TestDevice.open(world.account, CARL, log.document)
    const { keyring } = carl.context
    const bobId = Buffer.from(bob.context.device).toString('hex')
    const devices = new Map([...keyring().devices].filter(([id]) => id !== bobId))
    carl.context.keyring = () => ({ ...keyring(), devices })
    await carl.connect()
    await log.serve(carl)
    // It asked for more of the keyring, and there was none.
    expect(carl.link.keyringReads).toBe(1)
    carl.sync.keyringRead()
    await log.serve(carl)
    expect(carl.sync.status.held.map(({ reason }) => reason)).toEqual(['unknown-device', 'unknown-device'])
    await world.edit(ann, 'after', { name: 'the snapshot' })
    await log.serve(carl)
    await bob.connect()
    await log.serve(bob)
    await world.edit(bob, 'after', { name: 'by Bob' })
    await carl.catchUp(log)
    carl.sync.keyringRead()
    await log.serve(carl)
    expect(carl.records).toMatchObject({ after: { name: 'the snapshot' } })
    carl.context.keyring = keyring
    carl.sync.keyringRead()
    await log.serve(carl)
    expect(carl.sync.status.held).toEqual([])
    expect(digest(carl)).toBe(digest(bob))
    const again = await world.open(CARL, { disk: carl.disk })
    expect(digest(again)).toBe(digest(bob))
  })

  it('is nothing to distrust the relay for when its snapshot comes twice before the keyring is read', async () => {
    await summedUpByHalfBlind()
    log.prune()
    const carl = await TestDevice.open(world.account, CARL, log.document)
    const { keyring } = carl.context
    const annId = Buffer.from(ann.context.device).toString('hex')
    carl.context.keyring = () => ({
      ...keyring(),
      devices: new Map([...keyring().devices].filter(([id]) => id !== annId)),
    })
    const hear = carl.hear.bind(carl)
    let copy: Parameters<typeof hear>[0] | undefined
    carl.hear = async (frame) => {
      await hear(frame)
      if (frame.type === 'snapshot') copy = frame
      if (frame.type !== 'exempt' || copy === undefined) return
      await hear(copy)
      await hear(frame)
    }
    await carl.connect()
    await log.serve(carl)
    expect([carl.link.distrusted, carl.link.keyringReads]).toEqual([[], 2])
    carl.context.keyring = keyring
    carl.sync.keyringRead()
    await log.serve(carl)
    expect(carl.sync.status.held).toEqual([])
    expect(carl.records).toMatchObject({ 'by Bob': { name: 'unread, too' } })
  })

  it('stays with whoever keeps nothing else from before, and is in the next snapshot once it is read', async () => {
    await summedUpByHalfBlind()
    await bob.connect()
    await world.rest(ann, bob)
    await log.wait(WEEK_MS, ann, bob)
    await ann.connect()
    await world.rest(ann, bob)
    expect(stateOf(ann).foundation?.number).toBe(log.snapshots[0]!.header.coveredNumber)
    expect((await openMemoryStore(ann.disk).list(['exempt'])).map(([key]) => key[2])).toEqual([1, 2])
    const again = await world.open(ANN, { disk: ann.disk })
    expect(again.records).toMatchObject({ 'by Bob': { name: 'unread, too' } })
    await world.writeMuch(again, 60, 'other')
    await log.serve(bob)
    await world.rest(again, bob)
    expect(log.snapshots.length).toBe(2)
    expect(log.current?.header.exempt).toEqual([])
    expect(log.current?.verdicts.map(({ verdict }) => verdict)).toEqual(['accept'])
    const carl = await world.open(CARL)
    expect(digest(carl)).toBe(digest(bob))
    expect([...codesOf(again), ...codesOf(bob), ...codesOf(carl)]).toEqual([])
  })
})

describe('an entry that nobody can read', () => {
  it('stays out of every snapshot, and holds back nothing but its author’s later entries', async () => {
    const eve = await Author.of(world.account, EVE, log.document)
    await eve.write(log, { updates: [{ root: roots.registers, format: 1, bytes: new Uint8Array([1, 2, 3]) }] })
    await eve.write(log)
    await log.serve(ann, bob)
    await world.writeMuch(ann)
    await world.rest(ann, bob)
    expect(log.current?.header.exempt).toEqual([1, 2])
    expect(log.current?.header.vector.some(({ device }) => bytesEqual(device, eve.context.device))).toBe(false)
    expect(log.current?.verdicts.map(({ verdict }) => verdict)).toEqual(['accept'])
    log.prune()
    const carl = await world.open(CARL)
    expect(carl.sync.status.held).toEqual(ann.sync.status.held)
    expect(digest(carl)).toBe(digest(ann))
    await eve.write(log)
    await log.serve(ann, carl)
    expect(carl.sync.status.held).toEqual(ann.sync.status.held)
  })
})

describe('an entry that is left out and that the relay does not send', () => {
  it('stays with a device that had it, which reads it once it can and verifies what its author wrote after it', async () => {
    const carl = await world.open(CARL)
    blind(ann)
    blind(carl)
    await world.edit(bob, 'by Bob', { name: 'unread' })
    await world.edit(bob, 'by Bob', { name: 'unread, too' })
    await log.serve(ann, carl)
    await carl.disconnect()
    await world.account.remove(ANN, [EVE])
    for (const device of [ann, bob, carl]) {
      const { keyringState } = device.context
      await keyringState.extend(keyringState.length, world.account.records.slice(keyringState.length))
      device.sync.keyringRead()
    }
    await log.serve(ann, bob)
    await bob.disconnect()
    await world.writeMuch(ann)
    await world.rest(ann)
    expect(log.current?.header.exempt).toEqual([1, 2])
    log.prune()
    withhold(carl)
    await carl.connect()
    await log.serve(carl)
    expect(stateOf(carl).foundation?.number).toBe(log.prunedTo)
    expect(codesOf(carl)).toContain('relay-misbehaved')
    expect(await exemptOnDisk(carl)).toEqual([1, 2])
    expect(carl.sync.status.held.map(({ number, reason }) => [number, reason])).toEqual([
      [1, 'unknown-key'],
      [2, 'unknown-key'],
    ])
    await bob.connect()
    await log.serve(bob)
    await world.edit(bob, 'by Bob', { note: 'after' })
    await log.serve(carl)
    const again = await world.open(CARL, { disk: carl.disk })
    expect(again.sync.status.held).toEqual([])
    expect(digest(again)).toBe(digest(bob))
  })

  it('stays in the document of a device that had read it', async () => {
    const carl = await world.open(CARL)
    await withoutKeys(ann, async () => {
      await world.edit(bob, 'by Bob', { name: 'unread' })
      await log.serve(ann, carl)
    })
    await carl.disconnect()
    await bob.disconnect()
    await world.writeMuch(ann)
    await world.rest(ann)
    log.prune()
    withhold(carl)
    await carl.connect()
    await log.serve(carl)
    expect(await exemptOnDisk(carl)).toEqual([1])
    expect(carl.sync.status).toMatchObject({ held: [], unsent: 0 })
    expect(carl.records).toMatchObject({ 'by Bob': { name: 'unread' } })
    const again = await world.open(CARL, { disk: carl.disk })
    expect(again.records).toEqual(carl.records)
  })

  it('stays with a device that takes a rebase over', async () => {
    const rebased = await RebaseWorld.create()
    const author = await rebased.open(ANN)
    const carl = await rebased.open(CARL)
    const eve = await Author.of(rebased.account, EVE, rebased.log.document)
    await eve.write(rebased.log, { updates: [{ root: roots.registers, format: 1, bytes: new Uint8Array([1, 2, 3]) }] })
    await rebased.log.serve(author, carl)
    withhold(carl)
    await rebased.wear(author)
    await rebased.rest(author, carl)
    expect([rebasesOf(author), rebasesOf(carl)]).toEqual([1, 1])
    expect(rebased.log.current?.header.exempt).toEqual([1])
    expect(await exemptOnDisk(carl)).toEqual([1])
    expect(carl.sync.status.held.map(({ number }) => number)).toEqual([1])
    const message = 'The relay sent a summary without the entries that are not in it.'
    expect(carl.context.reports.map((error) => error.message)).toContain(message)
  })
})
