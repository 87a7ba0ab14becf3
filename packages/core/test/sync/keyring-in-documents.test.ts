// What a change of the keyring means for documents that hold entries already: read again what could not be verified, and seal again what
// was sealed under a key that does not count.
import { createHash, randomBytes } from 'node:crypto'
import { type DocumentId, decodeEnvelope, type Frame, recordHash } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { appendRecord, createRekey, type DeviceKeys } from '../../src/account'
import { MemoryDisk, openMemoryStore, type Store } from '../../src/storage'
import type { KeyringRow } from '../../src/sync/account/profile'
import { decodeLog } from '../../src/sync/document/rows'
import { type ContextOptions, TestAccount } from './support/account'
import { TestDevice } from './support/device'
import { settle } from './support/fake-platform'
import { TestLog } from './support/log'

const document = new Uint8Array(16).fill(9) as DocumentId
const [ANN, BOB, EVE] = [0, 1, 2]
const sha512 = (bytes: Uint8Array): Uint8Array => createHash('sha512').update(bytes).digest()
const digest = (device: TestDevice): string => Buffer.from(device.sync.registers.digest(sha512)).toString('hex')

let account: TestAccount
let log: TestLog
let rekeys: number

beforeEach(async () => {
  rekeys = 0
  account = await TestAccount.create(3)
  log = new TestLog(await account.context(ANN), document)
})

async function open(index: number, options: ContextOptions = {}) {
  const device = await TestDevice.open(account, index, document, options)
  // As the engine does it.
  device.context.keyringState.changes.add((change) => device.sync.keyringChanged(change))
  await device.connect()
  await device.catchUp(log)
  return device
}

async function add(device: TestDevice, id: string): Promise<void> {
  await device.add(id)
  await device.flushTo(log)
}

/** Of all entries that a disk holds, archived or not, in the order of its rows. */
async function storedNumbers(disk: MemoryDisk): Promise<number[]> {
  const store = openMemoryStore(disk)
  const rows = [...(await store.list(['archive'])), ...(await store.list(['log']))]
  return rows.flatMap(([key, bytes]) => {
    const { entries } = decodeLog(bytes)
    return entries.length === 0 ? [Number.NaN] : entries.map((_, i) => (key[2] as number) + i)
  })
}

/** A key change by this device: another one with every call, the same ones in every run. */
async function rekey(by: number): Promise<KeyringRow> {
  const { platform } = await account.context(by)
  platform.random(++rekeys)
  return { record: await createRekey(platform, account.state, { signer: account.devices[by] as DeviceKeys }) }
}

/** A key change whose hash is of the upper half, so that it takes no luck to find one with a lower hash, which counts against it. */
async function rekeyThatLoses(by: number): Promise<KeyringRow> {
  for (;;) {
    const row = await rekey(by)
    if ((recordHash(sha512, row.record)[0] as number) >= 128) return row
  }
}

/** The account goes on with this record. */
async function count(row: KeyringRow): Promise<void> {
  const { platform } = await account.context(ANN)
  account.state = await appendRecord(platform.signing, account.state, row.record)
  account.records.push(row)
}

describe('entries under a key that the relay hides', () => {
  /** Ann has changed the key and written on; the reader was not shown the record. */
  async function hidden(entriesBefore = 3) {
    const ann = await open(ANN)
    const disk = new MemoryDisk()
    const reader = await open(EVE, { disk })
    for (let i = 0; i < entriesBefore; i++) {
      await add(ann, `before ${i}`)
      await reader.catchUp(log)
    }
    await count(await rekey(ANN))
    await ann.context.keyringState.extend(3, account.records.slice(3))
    await ann.sync.keyringChanged({ isOther: false })
    // As after a push that was refused as stale.
    await add(ann, 'after')
    await add(ann, 'and after')
    await reader.catchUp(log)
    // The keyring was read because of it, and showed nothing.
    reader.sync.keyringRead()
    await settle()
    await reader.catchUp(log)
    return { ann, reader, disk, entriesBefore }
  }

  it('are kept aside, and nothing that follows them is lost: they are read again when the record is shown', async () => {
    const { ann, reader, entriesBefore } = await hidden()
    expect(reader.sync.missesKeyring).toBe(true)
    expect(reader.sync.status.held.map(({ reason }) => reason)).toEqual(['unknown-epoch', 'unknown-epoch'])
    expect(Object.keys(reader.records).length).toBe(entriesBefore)
    const subscribes = reader.link.subscribes
    await reader.context.keyringState.extend(3, account.records.slice(3))
    await settle()
    expect(reader.sync.missesKeyring).toBe(false)
    expect(reader.sync.cursor.number).toBe(entriesBefore)
    expect(reader.link.subscribes).toBeGreaterThan(subscribes)
    // What it had is there while it reads.
    expect(Object.keys(reader.records).length).toBe(entriesBefore)
    await reader.catchUp(log)
    expect(reader.sync.status).toMatchObject({ held: [], caughtUp: true })
    expect(reader.sync.cursor).toEqual(ann.sync.cursor)
    expect(digest(reader)).toBe(digest(ann))
  })

  it('do not take along what followed them while they are read again: a relay that was put back meanwhile gets it back', async () => {
    const { reader, entriesBefore } = await hidden()
    await add(reader, 'mine')
    await reader.catchUp(log)
    expect(reader.sync.status).toMatchObject({ unsent: 0, lastEntry: entriesBefore + 3 })
    log.entries.length = entriesBefore
    await reader.context.keyringState.extend(3, account.records.slice(3))
    await settle()
    await reader.catchUp(log)
    const sent = <T extends Frame['type']>(type: T) =>
      reader.link.sent.filter((frame): frame is Extract<Frame, { type: T }> => frame.type === type)
    expect(sent('lease')).toMatchObject([{ purpose: 'heal', release: false }])
    await reader.hear({ type: 'leased', document, purpose: 'heal', forMs: 60_000 })
    // Theirs, which this device could not verify, their author gives back.
    expect(sent('refill').map(({ first, entries }) => [first, entries.length])).toEqual([[entriesBefore + 1, 1]])
  })

  it('are told of to the others when they are here, though nothing is said while they are read', async () => {
    const { ann, reader } = await hidden()
    await reader.context.platform.advance(10_000)
    await reader.context.keyringState.extend(3, account.records.slice(3))
    await settle()
    await add(ann, 'one more')
    reader.link.sent.length = 0
    await reader.catchUp(log)
    await reader.context.platform.advance(10_000)
    const rows = reader.link.sent.flatMap((frame) => (frame.type === 'seen-put' ? [frame] : []))
    expect(rows.map(({ envelope }) => decodeEnvelope(envelope).sequence)).toEqual([log.newest])
  })

  it('do not make a device that starts meanwhile write under a dot that it has used', async () => {
    const { reader, disk } = await hidden()
    await add(reader, 'mine')
    await reader.catchUp(log)
    const lastN = reader.sync.registers.lastN
    await reader.context.keyringState.extend(3, account.records.slice(3))
    await settle()
    expect(reader.sync.cursor.number).toBeLessThan(log.newest)
    const again = await TestDevice.open(account, EVE, document, { disk })
    expect(again.sync.registers.lastN).toBe(lastN)
    await again.connect()
    await again.catchUp(log)
    await add(again, 'mine, too')
    const ann = await open(ANN)
    expect(Object.keys(ann.records)).toEqual(expect.arrayContaining(['mine', 'mine, too']))
    expect(digest(ann)).toBe(digest(again))
  })

  it('are read again also where the log before them was folded and archived, after a crash at any commit', async () => {
    const { ann, reader, disk } = await hidden(20)
    // Somebody who was not shown it either writes on for long.
    const bob = await TestDevice.open(account, BOB, document, { keyringLength: 3 })
    await bob.connect()
    await bob.catchUp(log)
    bob.sync.keyringRead()
    await settle()
    for (let i = 0; i < 60; i++) {
      await bob.catchUp(log)
      await bob.add(`by Bob ${i}`, { text: randomBytes(45_000).toString('base64') })
      await bob.flushTo(log)
      await reader.catchUp(log)
      await reader.context.platform.advance(2_000)
    }
    await ann.catchUp(log)
    const archived = (await openMemoryStore(disk).list(['archive'])).map(([key]) => key[2] as number)
    expect(archived.filter((first) => first > 21).length).toBeGreaterThan(0)
    for (let crashAt = 0; ; crashAt++) {
      const copy = disk.copy()
      const store = openMemoryStore(copy)
      let commits = 0
      const dying: Store = {
        ...store,
        commit: async (...args) => {
          if (commits++ >= crashAt) throw new TypeError('the process died')
          await store.commit(...args)
        },
      }
      const opening = TestDevice.open(account, EVE, document, { disk: copy, store: dying })
      await Promise.race([opening, settle()])
      const again = await open(EVE, { disk: copy })
      await again.catchUp(log)
      expect(again.sync.status).toMatchObject({ held: [], caughtUp: true })
      expect(digest(again)).toBe(digest(ann))
      expect(again.sync.cursor).toEqual(ann.sync.cursor)
      expect(await storedNumbers(copy)).toEqual(Array.from({ length: log.newest }, (_, i) => i + 1))
      if (commits <= crashAt) break
      expect(crashAt).toBeLessThan(10)
    }
  })

  it('of its own that stood between them are still its own', async () => {
    const { reader, ann } = await hidden()
    await add(reader, 'mine')
    const { incarnation } = decodeEnvelope(log.entries.at(-1)!.bytes)
    await reader.context.keyringState.extend(3, account.records.slice(3))
    await settle()
    await reader.catchUp(log)
    await add(reader, 'mine, too')
    expect(decodeEnvelope(log.entries.at(-1)!.bytes).incarnation).toBe(incarnation)
    await ann.catchUp(log)
    expect(digest(reader)).toBe(digest(ann))
  })
})

describe('a key that is lost with its branch', () => {
  /** Ann has changed the key; Bob too, and his branch counts. Everybody but Bob went by Ann's for a while. */
  async function parted() {
    const readers: TestDevice[] = []
    const ann = await open(ANN)
    await add(ann, 'common')
    const disk = new MemoryDisk()
    for (const index of [BOB, EVE]) readers.push(await open(index, index === EVE ? { disk } : {}))
    const [bob, eve] = readers as [TestDevice, TestDevice]
    const lost = await rekeyThatLoses(ANN)
    for (const device of [ann, eve]) await device.context.keyringState.extend(3, [lost])
    await settle()
    return { ann, bob, eve, disk }
  }

  /** Bob's branch, that counts for this device. */
  async function adopt(...devices: TestDevice[]): Promise<void> {
    for (let tries = 0; account.records.length === 3; tries++) {
      expect(tries).toBeLessThan(100)
      const row = await rekey(BOB)
      if ((await devices[0]!.context.keyringState.meetBranch(3, [row])) === 'theirs') await count(row)
    }
    for (const { context } of devices)
      if (context.keyringState.state.head !== account.state.head)
        await context.keyringState.meetBranch(3, account.records.slice(3)).catch(() => {})
    await settle()
  }

  it('seals nothing that was not sent: that is sealed again, once', async () => {
    const { ann, bob } = await parted()
    await ann.add('unsent')
    const before = ann.link.lastPush
    expect(decodeEnvelope(before.entries[0]!).epoch).toBe(3)
    await adopt(ann)
    await bob.context.keyringState.extend(3, account.records.slice(3))
    expect(ann.link.lastPush.entries).not.toEqual(before.entries)
    await ann.flushTo(log)
    expect(log.newest).toBe(2)
    await bob.catchUp(log)
    expect(bob.sync.status.held).toEqual([])
    expect(bob.records.unsent).toEqual({ name: 'unsent' })
  })

  it('has sealed what others cannot read: its author seals it again, and it counts as repaired everywhere', async () => {
    const { ann, bob, eve } = await parted()
    await add(ann, 'one')
    await add(ann, 'two')
    await eve.catchUp(log)
    await add(eve, 'by Eve')
    await ann.catchUp(log)
    await adopt(ann, eve)
    await bob.context.keyringState.extend(3, account.records.slice(3))
    await bob.catchUp(log)
    expect(Object.keys(bob.records)).toEqual(['common'])
    expect(bob.sync.status.held.length).toBe(3)
    // Nothing vanishes where it could be read.
    for (const device of [ann, eve]) expect(Object.keys(device.records).length).toBe(4)
    // One signature of Ann’s vouches for the first entry, too.
    expect([ann.sync.status.unsent, eve.sync.status.unsent]).toEqual([3, 1])
    await ann.flushTo(log)
    await eve.catchUp(log)
    await eve.flushTo(log)
    for (const device of [ann, bob, eve]) await device.catchUp(log)
    for (const device of [ann, bob, eve]) {
      expect(device.sync.status).toMatchObject({ held: [], unsent: 0 })
      expect(Object.keys(device.records).length).toBe(4)
    }
    expect(new Set([ann, bob, eve].map(digest)).size).toBe(1)
    const late = await TestDevice.open(account, BOB, document, {})
    await late.connect()
    await late.catchUp(log)
    expect(late.sync.status.held).toEqual([])
    expect(digest(late)).toBe(digest(ann))
  })
})
