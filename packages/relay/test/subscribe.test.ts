import { type Cursor, type DocumentId, envelopeHash, type Hash, nextLogHash, PAGE_BYTES } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { documentNamed, random, sha512, TestAccount, TestDevice } from './help/account'
import type { TestClient } from './help/client'
import { startTestRelay, type TestRelayOptions } from './help/relay'

const contacts = documentNamed('contacts')
const drafts = documentNamed('drafts')
const generation = random(16) as never

async function start(options: TestRelayOptions = {}) {
  const world = startTestRelay(options)
  const account = new TestAccount()
  const second = new TestDevice(account)
  const [one, two] = [world.connect(), world.connect()]
  await one.open(account)
  one.send(account.add(second))
  await one.next('keyring-changed')
  await two.logIn(second)
  const start = (document: DocumentId): Cursor => ({ document, number: 0, hash: account.emptyLog(document) })
  return { ...world, account, first: account.first, second, one, two, start }
}

/** Reads pages until nothing remains, as a device does. */
async function catchUp(
  client: TestClient,
  cursor: Cursor,
): Promise<{ cursor: Cursor; entries: Uint8Array[]; pages: number }> {
  const entries: Uint8Array[] = []
  let { number, hash } = cursor
  for (let pages = 1; ; pages++) {
    client.send({ type: 'subscribe', generation, cursors: [{ ...cursor, number, hash }] })
    const page = await client.next('page')
    expect(page.first).toBe(number + 1)
    for (const entry of page.entries) hash = nextLogHash(sha512, hash, envelopeHash(sha512, entry))
    expect(page.logHash).toEqual(hash)
    number += page.entries.length
    entries.push(...page.entries)
    if (number === page.newest) return { cursor: { ...cursor, number, hash }, entries, pages }
  }
}

describe('subscribing', () => {
  it('a document that nobody wrote has an empty page', async () => {
    const { one, start: from, account } = await start()
    one.send({ type: 'subscribe', generation, cursors: [from(contacts)] })
    expect(await one.next('page')).toEqual({
      type: 'page',
      document: contacts,
      first: 1,
      entries: [],
      heads: [],
      logHash: account.emptyLog(contacts),
      newest: 0,
      live: false,
    })
  })

  it('a device reads what others wrote, with their signed heads, and then only what is new', async () => {
    const { one, two, first, start: from } = await start()
    const [early, later] = [first.push(contacts, { count: 2 }), first.push(contacts)]
    one.send(early, later)
    await one.next('pushed')
    await one.next('pushed')
    two.send({ type: 'subscribe', generation, cursors: [from(contacts)] })
    const page = await two.next('page')
    expect(page.entries).toEqual([...early.entries, ...later.entries])
    expect(page.heads).toEqual([
      { device: first.id, incarnation: first.incarnation, sequence: 3, signature: later.signature },
    ])
    const live = first.push(contacts)
    one.send(live)
    await one.next('pushed')
    expect(await two.next('page')).toMatchObject({
      first: 4,
      entries: live.entries,
      heads: [{ sequence: 4, signature: live.signature }],
      newest: 4,
      live: true,
    })
    expect(one.unread).toEqual([])
  })

  it('a long log comes page by page, each ending where a push ended and within its size', async () => {
    const { one, two, first, start: from, settle } = await start()
    const pushes = Array.from({ length: 14 }, () => first.push(contacts, { count: 3, sizeBytes: 40_000 }))
    one.send(...pushes)
    await settle()
    const { entries, pages } = await catchUp(two, from(contacts))
    expect(Buffer.concat(entries).equals(Buffer.concat(pushes.flatMap((push) => push.entries)))).toBe(true)
    expect(pages).toBe(Math.ceil(14 / Math.floor(PAGE_BYTES / 120_400)))
  })

  it('one subscribe is answered within its budget, and the rest is asked for again', async () => {
    const { one, two, first, start: from, settle } = await start({ limits: { maxSubscribeBytes: 1_000 } })
    const documents = ['a', 'b', 'c'].map(documentNamed)
    one.send(...documents.map((document) => first.push(document, { sizeBytes: 900 })))
    await settle()
    two.send({ type: 'subscribe', generation, cursors: documents.map(from) })
    const pages = [await two.next('page'), await two.next('page'), await two.next('page')]
    expect(pages.map((page) => [page.first, page.entries.length, page.newest])).toEqual([
      [1, 1, 1],
      [1, 1, 1],
      [1, 0, 1],
    ])
    const last = await catchUp(two, from(documents[2] as DocumentId))
    expect(last.entries).toHaveLength(1)
  })

  it('a follower that has not caught up gets no live page, and misses nothing', async () => {
    const { one, two, first, start: from, settle } = await start({ limits: { maxSubscribeBytes: 1 } })
    const before = [first.push(contacts), first.push(contacts)]
    one.send(...before)
    await settle()
    two.send({ type: 'subscribe', generation, cursors: [from(contacts)] })
    expect(await two.next('page')).toMatchObject({ first: 1, newest: 2, entries: [{}] })
    const meanwhile = first.push(contacts)
    one.send(meanwhile)
    await settle()
    expect(two.unread).toEqual([])
    const { entries } = await catchUp(two, from(contacts))
    expect(entries).toEqual([...before, meanwhile].flatMap((push) => push.entries))
    one.send(first.push(contacts))
    expect(await two.next('page')).toMatchObject({ first: 4, live: true })
  })

  it('a follower that asks again while it is live stays live', async () => {
    const { one, two, first, start: from, settle } = await start()
    const { cursor } = await catchUp(two, from(contacts))
    one.send(first.push(contacts), first.push(contacts))
    await settle()
    // Sent before the live pages were read: the answer repeats them.
    two.send({ type: 'subscribe', generation, cursors: [cursor] })
    await settle()
    expect(two.unread.map((frame) => frame.type === 'page' && [frame.first, frame.entries.length, frame.live])).toEqual(
      [
        [1, 1, true],
        [2, 1, true],
        [1, 2, false],
      ],
    )
    one.send(first.push(contacts))
    await two.find('page')
    await two.find('page')
    await two.find('page')
    expect(await two.next('page')).toMatchObject({ first: 3, live: true })
  })

  it('a follower that has more than its question says stays live when the answer ends before that', async () => {
    const { one, two, first, start: from, settle } = await start({ limits: { maxSubscribeBytes: 1 } })
    two.send({ type: 'subscribe', generation, cursors: [from(contacts)] })
    await two.next('page')
    one.send(first.push(contacts), first.push(contacts))
    await settle()
    expect(two.unread).toHaveLength(2)
    two.send({ type: 'subscribe', generation, cursors: [from(contacts)] })
    await settle()
    expect(two.unread.splice(0)[2]).toMatchObject({ first: 1, entries: [{}], newest: 2, live: false })
    one.send(first.push(contacts))
    expect(await two.next('page')).toMatchObject({ first: 3, live: true })
  })

  it('what is committed while a page is read comes right behind it', async () => {
    let release: (() => void) | undefined
    let holding = false
    const reads = async () => {
      if (holding) await new Promise<void>((resolve) => (release = resolve))
    }
    const { one, two, first, second, start: from, settle } = await start({ reads })
    holding = true
    two.send(second.push(contacts), { type: 'subscribe', generation, cursors: [from(contacts)] })
    await settle()
    holding = false
    one.send(first.push(contacts), first.push(contacts))
    await settle()
    expect(two.unread.map((frame) => frame.type)).toEqual(['pushed'])
    release?.()
    await settle()
    // The own entry came in while the empty page was read, and is known to be there.
    expect(two.unread.map((frame) => frame.type === 'page' && [frame.first, frame.newest, frame.live])).toEqual([
      false,
      [1, 0, false],
      [2, 2, true],
      [3, 3, true],
    ])
  })

  it('a writer that follows its own document hears of the others behind its own entries', async () => {
    const { one, two, first, second, start: from } = await start()
    await catchUp(one, from(contacts))
    one.send(first.push(contacts))
    await one.next('pushed')
    two.send(second.push(contacts))
    await two.next('pushed')
    expect(await one.next('page')).toMatchObject({ first: 2, live: true })
  })

  it('a cursor beyond the log is told what there is, and one on another history that it is on another', async () => {
    const { one, first, start: from } = await start()
    one.send(first.push(contacts))
    const { logHash } = await one.next('pushed')
    const ask = (...cursors: Cursor[]) => one.send({ type: 'subscribe', generation, cursors })
    ask({ document: contacts, number: 2, hash: logHash }, { document: drafts, number: 0, hash: random<Hash>(32) })
    expect(await one.next('refused')).toMatchObject({ code: 'cursor-ahead', document: contacts, state: 1 })
    expect(await one.next('refused')).toMatchObject({ code: 'cursor-mismatch', document: drafts })
    ask({ document: contacts, number: 1, hash: random<Hash>(32) }, from(drafts))
    expect(await one.next('refused')).toMatchObject({ code: 'cursor-mismatch', document: contacts })
    expect(await one.next('page')).toMatchObject({ document: drafts, first: 1 })
    ask({ document: contacts, number: 1, hash: logHash })
    expect(await one.next('page')).toMatchObject({ document: contacts, first: 2, newest: 1 })
  })

  it('a connection follows a bounded number of documents', async () => {
    const { one, start: from } = await start({ limits: { maxDocuments: 2 } })
    const documents = ['a', 'b', 'c'].map(documentNamed)
    one.send({ type: 'subscribe', generation, cursors: documents.map(from) })
    await one.next('page')
    await one.next('page')
    expect(await one.next('refused')).toMatchObject({ code: 'too-many-documents', document: documents[2], state: 2 })
    one.send({ type: 'unsubscribe', documents: documents.slice(0, 1) })
    one.send({ type: 'subscribe', generation, cursors: documents.slice(1).map(from) })
    await one.next('page')
    await one.next('page')
  })

  it('after unsubscribing nothing more comes', async () => {
    const { one, two, first, start: from, settle } = await start()
    await catchUp(two, from(contacts))
    two.send({ type: 'unsubscribe', documents: [contacts] })
    await settle()
    one.send(first.push(contacts))
    await one.next('pushed')
    expect(two.unread).toEqual([])
  })

  it('whatever is pushed while pages are read, a follower gets every entry once and in order', async () => {
    const { one, two, first, second, start: from, settle } = await start({ limits: { maxSubscribeBytes: 2_000 } })
    const pushes = Array.from({ length: 40 }, (_, i) => first.push(contacts, { count: 1 + (i % 3), sizeBytes: 700 }))
    const expected = pushes.flatMap((push) => push.entries).length + 10
    let { number, hash } = from(contacts)
    two.send({ type: 'subscribe', generation, cursors: [from(contacts)] })
    for (let i = 0; i < pushes.length; i++) {
      one.send(pushes[i] as never)
      if (i % 4 === 0) two.send(second.push(contacts))
      if (i % 5 === 0) await settle()
    }
    while (number < expected) {
      await settle()
      let newest = number
      for (const frame of two.unread.splice(0)) {
        if (frame.type === 'pushed') newest = Math.max(newest, ...frame.numbers)
        if (frame.type === 'pushed' && frame.numbers[0] === number + 1) [number, hash] = [number + 1, frame.logHash]
        if (frame.type !== 'page') continue
        newest = Math.max(newest, frame.newest)
        if (frame.first !== number + 1) continue
        for (const entry of frame.entries) hash = nextLogHash(sha512, hash, envelopeHash(sha512, entry))
        number += frame.entries.length
        expect(frame.logHash).toEqual(hash)
      }
      if (newest > number) two.send({ type: 'subscribe', generation, cursors: [{ document: contacts, number, hash }] })
    }
    expect(number).toBe(expected)
    one.send(first.push(contacts))
    await settle()
    expect(two.unread).toMatchObject([{ type: 'page', first: expected + 1, live: true }])
  })
})

describe('seen rows', () => {
  it('reach followers at once and later readers with their page, but not their own author', async () => {
    const { one, two, first, second, start: from, settle } = await start()
    await catchUp(one, from(contacts))
    const { type: _, ...row } = second.seen(contacts)
    two.send({ type: 'seen-put', ...row })
    expect(await one.next('seen')).toEqual({ type: 'seen', ...row })
    one.send(first.seen(contacts))
    await settle()
    expect(one.unread).toEqual([])
    two.send({ type: 'subscribe', generation, cursors: [from(contacts)] }, { type: 'ping', id: 2 })
    await two.next('page')
    expect(await two.next('seen')).toMatchObject({ document: contacts })
    await two.next('pong')
  })

  it('are refused when they are of another device, key, kind or document', async () => {
    const { connect, first, second, account } = await start()
    const row = second.seen(contacts)
    const wrong = [{ ...row, document: drafts }, { ...row, signature: new Uint8Array(64) }, first.seen(contacts)]
    for (const frame of wrong) {
      const client = connect()
      await client.logIn(second)
      client.send(frame)
      expect(await client.next('refused')).toMatchObject({ request: 'seen-put', code: 'bad-signature' })
    }
    const client = connect()
    await client.logIn(second)
    client.send({ ...row, envelope: second.push(contacts).entries[0] as Uint8Array })
    expect(await client.next('refused')).toMatchObject({ code: 'malformed-frame', document: contacts })
    const again = connect()
    await again.logIn(second)
    again.send(account.rekey(), row)
    await again.next('keyring-changed')
    expect(await again.next('refused')).toMatchObject({ code: 'stale-epoch', document: contacts })
  })
})

it('a snapshot is refused by name and the connection goes on', async () => {
  const { one } = await start()
  const part = { hash: random<Hash>(32), index: 0, count: 1, bytes: random(10) }
  one.send({ type: 'snapshot-put', document: contacts, part }, { type: 'ping', id: 3 })
  expect(await one.next('refused')).toMatchObject({ request: 'snapshot-put', code: 'snapshot-refused' })
  await one.next('pong')
})
