// The texts of a document, written by whoever holds their Y.Doc: they wait, are sealed, sent and taken in as records are.
import { beforeEach, describe, expect, it } from 'vitest'
import { receivedOrigin } from '../../src/sync/document/live-texts'
import type { Y } from '../../src/yjs'
import { codesOf, stateOf } from './support/compaction-world'
import type { TestDevice } from './support/device'
import { settle } from './support/fake-platform'
import { RebaseWorld, rebasesOf } from './support/rebase-world'
import type { SnapshotLog } from './support/snapshot-log'

let world: RebaseWorld
let log: SnapshotLog
let ann: TestDevice
let bob: TestDevice

beforeEach(async () => {
  world = await RebaseWorld.create()
  log = world.log
  ann = await world.open(0)
  bob = await world.open(1)
})

const bodyOf = (device: TestDevice): Y.Text => device.sync.texts.getText('body')

const type = (device: TestDevice, text: string, at = bodyOf(device).length): void => bodyOf(device).insert(at, text)

const writeAgain = (device: TestDevice): Promise<void> =>
  (device.sync as unknown as { ownWriter: { takeNewWriter(): Promise<void> } }).ownWriter.takeNewWriter()

async function expectEverywhere(text: string, ...devices: readonly TestDevice[]): Promise<void> {
  await world.rest(...devices)
  for (const device of devices) {
    expect(bodyOf(device).toString()).toBe(text)
    expect(device.sync.status.unsent).toBe(0)
    expect(device.sync.status.held).toEqual([])
    expect(codesOf(device)).toEqual([])
  }
}

describe('a text', () => {
  it('reaches another device, with an origin that tells it apart from what is written there', async () => {
    const origins: unknown[] = []
    bob.sync.texts.on('update', (_, origin) => origins.push(origin))
    type(ann, 'Dear Eve')
    expect(ann.sync.status.unsent).toBe(1)
    await expectEverywhere('Dear Eve', ann, bob)
    type(bob, ', hello')
    await expectEverywhere('Dear Eve, hello', ann, bob)
    expect(origins).toEqual([receivedOrigin, null])
  })

  it('that both have edited without a connection keeps what each has typed', async () => {
    type(ann, 'one two')
    await expectEverywhere('one two', ann, bob)
    for (const device of [ann, bob]) await device.disconnect()
    type(ann, 'zero ', 0)
    bodyOf(bob).delete(4, 3)
    type(bob, 'three')
    for (const device of [ann, bob]) await device.connect()
    await expectEverywhere('zero one three', ann, bob)
  })

  it('that is not sent is there after a restart, and goes out then', async () => {
    await ann.disconnect()
    for (const letter of 'hello') type(ann, letter)
    bodyOf(ann).delete(0, 1)
    await settle()
    const again = await world.open(0, { disk: ann.disk })
    expect(bodyOf(again).toString()).toBe('ello')
    type(again, 'J', 0)
    await expectEverywhere('Jello', again, bob)
  })

  it('shares its entries with edits of records, each in its order', async () => {
    await ann.disconnect()
    await ann.add('one')
    type(ann, 'a')
    await ann.update('one', { name: 'two' })
    type(ann, 'b')
    await ann.connect()
    await expectEverywhere('ab', ann, bob)
    expect(bob.records).toEqual({ one: { name: 'two' } })
    expect(log.newest).toBe(1)
  })

  it('comes to a device that joins after the log was summed up', async () => {
    type(ann, 'kept')
    await world.wear(ann)
    await world.rest(ann, bob)
    expect(log.snapshots.length).toBeGreaterThan(0)
    log.prune()
    type(ann, ' and more')
    const late = await world.open(2)
    await expectEverywhere('kept and more', ann, bob, late)
  })

  it('is typed on through a rebase, in the same document, also what was not sent', async () => {
    type(ann, 'before')
    await world.rest(ann, bob)
    const live = bob.sync.texts
    await bob.disconnect()
    type(bob, ', offline')
    await world.wear(ann)
    await world.rest(ann)
    expect(rebasesOf(ann)).toBe(1)
    await bob.connect()
    await log.serve(bob)
    expect(rebasesOf(bob)).toBe(1)
    type(bob, ', after')
    await expectEverywhere('before, offline, after', ann, bob)
    expect(bob.sync.texts).toBe(live)
  })

  it('that waits when its device becomes another writer is there once, and typed on in the same document', async () => {
    type(ann, 'before')
    await world.rest(ann, bob)
    await ann.disconnect()
    type(ann, ', waiting')
    const live = ann.sync.texts
    const { clientID } = live
    await writeAgain(ann)
    expect(ann.sync.texts).toBe(live)
    expect(live.clientID).not.toBe(clientID)
    type(ann, ', after')
    await ann.connect()
    await expectEverywhere('before, waiting, after', ann, bob)
  })

  it('that is written in after its document was closed waits nowhere', async () => {
    const { texts } = ann.sync
    await ann.sync.close()
    expect(() => texts.getText('body').insert(0, 'late')).not.toThrow()
    expect(stateOf(ann).outbox.pending).toEqual([])
  })
})

describe('another life of a device', () => {
  it('that typed under the same Yjs client does not mix with this one: both are there, wherever they are read', async () => {
    type(ann, 'common ')
    await world.rest(ann, bob)
    await ann.disconnect()
    const disk = ann.disk.copy()
    const { clientID } = ann.sync.texts
    const other = await world.open(0, { disk })
    // As a machine that was copied while it ran.
    other.sync.texts.clientID = clientID
    type(ann, 'mine')
    type(other, 'their own')
    await world.rest(other, bob)
    const live = ann.sync.texts
    await ann.connect()
    await world.rest(ann, bob)
    expect(ann.sync.texts).not.toBe(live)
    type(ann, '!')
    await world.rest(ann, bob, other)
    const text = bodyOf(bob).toString()
    expect(text).toMatch(/^common (?=.*mine)(?=.*their own).*$/)
    expect(text.length).toBe('common minetheir own!'.length)
    expect(bodyOf(ann).toString()).toBe(text)
    expect(bob.sync.status.held).toEqual([])
  })

  it('that has sent what waits here, too, does not write it twice', async () => {
    await ann.disconnect()
    type(ann, 'once')
    await settle()
    const other = await world.open(0, { disk: ann.disk.copy() })
    await world.rest(other, bob)
    await ann.connect()
    await world.rest(ann, bob)
    for (const device of [ann, bob]) expect(bodyOf(device).toString()).toBe('once')
  })
})

describe('a large text', () => {
  it('goes out in entries that each are within the limit', async () => {
    const text = 'äöü '.repeat(300_000)
    type(ann, text)
    await world.rest(ann, bob)
    expect(bodyOf(bob).toString() === text).toBe(true)
    expect(log.newest).toBeGreaterThan(8)
    expect(Math.max(...log.entries.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(262_144)
    expect([...codesOf(ann), ...codesOf(bob)]).toEqual([])
  })

  it('with a thing in it that cannot travel is told of, and goes on without it', async () => {
    type(ann, 'before after')
    bodyOf(ann).insertEmbed(7, { image: 'x'.repeat(200_000) })
    type(ann, '!')
    await world.rest(ann, bob)
    for (const device of [ann, bob]) expect(bodyOf(device).toDelta()).toEqual([{ insert: 'before after!' }])
    expect(codesOf(ann)).toEqual(['field-too-large'])
    expect(ann.sync.status.unsent).toBe(0)
  })
})
