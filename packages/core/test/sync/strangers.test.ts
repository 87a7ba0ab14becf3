// Entries by a device that is in no keyring that anybody goes by: let in at a relay that is gone, it wrote there, and the log has come along. They are
// kept aside and told of until another device has read as far and knows no more; then they are left out, and nobody waits for them.
import { bytesToHex, type DocumentId, type Frame } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../src/storage'
import { TestAccount } from './support/account'
import { TestDevice } from './support/device'
import { settle } from './support/fake-platform'
import { type FrameOf, TestLog } from './support/log'

const document = new Uint8Array(16).fill(9) as DocumentId
const [ANN, BOB, EVE] = [0, 1, 2]
/** The branch that counts ends before Eve was let in. */
const WITHOUT_EVE = { keyringLength: 2 }

let account: TestAccount
let log: TestLog
let ann: TestDevice
const bobsDisk = () => new MemoryDisk()

beforeEach(async () => {
  account = await TestAccount.create(3)
  log = new TestLog(await account.context(ANN), document)
  ann = await TestDevice.open(account, ANN, document, WITHOUT_EVE)
  await ann.connect()
  await ann.catchUp(log)
})

async function open(index: number, disk: MemoryDisk, keyringLength?: number): Promise<TestDevice> {
  const device = await TestDevice.open(account, index, document, { disk, ...(keyringLength && { keyringLength }) })
  await device.connect()
  await device.catchUp(log)
  return device
}

/** Reads everything; what it does not know of the keyring is not shown to it. */
async function readAll(device: TestDevice): Promise<void> {
  const reads = device.link.keyringReads
  await device.catchUp(log)
  if (device.link.keyringReads > reads) {
    device.sync.keyringRead()
    await device.catchUp(log)
  }
}

/** What the device says that it has read, as the relay hands it on. */
async function saysSeen(device: TestDevice): Promise<Extract<Frame, { type: 'seen' }>> {
  await device.context.platform.advance(2_000)
  const row = device.link.sent.findLast((frame): frame is FrameOf<'seen-put'> => frame.type === 'seen-put')
  if (row === undefined) throw new TypeError('it says nothing')
  return { type: 'seen', document, envelope: row.envelope, signature: row.signature }
}

/** Eve writes, and Bob on top of that, at a relay that knows both. */
async function writtenWithEve(): Promise<{ readonly eve: TestDevice; readonly disk: MemoryDisk }> {
  const eve = await open(EVE, new MemoryDisk())
  await eve.add('by Eve')
  await eve.flushTo(log)
  const disk = bobsDisk()
  const bob = await open(BOB, disk)
  await bob.add('by Bob')
  await bob.flushTo(log)
  await bob.sync.close()
  return { eve, disk }
}

describe('entries by a device that nobody here knows', () => {
  it('are told of by its name, and hold up what was written on top of them, while nobody else has said anything', async () => {
    const { eve } = await writtenWithEve()
    await readAll(ann)
    expect(ann.sync.status.held.map(({ reason }) => reason)).toEqual(['unknown-device', 'waits-for-seen'])
    expect(ann.sync.status.dropped).toBe(0)
    expect(ann.context.reports.map(({ device }) => device)).toEqual([bytesToHex(eve.context.device)])
  })

  it('are left out once another device has read them and goes by the same keyring, and nobody waits for them', async () => {
    const { disk } = await writtenWithEve()
    await readAll(ann)
    const bob = await open(BOB, disk, 2)
    await ann.hear(await saysSeen(bob))
    expect(ann.sync.status).toMatchObject({ held: [], dropped: 1, caughtUp: true })
    expect(ann.records).toEqual({ 'by Bob': { name: 'by Bob' } })
  })

  it('are not settled by a device that has not read as far, or that was shown another keyring', async () => {
    const disk = bobsDisk()
    const early = await open(BOB, disk, 2)
    await early.add('early')
    await early.flushTo(log)
    const before = await saysSeen(early)
    await early.sync.close()
    await readAll(ann)
    const eve = await open(EVE, new MemoryDisk())
    await eve.add('by Eve')
    await eve.flushTo(log)
    await readAll(ann)
    await ann.hear(before)
    const other = await open(BOB, disk)
    await ann.hear(await saysSeen(other))
    expect(ann.sync.status).toMatchObject({ held: [{ reason: 'unknown-device' }], dropped: 0 })
  })

  it('are not settled while the relay is known to hide the keyring', async () => {
    const { disk } = await writtenWithEve()
    await readAll(ann)
    const bob = await open(BOB, disk, 2)
    ann.context.isKeyringHidden = true
    await ann.hear(await saysSeen(bob))
    expect(ann.sync.status.held.map(({ reason }) => reason)).toEqual(['unknown-device', 'waits-for-seen'])
  })

  it('are read after all when it is let in again', async () => {
    const { disk } = await writtenWithEve()
    await readAll(ann)
    const bob = await open(BOB, disk, 2)
    await ann.hear(await saysSeen(bob))
    expect(ann.sync.status.dropped).toBe(1)
    const { keyringState } = ann.context
    await keyringState.extend(keyringState.length, account.records.slice(keyringState.length))
    ann.sync.keyringRead()
    await settle()
    await readAll(ann)
    expect(ann.sync.status).toMatchObject({ held: [], dropped: 0 })
    expect(Object.keys(ann.records)).toEqual(['by Bob', 'by Eve'])
  })

  it('are written again by a device that had read them while their author was in the account, once', async () => {
    const { disk } = await writtenWithEve()
    await readAll(ann)
    const bob = await open(BOB, disk, 2)
    expect(Object.keys(bob.records)).toEqual(['by Bob', 'by Eve'])
    await bob.hear(await saysSeen(ann))
    expect(bob.sync.status).toMatchObject({ held: [], dropped: 1 })
    await bob.flushTo(log)
    expect(Object.keys(bob.records)).toEqual(['by Bob', 'by Eve'])
    await readAll(ann)
    await ann.hear(await saysSeen(bob))
    expect(ann.records).toEqual(bob.records)
    expect(ann.sync.status).toMatchObject({ held: [], dropped: 1 })
    const { newest } = log
    await bob.sync.close()
    const again = await open(BOB, disk, 2)
    await again.hear(await saysSeen(ann))
    expect(again.sync.status).toMatchObject({ held: [], dropped: 1, unsent: 0 })
    expect(again.records).toEqual(ann.records)
    expect(log.newest).toBe(newest)
  })

  it('are not written again where somebody was removed since: that one may have let their author in', async () => {
    const { disk } = await writtenWithEve()
    const { records } = account
    records.splice(2)
    const branch = await account.context(ANN)
    account.state = branch.keyring()
    await account.addDevice()
    await account.remove(ANN, [3])
    const bob = await open(BOB, disk)
    const other = await open(ANN, new MemoryDisk())
    await readAll(other)
    await bob.hear(await saysSeen(other))
    expect(bob.records).toEqual({ 'by Bob': { name: 'by Bob' } })
    expect(bob.sync.status).toMatchObject({ held: [], dropped: 1, unsent: 0 })
  })

  it('are settled for the only device of an account', async () => {
    await writtenWithEve()
    const alone = await TestDevice.open(account, ANN, document, { keyringLength: 1 })
    await alone.connect()
    await readAll(alone)
    expect(alone.sync.status).toMatchObject({ held: [], dropped: 2 })
  })
})
