// One document, driven by hand: what it sends and hears, what it does when it is disturbed in between, and what its disk holds then.
import { type Body, type DocumentId, decodeBody, decodeEnvelope, ZERO_HASH } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { openEntry } from '../../src/crypto'
import { MemoryDisk, openMemoryStore, type Store } from '../../src/storage'
import { type ContextOptions, TestAccount } from './support/account'
import { Author } from './support/author'
import { TestDevice } from './support/device'
import { FakePlatform, settle } from './support/fake-platform'
import { TestLog } from './support/log'

const document = new Uint8Array(16).fill(9) as DocumentId

const account = await TestAccount.create(3)
let log: TestLog

beforeEach(async () => {
  log = new TestLog(await account.context(0), document)
})

const open = (index: number, options?: ContextOptions) => TestDevice.open(account, index, document, options)

async function openOnline(index: number, options?: ContextOptions): Promise<TestDevice> {
  const device = await open(index, options)
  await device.connect()
  await device.catchUp(log)
  return device
}

/** A store whose reads of one document's log can be held back, as on a slow disk. */
function slowStore(disk: MemoryDisk): Store & { hold(): () => void } {
  const store = openMemoryStore(disk)
  let gate: Promise<void> = Promise.resolve()
  return {
    ...store,
    async list(prefix) {
      await gate
      return store.list(prefix)
    },
    hold() {
      let open: () => void = () => {}
      gate = new Promise((resolve) => {
        open = resolve
      })
      return open
    },
  }
}

/** A store that refuses every commit while `broken` is set. */
function breakableStore(disk: MemoryDisk): Store & { broken: boolean } {
  const store = openMemoryStore(disk)
  const result = {
    ...store,
    broken: false,
    async commit(...args: Parameters<Store['commit']>) {
      if (result.broken) throw new TypeError('the disk is gone')
      return store.commit(...args)
    },
  }
  return result
}

describe('sending', () => {
  it('waits until everything the relay has is here, then sends what is pending', async () => {
    const a = await open(0)
    await a.add('ann')
    await a.connect()
    expect(a.link.pushes).toEqual([])
    await a.catchUp(log)
    expect(a.link.pushes.length).toBe(1)
    expect(a.sync.status).toMatchObject({ state: 'local', unsent: 1, caughtUp: true })
    await a.hear(log.push(a.link.lastPush))
    expect(a.sync.status).toMatchObject({ state: 'stored', unsent: 0 })
  })

  it('has one push under way; what is written meanwhile is merged into the next', async () => {
    const a = await openOnline(0)
    await a.add('one')
    for (const id of ['two', 'three', 'four']) await a.add(id)
    expect(a.link.pushes.length).toBe(1)
    await a.hear(log.push(a.link.lastPush))
    expect(a.link.pushes.map(({ entries }) => entries.length)).toEqual([1, 1])
    await a.flushTo(log)
    const b = await openOnline(1)
    expect(Object.keys(b.records)).toEqual(['four', 'one', 'three', 'two'])
  })

  it('goes at once where answers are quick, and after a pause where they take long', async () => {
    const a = await openOnline(0)
    for (const id of ['one', 'two']) {
      await a.add(id)
      await a.context.platform.advance(8)
      await a.hear(log.push(a.link.lastPush))
    }
    expect(a.link.pushes.length).toBe(2)
    // The relay has much to do.
    for (const id of ['three', 'four', 'five']) {
      await a.context.platform.advance(60)
      await a.add(id)
      await a.context.platform.advance(200)
      await a.hear(log.push(a.link.lastPush))
    }
    expect(a.link.pushes.length).toBe(5)
    await a.add('six')
    await a.context.platform.advance(40)
    await a.add('seven')
    expect(a.link.pushes.length).toBe(5)
    await a.context.platform.advance(10)
    expect(a.link.pushes.length).toBe(6)
    await a.hear(log.push(a.link.lastPush))
    expect(a.sync.status.unsent).toBe(0)
  })

  it('pauses after many transactions: more will come, and go together', async () => {
    const a = await openOnline(0)
    for (let n = 0; n < 6; n++) a.sync.transact([{ kind: 'add', id: `first ${n}`, fields: { name: 'x' } }])
    await settle()
    expect(a.link.pushes.length).toBe(1)
    await a.hear(log.push(a.link.lastPush))
    expect(a.sync.status.unsent).toBe(0)
    for (let n = 0; n < 6; n++) {
      await a.add(`second ${n}`)
      await a.context.platform.advance(4)
    }
    expect(a.link.pushes.length).toBe(1)
    await a.context.platform.advance(1)
    expect(a.link.pushes.length).toBe(2)
    await a.hear(log.push(a.link.lastPush))
    expect(a.sync.status.unsent).toBe(0)
  })

  it('sends the same bytes again on the next connection, whether or not the relay had them', async () => {
    const a = await openOnline(0)
    await a.add('ann')
    const sent = a.link.lastPush
    log.push(sent)
    await a.disconnect()
    await a.connect()
    await a.catchUp(log)
    expect(a.sync.status.unsent).toBe(0)
    await a.add('bob')
    const second = a.link.lastPush
    await a.disconnect()
    await a.connect()
    await a.catchUp(log)
    expect(a.link.lastPush).toEqual(second)
    expect(decodeEnvelope(second.entries[0]!).sequence).toBe(2)
  })

  it('sends the same bytes again after the process died', async () => {
    const a = await openOnline(0)
    await a.add('ann')
    const again = await openOnline(0, { disk: a.disk })
    expect(again.link.lastPush).toEqual(a.link.lastPush)
  })

  it('gives the connection up when the answer to a push does not come', async () => {
    const a = await openOnline(0)
    await a.add('ann')
    await a.context.platform.advance(15_000)
    expect(a.link.distrusted.map(({ code }) => code)).toEqual(['connection-lost'])
  })

  it('obeys the relay’s delay after a refusal, then sends the same push', async () => {
    const a = await openOnline(0)
    await a.add('ann')
    await a.refuse('storage-unavailable', { retryAfterMs: 5_000 })
    expect(a.sync.status.refused?.code).toBe('storage-unavailable')
    await a.context.platform.advance(4_999)
    expect(a.link.pushes.length).toBe(1)
    await a.context.platform.advance(1)
    expect(a.link.pushes.length).toBe(2)
    expect(a.link.pushes[1]).toEqual(a.link.pushes[0])
    await a.hear(log.push(a.link.lastPush))
    expect(a.sync.status).toMatchObject({ unsent: 0, refused: undefined })
  })

  it('does not repeat what the relay refuses for good, until the next connection', async () => {
    const a = await openOnline(0)
    await a.add('ann')
    await a.refuse('entry-too-large', { retryable: false })
    await a.add('bob')
    await a.context.platform.advance(600_000)
    expect(a.link.pushes.length).toBe(1)
    expect(a.sync.status.refused?.code).toBe('entry-too-large')
    await a.disconnect()
    await a.connect()
    await a.catchUp(log)
    expect(a.link.pushes.length).toBe(1)
  })

  it('seals anew under a new incarnation when the key was stale, after the keyring was read', async () => {
    const a = await openOnline(0)
    await a.add('ann')
    const [first] = a.link.pushes
    await a.refuse('stale-epoch')
    expect(a.link.keyringReads).toBe(1)
    expect(a.link.pushes.length).toBe(1)
    a.sync.keyringRead()
    await settle()
    await a.catchUp(log)
    expect(a.link.pushes.length).toBe(2)
    expect(decodeEnvelope(a.link.lastPush.entries[0]!).incarnation).not.toBe(
      decodeEnvelope(first!.entries[0]!).incarnation,
    )
    await a.flushTo(log)
    const b = await openOnline(1)
    expect(b.records).toEqual({ ann: { name: 'ann' } })
  })

  it('seals anew on the next connection when the last one ended before the keyring was read', async () => {
    const a = await openOnline(0)
    await a.add('ann')
    await a.refuse('stale-epoch')
    await a.disconnect()
    await a.connect()
    await a.catchUp(log)
    await a.flushTo(log)
    const b = await openOnline(1)
    expect(b.records).toEqual({ ann: { name: 'ann' } })
  })

  it('does not answer a relay that calls every key stale, or every chain forked, as fast as it asks', async () => {
    for (const code of ['stale-epoch', 'fork']) {
      const a = await openOnline(0)
      await a.add('ann')
      for (let i = 0; i < 20; i++) {
        if (a.link.pushes.length > i) await a.refuse(code)
        a.sync.keyringRead()
        await settle()
        await a.catchUp(log)
      }
      expect(a.link.pushes.length, code).toBeLessThan(5)
      await a.context.platform.advance(120_000)
      expect(a.link.pushes.length, code).toBeGreaterThan(1)
      await a.sync.close()
    }
  })

  it('an entry of ours that is held back does not have its push sent for ever', async () => {
    const a = await openOnline(0)
    await a.add('ann')
    const answer = log.push(a.link.lastPush)
    // Our first entry arrives without its signature in between, as from a relay that lies, and is not taken for ours.
    a.context.isCutOff = () => true
    await a.hear(answer)
    const { length } = a.link.pushes
    for (let i = 0; i < 5; i++) await a.hear(answer)
    expect(a.link.pushes.length).toBe(length)
  })

  it('shows that an edit cannot be sealed, and sends it once it can', async () => {
    const a = await open(0)
    const { sign } = a.context
    a.context.sign = () => Promise.reject(new TypeError('no key'))
    await a.add('ann')
    await a.connect()
    await a.catchUp(log)
    expect(a.sync.status.refused?.code).toBe('storage-failed')
    a.context.sign = sign
    await a.disconnect()
    await a.connect()
    await a.catchUp(log)
    await a.flushTo(log)
    expect(a.sync.status).toMatchObject({ unsent: 0, refused: undefined })
  })
})

describe('receiving', () => {
  it('applies entries in order, and asks again when there is a gap', async () => {
    const a = await openOnline(0)
    for (const id of ['one', 'two', 'three']) {
      await a.add(id)
      await a.flushTo(log)
    }
    const b = await open(1)
    await b.connect()
    expect(b.link.subscribes).toBe(1)
    await b.hear(log.page(1, 3, true))
    expect(b.link.subscribes).toBe(2)
    expect(b.records).toEqual({})
    await b.hear(log.page(0, 1))
    expect(b.link.subscribes).toBe(3)
    expect(b.sync.status.caughtUp).toBe(false)
    await b.hear(log.page(0, 3))
    expect(b.sync.status.caughtUp).toBe(true)
    expect(Object.keys(b.records)).toEqual(['one', 'three', 'two'])
    await b.hear(log.page(0, 3))
    expect(b.sync.cursor.number).toBe(3)
    expect(b.context.reports).toEqual([])
  })

  it('does not ask for ever when the answer leaves out what was asked for', async () => {
    const a = await openOnline(0)
    for (const id of ['one', 'two']) {
      await a.add(id)
      await a.flushTo(log)
    }
    const b = await open(1)
    await b.connect()
    await b.hear(log.page(1))
    expect(b.link.subscribes).toBe(1)
    expect(b.link.distrusted.map(({ code }) => code)).toEqual(['relay-misbehaved'])
    expect(b.records).toEqual({})
  })

  it('cursor and entries are one commit: a device that died in between asks for them again', async () => {
    const a = await openOnline(0)
    await a.add('ann')
    await a.flushTo(log)
    const disk = new MemoryDisk()
    const store = breakableStore(disk)
    const b = await open(1, { store })
    await b.connect()
    store.broken = true
    await b.catchUp(log)
    expect(b.records).toEqual({ ann: { name: 'ann' } })
    const again = await open(1, { disk })
    expect(again.sync.cursor.number).toBe(0)
    expect(again.records).toEqual({})
    await again.connect()
    await again.catchUp(log)
    expect(again.records).toEqual({ ann: { name: 'ann' } })
  })

  it('a page that ends a connection’s life while it is stored does not make the next one caught up', async () => {
    const a = await openOnline(0)
    await a.add('ann')
    await a.flushTo(log)
    const disk = new MemoryDisk()
    const store = breakableStore(disk)
    const b = await open(1, { store })
    await b.connect()
    store.broken = true
    await b.catchUp(log)
    await b.disconnect()
    store.broken = false
    await b.context.platform.advance(60_000)
    expect(b.sync.cursor.number).toBe(1)
    expect(b.sync.status.caughtUp).toBe(false)
    await b.connect()
    expect(b.sync.status.caughtUp).toBe(false)
  })

  it('a page that waits while the connection is replaced is not taken for an answer of the new one', async () => {
    const b = await open(1)
    const first = await b.connect()
    b.sync.received(log.page(0))
    b.sync.disconnected()
    b.sync.connected(Object.assign(Object.create(Object.getPrototypeOf(first)), first))
    await settle()
    expect(b.sync.status.caughtUp).toBe(false)
  })

  it('an altered page is refused whole, and the connection given up', async () => {
    const a = await openOnline(0)
    await a.add('ann')
    await a.flushTo(log)
    const b = await open(1)
    await b.connect()
    const page = log.page(0)
    await b.hear({
      ...page,
      entries: page.entries.map((bytes) => bytes.map((byte, i) => (i === 70 ? byte ^ 1 : byte))),
    })
    expect(b.link.distrusted.map(({ code }) => code)).toEqual(['relay-misbehaved'])
    expect(b.sync.cursor.number).toBe(0)
  })

  it('an entry by a device that joined since waits for the keyring, and is applied then', async () => {
    const c = await openOnline(2)
    await c.add('cat')
    await c.flushTo(log)
    const b = await open(1, { keyringLength: 2 })
    await b.connect()
    await b.catchUp(log)
    expect(b.link.keyringReads).toBe(1)
    expect(b.sync.cursor.number).toBe(0)
    await b.context.keyringState.extend(2, account.records.slice(2))
    b.sync.keyringRead()
    await settle()
    expect(b.link.subscribes).toBe(2)
    await b.catchUp(log)
    expect(b.records).toEqual({ cat: { name: 'cat' } })
    expect(b.context.reports).toEqual([])
  })
})

describe('another life of this device', () => {
  /** What a former life of the device wrote and sent, and a copy of its disk from before. */
  async function restored(): Promise<{ readonly disk: MemoryDisk; readonly b: TestDevice }> {
    const a = await openOnline(0)
    await a.add('kept', { phone: '1' })
    await a.flushTo(log)
    const disk = a.disk.copy()
    await a.add('after')
    await a.update('kept', { phone: '2' })
    await a.flushTo(log)
    await a.sync.close()
    return { disk, b: await openOnline(1) }
  }

  const everything = {
    after: { name: 'after' },
    kept: { phone: '2', note: 'restored' },
    offline: { name: 'offline' },
  }

  async function expectEqual(a: TestDevice, b: TestDevice): Promise<void> {
    await a.flushTo(log)
    await b.catchUp(log)
    expect(b.records).toEqual(everything)
    expect(a.records).toEqual(everything)
    expect(digestOf(a)).toBe(digestOf(b))
    expect([...a.context.reports, ...a.link.distrusted]).toEqual([])
  }

  it('is found in the log, and this one goes on under a new writer and incarnation', async () => {
    const { disk, b } = await restored()
    const a = await open(0, { disk })
    const writer = a.sync.registers.writer
    await a.add('offline')
    await a.update('kept', { note: 'restored' })
    await a.connect()
    await a.catchUp(log)
    expect(a.sync.registers.writer).not.toBe(writer)
    await expectEqual(a, b)
  })

  it('is not forgotten by a crash between reading of it and taking a new writer', async () => {
    const { disk, b } = await restored()
    const first = await open(0, { disk })
    await first.update('kept', { phone: '3' })
    await first.connect()
    // The relay says that there is more: the new writer is taken only when everything is here.
    await first.hear({ ...log.page(1), newest: log.newest + 1 })
    const a = await openOnline(0, { disk })
    await a.flushTo(log)
    await b.catchUp(log)
    for (const { sync } of [a, b]) {
      const [conflict] = [...sync.registers.conflicts()]
      expect(conflict?.candidates.map(({ value }) => value).sort()).toEqual(['2', '3'])
    }
    expect(digestOf(a)).toBe(digestOf(b))
  })

  it('is not forgotten when the disk cannot be read at the moment of taking a new writer', async () => {
    const { disk, b } = await restored()
    const store = openMemoryStore(disk)
    let isBroken = false
    const a = await open(0, {
      store: {
        ...store,
        async list(prefix) {
          if (isBroken) throw new TypeError('the disk is away')
          return store.list(prefix)
        },
      },
    })
    await a.add('offline')
    await a.update('kept', { note: 'restored' })
    await a.connect()
    isBroken = true
    await a.catchUp(log)
    expect(a.link.distrusted.length).toBe(1)
    isBroken = false
    await a.disconnect()
    await a.connect()
    await a.catchUp(log)
    await expectEqual(a, b)
  })

  it('an edit made while pending ones are written again is not sealed in the old writing', async () => {
    const { disk, b } = await restored()
    const store = slowStore(disk)
    const a = await open(0, { store })
    await a.connect()
    await a.hear({ ...log.page(1, 1), newest: 1 })
    await a.update('kept', { note: 'restored' })
    // The relay has other content under that number, and says so while the disk is slow to answer.
    const release = store.hold()
    await a.refuse('fork')
    await a.add('offline')
    const pushes = a.link.pushes.length
    release()
    await settle()
    await a.catchUp(log)
    expect(a.link.pushes.length).toBeGreaterThan(pushes)
    await expectEqual(a, b)
  })
})

describe('edits made before the relay’s clock was known', () => {
  const yearMs = 365 * 86_400_000

  async function edited(clockOffsetMs: number | undefined): Promise<MemoryDisk> {
    const platform = new FakePlatform()
    platform.timeMs -= yearMs
    const a = await open(0, { platform, clockOffsetMs })
    await a.add('ann', { name: 'Ann' })
    await a.update('ann', { name: 'Ann Lee' })
    return a.disk
  }

  async function timesOf(disk: MemoryDisk, clockOffsetMs: number | undefined): Promise<number[]> {
    const platform = new FakePlatform()
    platform.timeMs -= yearMs
    const a = await open(0, { disk, platform, clockOffsetMs })
    await settle()
    return a.sync.registers
      .inspect('ann')!
      .fields.get('name')!
      .candidates.map(({ t }) => platform.timeMs + yearMs - t)
  }

  it('move to it also when the document is opened after the relay told', async () => {
    const disk = await edited(undefined)
    expect(await timesOf(disk.copy(), undefined)).toEqual([yearMs - 1])
    expect(await timesOf(disk, yearMs)).toEqual([-1])
    // Once is enough.
    expect(await timesOf(disk, yearMs)).toEqual([-1])
  })

  it('stay where they are when the clock was known, or is near', async () => {
    expect(await timesOf(await edited(yearMs), yearMs)).toEqual([-1])
    expect(await timesOf(await edited(undefined), 200_000)).toEqual([yearMs - 1])
  })
})

describe('what cannot be applied', () => {
  const unreadable: Body['updates'] = [{ root: 0, format: 1, bytes: new Uint8Array([1, 255, 255, 255, 255, 9]) }]

  it('keeps an entry that Yjs cannot read aside, with all that follow it of its author, and nothing else', async () => {
    const b = await openOnline(1)
    await b.add('bob')
    await b.flushTo(log)
    const c = await Author.of(account, 2, document)
    await c.write(log, { updates: unreadable })
    await b.add('bea')
    await b.flushTo(log)
    await c.write(log, {})
    const a = await open(0)
    await a.add('mine')
    await a.connect()
    await a.catchUp(log)
    expect(Object.keys(a.records)).toEqual(['bea', 'bob', 'mine'])
    expect(a.sync.status.held).toEqual([
      { number: 2, reason: 'damaged' },
      { number: 4, reason: 'waits-for-author' },
    ])
    expect(a.link.distrusted).toEqual([])
    await a.flushTo(log)
    const again = await openOnline(0, { disk: a.disk })
    expect(Object.keys(again.records)).toEqual(['bea', 'bob', 'mine'])
    expect(again.sync.status.held).toEqual(a.sync.status.held)
  })

  it('does so also when the entry had waited for another', async () => {
    const b = await Author.of(account, 1, document)
    const c = await Author.of(account, 2, document)
    const seen = [{ device: b.context.device, incarnation: b.incarnation, sequence: 1 }]
    await c.write(log, { updates: unreadable, seen })
    const a = await openOnline(0)
    expect(a.sync.status.held).toEqual([{ number: 1, reason: 'waits-for-seen' }])
    await b.write(log, {})
    await a.catchUp(log)
    expect(a.link.distrusted).toEqual([])
    expect(a.sync.cursor.number).toBe(2)
    expect(a.sync.status.held).toEqual([{ number: 1, reason: 'damaged' }])
  })

  it('an entry kept aside is applied when the keyring brings its key', async () => {
    const b = await openOnline(1)
    await b.add('bob')
    await b.flushTo(log)
    const a = await open(0)
    const { keyAt } = a.context
    a.context.keyAt = () => undefined
    await a.connect()
    await a.catchUp(log)
    expect(a.sync.status.held).toEqual([{ number: 1, reason: 'unknown-key' }])
    a.context.keyAt = keyAt
    a.sync.keyringRead()
    await settle()
    expect(a.records).toEqual({ bob: { name: 'bob' } })
    expect(a.sync.status.held).toEqual([])
    const again = await open(0, { disk: a.disk })
    expect(again.records).toEqual({ bob: { name: 'bob' } })
    expect(again.sync.status.held).toEqual([])
  })

  it('an entry of a later kind stays aside when the document is opened again, readable as its body may be', async () => {
    const b = await openOnline(1)
    await b.add('bob')
    const envelope = decodeEnvelope(b.link.lastPush.entries[0]!)
    const c = await Author.of(account, 2, document)
    const opened = openEntry({
      sha512: c.context.platform.signing.sha512,
      key: c.context.keyAt(document, envelope.epoch)!,
      bytes: b.link.lastPush.entries[0]!,
      envelope,
      place: { account: c.context.account, document, keyId: c.context.newestKey(document).keyId, previous: ZERO_HASH },
    })
    if (!opened.ok) return expect.unreachable()
    await c.write(log, decodeBody(opened.content), { kind: 99 })
    const a = await openOnline(0)
    const again = await openOnline(0, { disk: a.disk })
    for (const device of [a, again]) {
      expect(device.sync.status.held).toEqual([{ number: 1, reason: 'unknown-format' }])
      expect(device.records).toEqual({})
    }
  })

  it('an entry kept aside is applied when the app is opened in a version that knows its format', async () => {
    const b = await openOnline(1)
    await b.add('bob')
    await b.flushTo(log)
    const a = await open(0)
    a.context.keyAt = () => undefined
    await a.connect()
    await a.catchUp(log)
    const again = await open(0, { disk: a.disk })
    await settle()
    expect(again.records).toEqual({ bob: { name: 'bob' } })
    expect(again.sync.status.held).toEqual([])
  })
})

describe('a document’s rows', () => {
  it('are folded when there are many, and everything comes back from the fold', async () => {
    const b = await openOnline(1)
    await b.add('bob')
    await b.flushTo(log)
    const c = await Author.of(account, 2, document)
    for (let i = 0; i < 130; i++) await c.write(log)
    await b.catchUp(log)
    await b.add('bea')
    await b.flushTo(log)
    const a = await open(0)
    await a.connect()
    for (let number = 1; number <= log.newest; number++) a.sync.received(log.page(number - 1, number))
    await settle()
    const store = openMemoryStore(a.disk)
    expect(await store.list(['archive'])).toEqual([])
    await a.context.platform.advance(2_000)
    expect((await store.list(['log'])).length).toBeLessThan(20)
    expect((await store.list(['archive'])).length).toBeGreaterThan(0)
    const again = await open(0, { disk: a.disk })
    expect(again.sync.cursor).toEqual(a.sync.cursor)
    expect(Object.keys(again.records)).toEqual(['bea', 'bob'])
    expect(again.sync.status.held).toEqual([])
  })

  it('are folded without a quiet moment when they become far too many', async () => {
    const c = await Author.of(account, 2, document)
    for (let i = 0; i < 1_030; i++) await c.write(log)
    const a = await open(0)
    await a.connect()
    for (let number = 1; number <= log.newest; number++) a.sync.received(log.page(number - 1, number))
    await settle()
    const store = openMemoryStore(a.disk)
    expect((await store.list(['log'])).length).toBeLessThan(20)
    expect((await store.list(['archive'])).length).toBeGreaterThan(0)
  })

  it('that are missing make the profile damaged, never the document empty or shorter', async () => {
    const b = await openOnline(1)
    for (const id of ['one', 'two', 'three']) {
      await b.add(id)
      await b.flushTo(log)
    }
    const a = await open(0)
    await a.connect()
    for (const last of [1, 2, 3]) await a.hear(log.page(last - 1, last))
    await a.add('mine')
    const rows = await openMemoryStore(a.disk).list([])
    expect(rows.map(([[kind]]) => kind)).toEqual(['copies', 'document', 'log', 'log', 'log', 'outbox', 'pending'])
    for (const [key] of rows) {
      if (key[0] === 'outbox' || key[0] === 'pending' || key[0] === 'copies') continue
      const disk = a.disk.copy()
      await openMemoryStore(disk).commit({ remove: [key] })
      await expect(open(0, { disk }), String(key)).rejects.toMatchObject({ code: 'profile-damaged' })
    }
    for (const [key, value] of rows) {
      const disk = a.disk.copy()
      await openMemoryStore(disk).commit({ put: [[key, value.subarray(0, value.length - 1)]] })
      await expect(open(0, { disk }), String(key)).rejects.toMatchObject({ code: 'profile-damaged' })
    }
  })

  it('a record that is too large to travel in one entry is restored, and the document goes on', async () => {
    const a = await openOnline(0)
    const text = (seed: number) =>
      Array.from({ length: 30_000 }, (_, i) => ((i * 7919 + seed) % 36).toString(36)).join('')
    await a.add('large', { a: text(1) })
    for (const field of ['b', 'c', 'd', 'e', 'f', 'g']) await a.update('large', { [field]: text(field.charCodeAt(0)) })
    await a.sync.transact([{ kind: 'delete', id: 'large' }]).stored
    await Promise.all(a.sync.transactAll([{ kind: 'restore', id: 'large' }]))
    await a.add('after')
    await a.flushTo(log)
    expect(Object.keys(a.sync.registers.get('large') ?? {})).toHaveLength(7)
  })
})

describe('closing', () => {
  it('leaves no timer, and a broken disk does not keep it from ending', async () => {
    for (const isBroken of [false, true]) {
      const store = breakableStore(new MemoryDisk())
      const a = await open(0, { store })
      await a.connect()
      await a.catchUp(log)
      store.broken = isBroken
      const writes = a.sync.transactAll([{ kind: 'add', id: 'ann', fields: { name: 'Ann' } }])
      const outcomes = Promise.allSettled(writes)
      await settle()
      const closing = a.sync.close()
      await a.context.writer.close()
      await closing
      expect((await outcomes).map(({ status }) => status)).toEqual([isBroken ? 'rejected' : 'fulfilled'])
      expect(a.context.platform.timers).toEqual([])
      expect(() => a.sync.transact([{ kind: 'delete', id: 'ann' }])).toThrow(/closed/)
    }
  })
})

function digestOf(device: TestDevice): string {
  const { sha512 } = device.context.platform.signing
  return Buffer.from(device.sync.registers.digest(sha512)).toString('hex')
}

it('a relay that promises entries and never sends them is not asked for ever', async () => {
  const device = await openOnline(0)
  const promise = { ...log.page(0), entries: [], heads: [], newest: 5, logHash: device.sync.cursor.hash }
  for (let i = 0; i < 1_100 && device.link.distrusted.length === 0; i++) await device.hear(promise)
  expect(device.link.distrusted.map(({ code }) => code)).toEqual(['relay-misbehaved'])
  expect(device.link.subscribes).toBeGreaterThan(900)
})

it('a push that was refused and is found in the log all the same is refused no more', async () => {
  const device = await openOnline(0)
  await device.add('ann')
  const push = device.link.lastPush
  await device.refuse('storage-unavailable', { retryAfterMs: 5_000 })
  expect(device.sync.status.refused?.code).toBe('storage-unavailable')
  // The relay had stored it: the same bytes came twice, and only the second were refused.
  log.push(push)
  await device.catchUp(log)
  expect(device.sync.status).toMatchObject({ unsent: 0, refused: undefined })
})
