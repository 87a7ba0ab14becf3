import {
  type Frame,
  type Hash,
  HEAL_LEASE_MS,
  type LeasePurpose,
  REBASE_LEASE_MS,
  SUSPEND_MS,
} from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { cutEntry, documentNamed, random, TestDevice } from './help/account'
import { startWithTwoDevices } from './help/relay'
import { headOf, refillOf, snapshotOf, TestLog } from './help/snapshots'

const contacts = documentNamed('contacts')
const generation = new Uint8Array(16) as never

async function startWithRefill() {
  const world = await startWithTwoDevices()
  const { account, second } = world
  const log = new TestLog(account.emptyLog(contacts))
  const pushes = [account.first.push(contacts, { count: 2 }), second.push(contacts, { count: 2 })]
  const frame = refillOf(pushes, [0, 1, 1, 0])
  log.add(frame.entries)
  const subscribe = (number: number): Frame => ({
    type: 'subscribe',
    generation,
    cursors: [log.cursor(contacts, number)],
  })
  return { ...world, log, pushes, frame, subscribe }
}

describe('a refill', () => {
  it('brings entries of several authors back at their old numbers, to everybody who follows', async () => {
    const { one, two, account, log, frame, subscribe } = await startWithRefill()
    for (const client of [one, two]) {
      client.send(subscribe(0))
      await client.next('page')
    }
    two.send(frame)
    expect(await two.next('refilled')).toMatchObject({ first: 1, count: 4, logHash: log.hashes[4] })
    for (const client of [one, two]) {
      const page = await client.next('page')
      expect(page).toMatchObject({ first: 1, entries: frame.entries, newest: 4, live: true, logHash: log.hashes[4] })
      expect(page.heads.map(({ sequence }) => sequence)).toEqual([2, 2])
    }
    one.send(account.first.push(contacts))
    expect(await one.next('pushed')).toMatchObject({ numbers: [5] })
  })

  it('may hold what a removed device wrote before its end, under keys of old, and nothing it wrote later', async () => {
    const { one, two, account, second, frame, log } = await startWithRefill()
    const end = cutEntry(contacts, second)
    const later = second.push(contacts)
    one.send(account.remove(second, [end]))
    await one.next('keyring-changed')
    await two.closed()
    one.send(frame)
    expect(await one.next('refilled')).toMatchObject({ count: 4 })
    log.add(later.entries)
    one.send(refillOf([later], [0], 5))
    expect(await one.next('refused')).toMatchObject({ code: 'refill-refused', document: contacts, state: 0 })
  })

  it('of a device that is held off waits, so that nobody else moves the end of its chains', async () => {
    const { one, two, account, second, frame, pass } = await startWithRefill()
    one.send(account.suspend([second]))
    await one.next('suspended')
    await two.closed()
    one.send(frame)
    const refused = { request: 'refill', code: 'busy', document: contacts, retryAfterMs: SUSPEND_MS }
    expect(await one.next('refused')).toMatchObject(refused)
    one.send(account.rekey())
    await one.next('keyring-changed')
    await pass(0)
    one.send(frame)
    await one.next('refilled')
  })

  it('of which the relay has something is refused whole, with its newest number', async () => {
    const { one, two, pushes, frame, account } = await startWithRefill()
    one.send(pushes[0] as Frame)
    await one.next('pushed')
    two.send(frame)
    expect(await two.next('refused')).toMatchObject({ code: 'refill-conflict', state: 2, retryable: true })
    two.send({ ...frame, first: 3 })
    expect(await two.next('refused')).toMatchObject({ code: 'refill-conflict', state: 2 })
    two.send({ type: 'hashes-fetch', document: contacts, numbers: [2, 3] })
    expect(await two.next('hashes')).toMatchObject({ base: 0, newest: 2, hashes: [{ number: 2 }] })
    two.send(refillOf([pushes[1] as (typeof pushes)[number]], [0, 0], 3))
    expect(await two.next('refilled')).toMatchObject({ first: 3, count: 2 })
    two.send(refillOf([account.first.push(contacts)], [0], 9))
    expect(await two.next('refused')).toMatchObject({ code: 'refill-conflict', state: 4 })
  })

  it('of an entry that nobody signed, or that is none, is refused with its place and leaves nothing', async () => {
    const { one, account, frame, store } = await startWithRefill()
    const stranger = new TestDevice(account)
    const foreign = stranger.push(contacts)
    const [head, other] = frame.heads as [(typeof frame.heads)[number], (typeof frame.heads)[number]]
    const broken = frame.entries.with(1, random(200))
    const twice = frame.entries.with(2, frame.entries[1] as Uint8Array)
    const refusals: [Frame, number][] = [
      [{ ...frame, heads: [head] }, 2],
      [{ ...frame, heads: [head, { ...other, signature: random(64) }] }, 2],
      [{ ...frame, heads: [head, { ...other, signature: head.signature }] }, 2],
      [{ ...frame, heads: [head, other, { ...other, sequence: 3 }] }, 0],
      [{ ...frame, entries: broken }, 1],
      [{ ...frame, entries: twice }, 2],
      [refillOf([foreign], [0]), 0],
    ]
    for (const [each, state] of refusals) {
      one.send(each)
      expect(await one.next('refused')).toMatchObject({ request: 'refill', code: 'refill-refused', state })
    }
    expect((await store.readPage({ account: account.id, document: contacts, after: 0, maxBytes: 9 })).newest).toBe(0)
    one.send(frame)
    await one.next('refilled')
  })

  it('that begins in the middle of a chain is told what comes before', async () => {
    const { one, second } = await startWithRefill()
    const push = second.push(contacts)
    one.send(refillOf([push], [0]))
    expect(await one.next('refused')).toMatchObject({ code: 'chain-gap', document: contacts, state: 0 })
  })

  it('of a chain that goes on from another entry than the relay has is refused', async () => {
    const { one, two, second, frame } = await startWithRefill()
    one.send(frame)
    await one.next('refilled')
    const clone = new TestDevice(second.account)
    Object.assign(clone, { keys: second.keys, id: second.id, incarnation: second.incarnation })
    clone.push(contacts, { count: 2 })
    two.send(refillOf([clone.push(contacts)], [0], 5))
    expect(await two.next('refused')).toMatchObject({ code: 'refill-refused', state: 0 })
  })

  it('goes on behind a snapshot that a relay without a log was given', async () => {
    const { one, account, second, log, pushes } = await startWithRefill()
    log.add((pushes[0] as (typeof pushes)[number]).entries)
    const vector = [headOf(account.first, contacts), headOf(second, contacts)]
    const given = snapshotOf(account.first, contacts, { ...log.at(4), vector })
    one.send(...given.puts)
    await one.next('snapshot-stored')
    const more = second.push(contacts, { count: 2 })
    one.send(refillOf([more], [0, 0], 5))
    expect(await one.next('refilled')).toMatchObject({ first: 5, count: 2 })
    one.send({ type: 'hashes-fetch', document: contacts, numbers: [0, 3, 4, 6, 7] })
    const { base, newest, hashes } = await one.next('hashes')
    expect([base, newest, hashes.map(({ number }) => number)]).toEqual([4, 6, [4, 6]])
    expect(hashes[0]?.hash).toEqual(log.hashes[4])
  })
})

describe('a lease', () => {
  const lease = (purpose: LeasePurpose, release = false): Frame => ({
    type: 'lease',
    document: contacts,
    purpose,
    release,
  })

  it.each([
    ['rebase', REBASE_LEASE_MS],
    ['heal', HEAL_LEASE_MS],
  ] as const)('to %s is held by one connection, prolonged by it, and lapses', async (purpose, forMs) => {
    const { one, two, pass } = await startWithTwoDevices()
    one.send(lease(purpose))
    expect(await one.next('leased')).toMatchObject({ document: contacts, purpose, forMs })
    await pass(1_000)
    two.send(lease(purpose))
    expect(await two.next('refused')).toMatchObject({ code: 'lease-taken', retryAfterMs: forMs - 1_000 })
    one.send(lease(purpose))
    expect(await one.next('leased')).toMatchObject({ forMs })
    await pass(forMs)
    two.send(lease(purpose))
    expect(await two.next('leased')).toMatchObject({ forMs })
  })

  it('ends when it is given back, and with the connection; nobody gives back another’s', async () => {
    const { one, two } = await startWithTwoDevices()
    one.send(lease('heal'))
    await one.next('leased')
    two.send(lease('heal', true))
    expect(await two.next('leased')).toMatchObject({ forMs: 0 })
    two.send(lease('heal'))
    expect(await two.next('refused')).toMatchObject({ code: 'lease-taken' })
    one.send(lease('heal', true))
    expect(await one.next('leased')).toMatchObject({ forMs: 0 })
    two.send(lease('heal'))
    await two.next('leased')
    two.link.close()
    one.send(lease('heal'))
    await one.next('leased')
  })

  it('for a rebase holds up pushes and refills of everybody, but not what is there already', async () => {
    const { one, two, account, second, pass } = await startWithTwoDevices()
    const known = account.first.push(contacts)
    one.send(known, lease('rebase'))
    await one.next('pushed')
    await one.next('leased')
    await pass(4_000)
    const waiting = second.push(contacts)
    two.send(waiting)
    const refused = { code: 'rebasing', document: contacts, retryable: true, retryAfterMs: 6_000 }
    expect(await two.next('refused')).toMatchObject(refused)
    one.send(account.first.push(contacts))
    expect(await one.next('refused')).toMatchObject(refused)
    two.send(refillOf([waiting], [0], 2))
    expect(await two.next('refused')).toMatchObject(refused)
    one.send(known)
    expect(await one.next('pushed')).toMatchObject({ numbers: [1] })
    two.send(second.push(documentNamed('notes')))
    await two.next('pushed')
    await pass(6_000)
    two.send(waiting)
    expect(await two.next('pushed')).toMatchObject({ numbers: [2] })
  })

  it('lets its holder move the document’s epoch, and then old edits are told to be of an old one', async () => {
    const { one, two, account, second } = await startWithTwoDevices()
    const log = new TestLog(account.emptyLog(contacts))
    const push = account.first.push(contacts, { count: 2 })
    log.add(push.entries)
    one.send(push, lease('rebase'))
    await one.next('pushed')
    await one.next('leased')
    const vector = [headOf(account.first, contacts)]
    const rebase = (author: TestDevice) => snapshotOf(author, contacts, { ...log.at(2), documentEpoch: 1, vector })
    two.send(...rebase(second).puts)
    expect(await two.next('refused')).toMatchObject({ code: 'lease-taken', retryable: true })
    one.send(...rebase(account.first).puts)
    await one.next('snapshot-stored')
    two.send(second.push(contacts))
    expect(await two.next('refused')).toMatchObject({ code: 'stale-document-epoch', document: contacts })
    second.startIncarnation()
    two.send(second.push(contacts, { documentEpoch: 2 }))
    expect(await two.next('refused')).toMatchObject({ code: 'unknown-document-epoch', document: contacts })
    second.startIncarnation()
    two.send(second.push(contacts, { documentEpoch: 1 }))
    expect(await two.next('pushed')).toMatchObject({ numbers: [3] })
    // The lease ended with the rebase.
    two.send(lease('rebase'))
    await two.next('leased')
  })

  it('is for devices only, of the account and of their own standing', async () => {
    const { connect, account } = await startWithTwoDevices()
    const signIn = new TestDevice(account)
    const one = connect()
    await one.logIn(account.first)
    one.send(account.add(signIn, account.first, 'sign-in'))
    await one.next('keyring-changed')
    for (const frame of [lease('heal'), refillOf([account.first.push(contacts)], [0])]) {
      const client = connect()
      await client.logIn(signIn)
      client.send(frame)
      expect((await client.next('refused')).code).toBe('not-authenticated')
    }
  })
})

it('hashes of a document that nobody wrote are that of an empty log', async () => {
  const { one, account } = await startWithTwoDevices()
  one.send({ type: 'hashes-fetch', document: contacts, numbers: [5, 0] })
  const hashes: { number: number; hash: Hash }[] = [{ number: 0, hash: account.emptyLog(contacts) }]
  expect(await one.next('hashes')).toMatchObject({ base: 0, newest: 0, hashes })
})
