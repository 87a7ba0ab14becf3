// Two devices to which one relay shows two logs: when that is said, of whom, and when it is not.
import type { DocumentId, Frame } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { TestAccount } from './support/account'
import { TestDevice } from './support/device'
import { type FrameOf, TestLog } from './support/log'

const document = new Uint8Array(16).fill(9) as DocumentId
const account = await TestAccount.create(3)
const idOf = (device: TestDevice) => Buffer.from(device.context.device).toString('hex')

let log: TestLog
let a: TestDevice
let b: TestDevice

beforeEach(async () => {
  log = await newLog()
  a = await online(0, log)
  await a.add('ann')
  await a.flushTo(log)
  b = await online(1, log)
})

const newLog = async () => new TestLog(await account.context(0), document)

async function online(index: number, of: TestLog): Promise<TestDevice> {
  const device = await TestDevice.open(account, index, document)
  await device.connect()
  await device.catchUp(of)
  return device
}

/** Lets two seconds pass, and answers the row that went out by then. */
async function say(device: TestDevice): Promise<Extract<Frame, { type: 'seen' }>> {
  await device.context.platform.advance(2_000)
  const row = device.link.sent.findLast((frame): frame is FrameOf<'seen-put'> => frame.type === 'seen-put')
  if (row === undefined) throw new TypeError('nothing was said')
  return { type: 'seen', document, envelope: row.envelope, signature: row.signature }
}

/** Says it anew, later than before. */
async function sayAnew(device: TestDevice): Promise<Extract<Frame, { type: 'seen' }>> {
  device.sync.tellSeen()
  return await say(device)
}

async function write(device: TestDevice, to: TestLog, ...ids: string[]): Promise<void> {
  for (const id of ids) {
    await device.add(id)
    await device.flushTo(to)
  }
}

/** A log of its own for `b`, that begins as the other one. */
async function fork(): Promise<TestLog> {
  const other = await newLog()
  other.entries.push(...log.entries)
  return other
}

const codes = ({ context }: TestDevice) => context.reports.map(({ code }) => code)
const suspects = ({ sync }: TestDevice) => sync.status.suspicions.map(({ device }) => device)

describe('a relay that shows two logs', () => {
  it('is named, with the device that sees the other one, once both have said it twice', async () => {
    const other = await fork()
    await write(a, log, 'bob')
    await write(b, other, 'cid')
    await a.hear(await say(b))
    await b.hear(await say(a))
    expect([codes(a), codes(b)]).toEqual([[], []])
    // Each has heard what does not fit, and says its own anew by itself.
    await a.hear(await say(b))
    await b.hear(await say(a))
    expect([codes(a), codes(b)]).toEqual([['relay-forked'], ['relay-forked']])
    expect([a.context.reports[0]?.device, b.context.reports[0]?.device]).toEqual([idOf(b), idOf(a)])
    expect(a.sync.status.suspicions).toEqual([{ device: idOf(b), number: 2, sinceMs: expect.any(Number) }])
    await a.hear(await sayAnew(b))
    expect(codes(a)).toEqual(['relay-forked'])
  })

  it('is found out by a device that is ahead, from what it has on its disk', async () => {
    const other = await fork()
    await write(b, other, 'cid')
    await write(a, log, ...Array.from({ length: 40 }, (_, i) => `record ${i}`))
    for (let times = 0; times < 2; times++) {
      await a.hear(await sayAnew(b))
      expect(codes(a)).toEqual([])
      await a.context.platform.advance(30_000)
    }
    expect(codes(a)).toEqual(['relay-forked'])
  })

  it('is found out when the log gets to where the other one was ahead', async () => {
    const other = await fork()
    await write(b, other, 'cid', 'dan')
    await a.hear(await sayAnew(b))
    await write(a, log, 'bob')
    expect(suspects(a)).toEqual([])
    await write(a, log, 'eve')
    await a.hear(await sayAnew(b))
    expect([suspects(a), codes(a)]).toEqual([[idOf(b)], ['relay-forked']])
  })

  it('is no longer suspected when both have read the same again', async () => {
    const other = await fork()
    await write(b, other, 'cid')
    await write(a, log, 'bob')
    for (let times = 0; times < 2; times++) await a.hear(await sayAnew(b))
    expect(suspects(a)).toEqual([idOf(b)])
    const healed = await online(1, log)
    await a.hear(await say(healed))
    expect(suspects(a)).toEqual([])
  })
})

describe('nobody is accused', () => {
  it('when one is behind, at the same place, or ahead on one log', async () => {
    await write(a, log, 'bob', 'cid', 'dan')
    for (const heard of [await say(b), await sayAnew(b)]) await a.hear(heard)
    await b.hear(await say(a))
    await b.catchUp(log)
    await b.hear(await sayAnew(a))
    await a.hear(await sayAnew(b))
    for (const device of [a, b]) await device.context.platform.advance(60_000)
    expect([codes(a), codes(b), suspects(a), suspects(b)]).toEqual([[], [], [], []])
  })

  it('by a row from before the relay was put back, however often the relay shows it', async () => {
    const lost = await fork()
    await write(b, lost, 'cid')
    const stale = await say(b)
    await write(a, log, 'bob')
    for (let times = 0; times < 3; times++) {
      await a.hear(stale)
      await a.disconnect()
      await a.connect()
      await a.catchUp(log)
    }
    expect([codes(a), suspects(a)]).toEqual([[], []])
  })

  it('by a device that is not caught up: it says nothing of a log that the relay does not vouch for any more', async () => {
    await say(b)
    await b.disconnect()
    await b.connect()
    b.sync.tellSeen()
    await b.context.platform.advance(10_000)
    expect(b.link.sent.filter(({ type }) => type === 'seen-put')).toEqual([])
    await b.catchUp(log)
    await b.context.platform.advance(10_000)
    expect(b.link.sent.filter(({ type }) => type === 'seen-put').length).toBe(1)
  })

  it('while the relay is healed, nor by what was said before that', async () => {
    const other = await fork()
    await write(b, other, 'cid')
    await write(a, log, 'bob')
    await a.hear(await sayAnew(b))
    await a.refuse('cursor-ahead', { request: 'subscribe', state: 1 })
    expect(a.sync.status.healing).toBe(true)
    await a.hear(await sayAnew(b))
    await a.hear(log.page(a.sync.cursor.number))
    expect(a.sync.status.healing).toBe(false)
    await a.hear(await sayAnew(b))
    expect([codes(a), suspects(a)]).toEqual([[], []])
  })
})
