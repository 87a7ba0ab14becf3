// What devices tell each other of what they have read: when a row goes out, what it says, and which rows are believed.
import { type DocumentId, decodeEnvelope, envelopeKinds, type Frame, type Hash } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import type { DocumentState } from '../../src/sync/document/document-state'
import type { SeenRows } from '../../src/sync/document/seen-rows'
import { TestAccount } from './support/account'
import { Author } from './support/author'
import { TestDevice } from './support/device'
import { settle } from './support/fake-platform'
import { type FrameOf, TestLog } from './support/log'

const document = new Uint8Array(16).fill(9) as DocumentId
const account = await TestAccount.create(3)

let log: TestLog
let a: TestDevice
let b: TestDevice

beforeEach(async () => {
  log = new TestLog(await account.context(0), document)
  a = await online(0)
  await a.add('ann')
  await a.flushTo(log)
  b = await online(1)
})

async function online(index: number, of = account): Promise<TestDevice> {
  const device = await TestDevice.open(of, index, document)
  await device.connect()
  await device.catchUp(log)
  return device
}

const rowsOf = ({ link }: TestDevice) =>
  link.sent.filter((frame): frame is FrameOf<'seen-put'> => frame.type === 'seen-put')
const told = ({ envelope, signature }: FrameOf<'seen-put'>): Extract<Frame, { type: 'seen' }> => ({
  type: 'seen',
  document,
  envelope,
  signature,
})

describe('a seen row', () => {
  it('goes out soon after something was read, at most every two seconds, and not without news', async () => {
    expect(rowsOf(b)).toEqual([])
    await b.context.platform.advance(0)
    expect(rowsOf(b).length).toBe(1)
    expect(decodeEnvelope(rowsOf(b)[0]!.envelope)).toMatchObject({ kind: envelopeKinds.seen, sequence: 1 })
    for (const id of ['one', 'two']) {
      await a.add(id)
      await a.flushTo(log)
      await b.catchUp(log)
    }
    await b.context.platform.advance(1_999)
    expect(rowsOf(b).length).toBe(1)
    await b.context.platform.advance(1)
    expect(rowsOf(b).map(({ envelope }) => decodeEnvelope(envelope).sequence)).toEqual([1, 3])
    await b.context.platform.advance(60_000)
    expect(rowsOf(b).length).toBe(2)
  })

  it('goes out less often where many devices would read it', async () => {
    const many = await TestAccount.create(15)
    log = new TestLog(await many.context(0), document)
    const writer = await online(0, many)
    const reader = await online(1, many)
    const write = async (id: string) => {
      await writer.add(id)
      await writer.flushTo(log)
      await reader.catchUp(log)
    }
    await write('first')
    await reader.context.platform.advance(0)
    await write('second')
    await reader.context.platform.advance(2_999)
    expect(rowsOf(reader).length).toBe(1)
    await reader.context.platform.advance(1)
    expect(rowsOf(reader).length).toBe(2)
  })

  it('makes its reader’s edits seen, for a device that never writes too', async () => {
    expect(a.sync.status.state).toBe('stored')
    await b.context.platform.advance(0)
    await a.hear(told(rowsOf(b)[0]!))
    expect(a.sync.status.state).toBe('seen')
    await a.add('bob')
    expect(a.sync.status.state).toBe('local')
    await a.flushTo(log)
    expect(a.sync.status.state).toBe('stored')
  })

  it('goes out when the log that was read again is as long as before, and another one', async () => {
    await b.context.platform.advance(0)
    const { state, seenRows } = b.sync as unknown as { readonly state: DocumentState; readonly seenRows: SeenRows }
    seenRows.schedule()
    await b.context.platform.advance(2_000)
    expect(rowsOf(b).length).toBe(1)
    state.replica.state.hash = new Uint8Array(32).fill(1) as Hash
    seenRows.schedule()
    await b.context.platform.advance(2_000)
    expect(rowsOf(b).length).toBe(2)
  })

  it('is said again on the next connection', async () => {
    await b.context.platform.advance(0)
    await b.disconnect()
    expect(b.context.platform.timers).toEqual([])
    await b.connect()
    await b.catchUp(log)
    await b.context.platform.advance(2_000)
    expect(rowsOf(b).length).toBe(1)
  })

  it('that the relay refused is said again: after the keyring was read, or when the relay allows', async () => {
    await b.context.platform.advance(0)
    const refuse = async (code: 'stale-epoch' | 'too-many-requests', retryAfterMs?: number) => {
      const { SyncError } = await import('../../src/errors')
      b.sync.refusedSeen(new SyncError(code, code, { ...(retryAfterMs !== undefined && { retryAfterMs }) }))
      await settle()
    }
    await refuse('stale-epoch')
    expect(b.link.keyringReads).toBe(1)
    expect(b.context.reports).toEqual([])
    b.sync.keyringRead()
    await settle()
    await b.context.platform.advance(2_000)
    expect(rowsOf(b).length).toBe(2)
    await refuse('too-many-requests', 7_000)
    await b.context.platform.advance(6_999)
    expect(rowsOf(b).length).toBe(2)
    await b.context.platform.advance(1)
    expect(rowsOf(b).length).toBe(3)
  })

  it('that cannot be made is reported, and the next one is made', async () => {
    const { newestKey } = b.context
    b.context.newestKey = () => {
      throw new TypeError('no key')
    }
    await b.context.platform.advance(0)
    expect(b.context.reports.map(({ code }) => code)).toEqual(['internal-error'])
    b.context.newestKey = newestKey
    await a.add('bob')
    await a.flushTo(log)
    await b.catchUp(log)
    await b.context.platform.advance(2_000)
    expect(rowsOf(b).length).toBe(1)
  })

  it('of another document, another device’s hand, or altered, is not believed', async () => {
    await b.context.platform.advance(0)
    const row = told(rowsOf(b)[0]!)
    const { signature: signedByC } = await (await Author.of(account, 2, document)).seal()
    const flip = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
    for (const wrong of [
      { ...row, signature: signedByC },
      { ...row, signature: flip(row.signature, 9) },
      { ...row, envelope: flip(row.envelope, row.envelope.length - 1) },
    ])
      await a.hear(wrong)
    expect(a.sync.status.state).toBe('stored')
    expect(a.context.reports.map(({ code }) => code)).toEqual([
      'relay-misbehaved',
      'relay-misbehaved',
      'relay-misbehaved',
    ])
    // An entry in the place of a row, however well it is signed.
    const c = await (await Author.of(account, 2, document)).seal()
    await a.hear({ ...row, envelope: c.envelope, signature: c.signature })
    expect(a.sync.status.state).toBe('stored')
  })

  it('of ourselves is no news', async () => {
    await a.context.platform.advance(0)
    await a.hear(told(rowsOf(a)[0]!))
    expect(a.sync.status.state).toBe('stored')
  })

  it('is read after a pause when many come at once, and only the newest of each device', async () => {
    const many = await TestAccount.create(8)
    log = new TestLog(await many.context(0), document)
    const writer = await online(0, many)
    await writer.add('first')
    await writer.flushTo(log)
    await writer.context.platform.advance(1_000)
    const rows: FrameOf<'seen-put'>[] = []
    for (let index = 1; index < 8; index++) {
      const reader = await online(index, many)
      await reader.context.platform.advance(0)
      rows.push(...rowsOf(reader))
    }
    expect(rows.length).toBe(7)
    const { signing } = writer.context.platform
    const { verify } = signing
    let checks = 0
    signing.verify = (...args) => {
      checks++
      return verify(...args)
    }
    for (let again = 0; again < 3; again++) for (const row of rows) writer.sync.received(told(row))
    await settle()
    expect(checks).toBe(4)
    await writer.context.platform.advance(2_000)
    // Four of the first that came are read again: nobody knows of them that nothing newer is in what follows.
    expect(checks).toBe(4 + 7)
    expect(writer.sync.status.copies.filter(({ isComplete }) => isComplete).length).toBe(7)
    await writer.sync.close()
    expect(writer.context.platform.timers).toEqual([])
  })

  it('closing leaves no timer', async () => {
    expect(b.context.platform.timers.length).toBe(1)
    await b.sync.close()
    expect(b.context.platform.timers).toEqual([])
  })
})
