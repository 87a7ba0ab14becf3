// A rebase by a newer version of the app, with something in it that this version cannot compare. It goes on from it, for it must not be left
// behind; what it had before stays, as long as nobody has looked whether it is all there.
import { roots, SNAPSHOT_KEEP_MS, snapshotVerdictBytes } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { openMemoryStore } from '../../src/storage'
import { createDoc, Y } from '../../src/yjs'
import { Author } from './support/author'
import { codesOf, digest, stateOf } from './support/compaction-world'
import type { TestDevice } from './support/device'
import { forgeRebase } from './support/forge-rebase'
import { RebaseWorld, rebasesOf } from './support/rebase-world'
import type { SnapshotLog } from './support/snapshot-log'

/** Only a newer version of the app can carry a document over that has this. */
const newerKey = 'by a newer version'
const app = vi.hoisted(() => ({ isNew: true }))

vi.mock('../../src/document', async (importOriginal) => {
  const document = await importOriginal<typeof import('../../src/document')>()
  const readState: typeof document.readState = (doc) =>
    !app.isNew && doc.getMap('r').has(newerKey) ? undefined : document.readState(doc)
  return { ...document, readState }
})

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
  await log.serve(ann, bob, eve)
})

const keptBy = async (device: TestDevice) => (await openMemoryStore(device.disk).list(['left-out'])).length

/** By the newer version; it leaves a record out. The others are of the version before. */
async function forge(): Promise<void> {
  app.isNew = true
  await forgeRebase(log, eve, ({ registers }) => {
    registers.delete('one\u0001*')
    registers.set(newerKey, 'something')
  })
  app.isNew = false
}

async function reconnect(device: TestDevice): Promise<void> {
  await device.disconnect()
  await device.connect()
  await world.rest(device)
}

describe('what was before a rebase that this version cannot compare', () => {
  it('comes back once the app was updated, and what was written meanwhile stays', async () => {
    await forge()
    await ann.add('two', { name: 'unsent' })
    await world.rest(ann)
    expect([rebasesOf(ann), codesOf(ann), ann.records]).toEqual([1, [], { two: { name: 'unsent' } }])
    await ann.add('three', { name: 'sent' })
    await world.rest(ann, eve)
    expect([await keptBy(ann), rebasesOf(ann)]).toEqual([1, 1])
    app.isNew = true
    const updated = await world.open(0, { disk: ann.disk })
    await world.rest(updated)
    await world.rest(updated, eve)
    expect([rebasesOf(updated), rebasesOf(eve)]).toEqual([2, 2])
    const expected = { one: { name: 'One', note: 'first' }, two: { name: 'unsent' }, three: { name: 'sent' } }
    for (const device of [updated, eve]) expect(device.records).toEqual(expected)
    expect(digest(updated)).toBe(digest(eve))
    expect(await keptBy(ann)).toBe(0)
  })

  it('comes back when what was in the way is gone', async () => {
    await forge()
    await world.rest(ann)
    const carl = await Author.of(world.account, 2, log.document)
    const newer = createDoc('registers')
    Y.applyUpdateV2(newer, ann.sync.registers.encodeState())
    const before = Y.encodeStateVector(newer)
    newer.getMap('r').delete(newerKey)
    const bytes = Y.encodeStateAsUpdate(newer, before)
    await carl.write(
      log,
      { updates: [{ root: roots.registers, format: 1, bytes }] },
      { documentEpoch: log.documentEpoch },
    )
    await world.rest(ann)
    await world.rest(ann, eve)
    expect(rebasesOf(ann)).toBe(2)
    for (const device of [ann, eve]) expect(device.records).toEqual({ one: { name: 'One', note: 'first' } })
    expect(await keptBy(ann)).toBe(0)
  })

  it('stays through the next rebase of that kind', async () => {
    await forge()
    await world.rest(ann, eve)
    await forge()
    await world.rest(ann)
    expect([rebasesOf(ann), await keptBy(ann)]).toEqual([2, 2])
  })

  it('goes a week after another device has found the rebase true', async () => {
    await forge()
    await log.serve(ann)
    const { current } = log
    const { context, document } = stateOf(bob)
    const signature = await context.sign(snapshotVerdictBytes(context.account, document, current!.hash, 'accept'))
    current?.verdicts.push({ device: context.device, verdict: 'accept', signature })
    await log.wait(SNAPSHOT_KEEP_MS - 300_000, ann)
    await reconnect(ann)
    expect(await keptBy(ann)).toBe(1)
    await log.wait(300_000, ann)
    await reconnect(ann)
    expect(await keptBy(ann)).toBe(0)
    expect(codesOf(ann)).toEqual([])
  })
})
