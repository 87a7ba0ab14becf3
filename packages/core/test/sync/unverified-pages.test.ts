// What comes live is shown before its signature was checked, and what rests on the signature waits for it: cursor, disk, what others are told
// and what is sealed. What turns out to be signed wrongly is gone again, and nothing that was written meanwhile with it.
import { type DocumentId, decodeEnvelope } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { openMemoryStore } from '../../src/storage'
import { TestAccount } from './support/account'
import { TestDevice } from './support/device'
import { FakePlatform, settle } from './support/fake-platform'
import { type FrameOf, TestLog } from './support/log'

const document = new Uint8Array(16).fill(9) as DocumentId
/** Longer than signatures wait to be checked, shorter than the next row of what was seen. */
const CHECKED_MS = 500

const account = await TestAccount.create(3)
let log: TestLog
let ann: TestDevice
let bob: TestDevice
/** How many signatures Ann has checked. */
let checks: number

beforeEach(async () => {
  log = new TestLog(await account.context(0), document)
  checks = 0
  const platform = new FakePlatform(7)
  const { verify } = platform.signing
  Object.assign(platform.signing, {
    verify: (...args: Parameters<typeof verify>) => {
      checks++
      return verify(...args)
    },
  })
  ann = await online(0, platform)
  bob = await online(1)
  await bob.add('contact', { name: 'Bob', note: 'old' })
  await bob.flushTo(log)
  await ann.catchUp(log)
  await ann.context.platform.advance(CHECKED_MS)
  checks = 0
})

async function online(index: number, platform?: FakePlatform): Promise<TestDevice> {
  const device = await TestDevice.open(account, index, document, platform && { platform })
  await device.connect()
  await device.catchUp(log)
  return device
}

/** Bob writes, and the relay has it. @returns the page that it sends to the others */
async function written(fields: Record<string, string>): Promise<FrameOf<'page'>> {
  const before = log.newest
  await bob.update('contact', fields)
  await bob.flushTo(log)
  return log.page(before, log.newest, true)
}

const forged = (page: FrameOf<'page'>): FrameOf<'page'> => ({
  ...page,
  heads: page.heads.map((head) => ({ ...head, signature: head.signature.map((byte) => byte ^ 1) })),
})

const stored = async (device: TestDevice): Promise<unknown> =>
  (await TestDevice.open(account, 0, document, { disk: device.disk })).records

const held = (device: TestDevice) => device.sync.status.held.map(({ number, reason }) => [number, reason] as const)

describe('a page that comes live', () => {
  it('is shown at once; cursor and disk wait for its signature', async () => {
    await ann.hear(await written({ note: 'new' }))
    expect(ann.records).toEqual({ contact: { name: 'Bob', note: 'new' } })
    expect(ann.changes.at(-1)).toEqual(['contact'])
    expect(checks).toBe(0)
    expect(ann.sync.cursor.number).toBe(1)
    expect(await stored(ann)).toEqual({ contact: { name: 'Bob', note: 'old' } })

    await ann.context.platform.advance(CHECKED_MS)
    expect(checks).toBe(1)
    expect(ann.sync.cursor.number).toBe(2)
    expect(await stored(ann)).toEqual({ contact: { name: 'Bob', note: 'new' } })
  })

  it('shares one check of a signature, one commit and one row with those that come soon after it', async () => {
    const rows = (await openMemoryStore(ann.disk).list(['log'])).length
    for (const note of ['a', 'b', 'c', 'd', 'e']) await ann.hear(await written({ note }))
    expect(ann.records).toEqual({ contact: { name: 'Bob', note: 'e' } })
    await ann.context.platform.advance(CHECKED_MS)
    expect(checks).toBe(1)
    expect(ann.sync.cursor.number).toBe(6)
    expect(await openMemoryStore(ann.disk).list(['log'])).toHaveLength(rows + 1)
    expect(await stored(ann)).toEqual({ contact: { name: 'Bob', note: 'e' } })
  })

  it('is told to others only when it was checked', async () => {
    await ann.context.platform.advance(10_000)
    const told = () => ann.link.sent.filter(({ type }) => type === 'seen-put').length
    const before = told()
    await ann.hear(await written({ note: 'new' }))
    await ann.context.platform.advance(CHECKED_MS / 3)
    expect(told()).toBe(before)
    await ann.context.platform.advance(CHECKED_MS)
    expect(told()).toBe(before + 1)
  })

  it('is on the disk when the document is to be settled', async () => {
    await ann.hear(await written({ note: 'new' }))
    await ann.sync.settled()
    expect(await stored(ann)).toEqual({ contact: { name: 'Bob', note: 'new' } })
  })

  it('is checked when the connection that brought it is gone', async () => {
    await ann.hear(await written({ note: 'new' }))
    await ann.disconnect()
    await ann.context.platform.advance(CHECKED_MS)
    expect(ann.sync.cursor.number).toBe(2)
    await ann.connect()
    await ann.catchUp(log)
    expect(ann.records).toEqual({ contact: { name: 'Bob', note: 'new' } })
  })

  it('that does not follow what was shown is asked for, with what was left out', async () => {
    const first = await written({ note: 'a' })
    const second = await written({ note: 'b' })
    const asked = ann.link.subscribes
    await ann.hear(second)
    expect(ann.link.subscribes).toBe(asked + 1)
    await ann.hear(first)
    await ann.hear(log.page(2))
    expect(ann.records).toEqual({ contact: { name: 'Bob', note: 'b' } })
    expect(ann.sync.cursor.number).toBe(3)
  })

  it('that does not add up to the hash given for it is not shown, and the connection given up', async () => {
    const page = await written({ note: 'new' })
    await ann.hear({ ...page, logHash: log.hashAt(1) })
    expect(ann.records).toEqual({ contact: { name: 'Bob', note: 'old' } })
    expect(ann.link.distrusted.map(({ code }) => code)).toEqual(['relay-misbehaved'])
  })
})

describe('what this device writes', () => {
  it('is sealed when that which it may rest on was checked, and says so', async () => {
    await ann.hear(await written({ note: 'new' }))
    await ann.update('contact', { name: 'Robert' })
    expect(checks).toBe(1)
    expect(ann.sync.cursor.number).toBe(2)
    const [entry] = ann.link.lastPush.entries
    await ann.flushTo(log)
    await bob.catchUp(log)
    expect(bob.records).toEqual({ contact: { name: 'Robert', note: 'new' } })
    expect(decodeEnvelope(entry!).sequence).toBe(1)
    expect(bob.sync.status.held).toEqual([])
  })

  it('has pages checked before they are shown, while it waits to be sent', async () => {
    await ann.update('contact', { name: 'Robert' })
    await ann.hear(await written({ note: 'new' }))
    expect(checks).toBe(1)
    expect(ann.sync.cursor.number).toBe(2)
    expect(ann.records).toEqual({ contact: { name: 'Robert', note: 'new' } })
  })
})

describe('a signature that is wrong', () => {
  it('has what was shown taken out again, and kept aside', async () => {
    await ann.hear(forged(await written({ note: 'forged' })))
    expect(ann.records).toEqual({ contact: { name: 'Bob', note: 'forged' } })
    await ann.context.platform.advance(CHECKED_MS)
    expect(ann.records).toEqual({ contact: { name: 'Bob', note: 'old' } })
    expect(ann.changes.at(-1)).toBeUndefined()
    expect(held(ann)).toEqual([[2, 'bad-signature']])
    expect(ann.context.reports.map(({ code }) => code)).toContain('relay-misbehaved')
    expect(await stored(ann)).toEqual({ contact: { name: 'Bob', note: 'old' } })
  })

  it('of an author takes nothing from another who came before', async () => {
    const carl = await online(2)
    const first = await written({ note: 'by Bob' })
    await ann.hear(first)
    await carl.catchUp(log)
    await carl.update('contact', { name: 'by Carl' })
    await carl.flushTo(log)
    await ann.hear(forged(log.page(2, 3, true)))
    expect(ann.records).toEqual({ contact: { name: 'by Carl', note: 'by Bob' } })
    await ann.context.platform.advance(CHECKED_MS)
    expect(ann.records).toEqual({ contact: { name: 'Bob', note: 'by Bob' } })
    expect(held(ann)).toEqual([[3, 'bad-signature']])
  })

  it('is no loss where a later one of the same author covers what came under it', async () => {
    await ann.hear(forged(await written({ note: 'a' })))
    await ann.hear(await written({ note: 'b' }))
    await ann.context.platform.advance(CHECKED_MS)
    expect(ann.records).toEqual({ contact: { name: 'Bob', note: 'b' } })
    expect(held(ann)).toEqual([])
  })

  it('takes nothing of what this device has written since, also over it', async () => {
    await ann.hear(forged(await written({ note: 'forged' })))
    ann.sync.transact([{ kind: 'update', id: 'contact', fields: { note: 'by Ann' } }])
    ann.sync.transact([{ kind: 'add', id: 'other', fields: { name: 'Other' } }])
    await settle()
    const expected = { contact: { name: 'Bob', note: 'by Ann' }, other: { name: 'Other' } }
    expect(ann.records).toEqual(expected)
    expect(held(ann)).toEqual([[2, 'bad-signature']])
    expect(await stored(ann)).toEqual(expected)
  })
})
