import {
  bytesEqual,
  decodeSnapshotFile,
  type Frame,
  type Hash,
  MAX_SNAPSHOT_PARTS,
  SNAPSHOT_KEEP_MS,
  SNAPSHOT_PART_BYTES,
} from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { RelayError } from '../src/errors'
import { documentNamed, random, TestDevice } from './help/account'
import { startWithTwoDevices, type TestRelayOptions } from './help/relay'
import { headOf, receiveSnapshot, snapshotOf, TestLog, verdictOf } from './help/snapshots'

const contacts = documentNamed('contacts')
const notes = documentNamed('notes')
const generation = new Uint8Array(16) as never

/** Two devices, and a log of six entries: four of the first and two of the second. */
async function startWithLog(options: TestRelayOptions = {}) {
  const world = await startWithTwoDevices(options)
  const { account, second, one, two } = world
  const log = new TestLog(account.emptyLog(contacts))
  for (const [client, device, count] of [
    [one, account.first, 3],
    [two, second, 2],
    [one, account.first, 1],
  ] as const) {
    const push = device.push(contacts, { count })
    client.send(push)
    await client.next('pushed')
    log.add(push.entries)
  }
  const subscribe = (number: number): Frame => ({
    type: 'subscribe',
    generation,
    cursors: [log.cursor(contacts, number)],
  })
  return { ...world, log, subscribe }
}

describe('a snapshot', () => {
  it('is stored when its last part is there, and offered to those who follow the document', async () => {
    const { account, one, two, log, subscribe, settle } = await startWithLog()
    two.send(subscribe(6))
    await two.next('page')
    const { hash, file, puts } = snapshotOf(account.first, contacts, { ...log.at(5), sizeBytes: 1_200_000 })
    expect(puts.length).toBe(3)
    one.send(...puts.slice(0, 2))
    await settle()
    expect(one.unread).toEqual([])
    one.send(puts[2] as Frame)
    expect(await one.next('snapshot-stored')).toMatchObject({ document: contacts, hash })
    const offered = await two.next('snapshot-offered')
    expect(offered).toMatchObject({ hash, ...log.at(5), documentEpoch: 0, isCurrent: true, verdicts: [] })
    expect(offered).toMatchObject({ author: account.first.id, sizeBytes: file.length, storedAtMs: 1_700_000_000_000 })
  })

  it('is answered the same when it comes again', async () => {
    const { account, one, log } = await startWithLog()
    const { hash, puts } = snapshotOf(account.first, contacts, log.at(5))
    for (let i = 0; i < 2; i++) {
      one.send(...puts)
      expect((await one.next('snapshot-stored')).hash).toEqual(hash)
    }
  })

  it('is offered once to a connection that subscribes again, and anew when it was judged', async () => {
    const { account, second, one, two, log, subscribe } = await startWithLog()
    const { hash, puts } = snapshotOf(account.first, contacts, log.at(5))
    one.send(...puts)
    await one.next('snapshot-stored')
    two.send(subscribe(6), subscribe(6))
    expect((await two.next('snapshot-offered')).hash).toEqual(hash)
    await two.next('page')
    await two.next('page')
    const verdict = verdictOf(second, contacts, hash, 'accept')
    two.send(verdict)
    const { device, signature } = { device: second.id, signature: verdict.signature }
    expect((await two.next('snapshot-offered')).verdicts).toEqual([{ device, verdict: 'accept', signature }])
    two.send(subscribe(6))
    await two.next('page')
  })

  it('is offered anew to a connection that comes back to the document', async () => {
    const { account, one, two, log, subscribe } = await startWithLog()
    const { hash, puts } = snapshotOf(account.first, contacts, log.at(5))
    one.send(...puts)
    await one.next('snapshot-stored')
    for (let n = 0; n < 2; n++) {
      two.send(subscribe(6))
      expect((await two.next('snapshot-offered')).hash).toEqual(hash)
      await two.next('page')
      two.send({ type: 'unsubscribe', documents: [contacts] })
    }
  })

  it('comes in parts, then what it exempts, and is what was put', async () => {
    const { account, one, two, log } = await startWithLog()
    const shape = { ...log.at(6), sizeBytes: 1_000_000, exempt: [4, 5] }
    const { hash, file, puts } = snapshotOf(account.first, contacts, shape)
    one.send(...puts)
    await one.next('snapshot-stored')
    two.send({ type: 'snapshot-fetch', document: contacts })
    const received = await receiveSnapshot(two)
    expect(bytesEqual(received.file, file)).toBe(true)
    expect(received.hash).toEqual(hash)
    const [exempt] = received.exempt
    expect(exempt?.entries.map(({ number, envelope }) => [number, envelope])).toEqual([
      [4, log.envelopes[3]],
      [5, log.envelopes[4]],
    ])
    expect(exempt?.heads.map(({ sequence }) => sequence)).toEqual([2])
    expect(received.exempt.length).toBe(1)
  })

  it('waits for a connection that is slow, and lets everything else pass', async () => {
    const { account, one, two, log, pass } = await startWithLog()
    const { file, puts } = snapshotOf(account.first, contacts, { ...log.at(6), sizeBytes: 2_000_000 })
    one.send(...puts)
    await one.next('snapshot-stored')
    two.bufferedBytes = 2 * SNAPSHOT_PART_BYTES + 1
    two.send({ type: 'snapshot-fetch', document: contacts }, { type: 'ping', id: 7 })
    await two.next('pong')
    await pass(10_000)
    expect(two.unread).toEqual([])
    two.bufferedBytes = 0
    await pass(100)
    expect(bytesEqual((await receiveSnapshot(two)).file, file)).toBe(true)
  })

  it('that nobody has is told to be missing, and so is an older one that is gone', async () => {
    const { one, account, log } = await startWithLog()
    one.send({ type: 'snapshot-fetch', document: contacts })
    expect(await one.next('refused')).toMatchObject({ code: 'snapshot-missing', document: contacts })
    const { hash, puts } = snapshotOf(account.first, contacts, log.at(5))
    one.send(...puts)
    await one.next('snapshot-stored')
    one.send({ type: 'snapshot-fetch', document: contacts, hash })
    expect((await receiveSnapshot(one)).hash).toEqual(hash)
    one.send({ type: 'snapshot-fetch', document: contacts, hash: random<Hash>(32) })
    expect(await one.next('refused')).toMatchObject({ code: 'snapshot-missing', document: contacts })
    one.send({ type: 'snapshot-fetch', document: notes, hash })
    expect(await one.next('refused')).toMatchObject({ code: 'snapshot-missing', document: notes })
  })

  it('that the disk does not take is refused with its document, so that whoever waits for it hears of it', async () => {
    let isFull = false
    const commit = async (apply: () => void) => {
      if (isFull) throw new RelayError('storage-unavailable', 'The disk is full.')
      apply()
    }
    const { account, one, log } = await startWithLog({ commit })
    isFull = true
    one.send(...snapshotOf(account.first, contacts, log.at(5)).puts)
    expect(await one.next('refused')).toMatchObject({
      ...{ request: 'snapshot-put', document: contacts, code: 'storage-unavailable', retryable: true },
    })
  })

  it('of another device than its author’s, or altered on the way, is refused, and nothing of it is kept', async () => {
    const { account, second, one, log, store } = await startWithLog()
    const good = snapshotOf(account.first, contacts, log.at(5))
    const file = decodeSnapshotFile(good.file)
    const altered = good.file.slice()
    altered[altered.length - 1] = (altered.at(-1) as number) ^ 1
    const refusals: [readonly Frame[], string][] = [
      [snapshotOf(second, contacts, log.at(5)).puts, 'stale-epoch'],
      [snapshotOf(account.first, contacts, { ...log.at(5), signer: second }).puts, 'snapshot-refused'],
      [snapshotOf(new TestDevice(account), contacts, log.at(5)).puts, 'snapshot-refused'],
      [
        snapshotOf(account.first, notes, log.at(5)).puts.map((put) => ({ ...put, document: contacts })),
        'snapshot-refused',
      ],
      [
        snapshotOf(account.first, contacts, { ...log.at(5), coveredHash: log.hashes[4] as Hash }).puts,
        'snapshot-refused',
      ],
      [snapshotOf(account.first, contacts, { ...log.at(5), coveredNumber: 7 }).puts, 'snapshot-refused'],
      [
        snapshotOf(account.first, contacts, { ...log.at(5), vector: [{ ...headOf(second, contacts), sequence: 3 }] })
          .puts,
        'snapshot-refused',
      ],
      [snapshotOf(account.first, contacts, { ...log.at(5), parent: random<Hash>(32) }).puts, 'snapshot-conflict'],
      [snapshotOf(account.first, contacts, { ...log.at(5), documentEpoch: 1 }).puts, 'lease-taken'],
      [snapshotOf(account.first, contacts, { ...log.at(5), documentEpoch: 9 * 2 ** 32 }).puts, 'snapshot-refused'],
      [good.puts.map((put) => ({ ...put, part: { ...put.part, bytes: file.envelope } })), 'snapshot-refused'],
      [good.puts.map((put) => ({ ...put, part: { ...put.part, bytes: altered } })), 'snapshot-refused'],
      [good.puts.map((put) => ({ ...put, part: { ...put.part, hash: random<Hash>(32) } })), 'snapshot-refused'],
    ]
    for (const [frames, code] of refusals) {
      one.send(...frames)
      expect(await one.next('refused')).toMatchObject({ request: 'snapshot-put', code, document: contacts })
    }
    expect(await store.snapshots.list(account.id, contacts)).toEqual([])
    one.send(...good.puts)
    await one.next('snapshot-stored')
  })

  it('made under an older keyring is refused to be made anew', async () => {
    const { account, one, log } = await startWithLog()
    const { puts } = snapshotOf(account.first, contacts, log.at(5))
    one.send(account.rekey())
    await one.next('keyring-changed')
    one.send(...puts)
    expect(await one.next('refused')).toMatchObject({ code: 'stale-epoch', retryable: true, document: contacts })
    one.send(...snapshotOf(account.first, contacts, log.at(5)).puts)
    await one.next('snapshot-stored')
  })
})

describe('parts of a snapshot', () => {
  it('out of order, of another length or of too many are refused, and what was there is dropped', async () => {
    const { account, one, log } = await startWithLog()
    const { puts } = snapshotOf(account.first, contacts, { ...log.at(5), sizeBytes: 1_400_000 })
    const [first, second, third] = puts as [Frame, Frame, Frame]
    const short = { ...puts[1], part: { ...puts[1]?.part, bytes: new Uint8Array(10) } } as Frame
    for (const frames of [[second], [first, third], [first, first, third], [first, short]]) {
      one.send(...frames)
      expect(await one.next('refused')).toMatchObject({ code: 'snapshot-refused', document: contacts })
      one.send(second)
      expect(await one.next('refused')).toMatchObject({ code: 'snapshot-refused', document: contacts })
    }
    one.send(...puts)
    await one.next('snapshot-stored')
  })

  it('of two documents may alternate', async () => {
    const { account, one, log } = await startWithLog()
    const push = account.first.push(notes, { count: 2 })
    one.send(push)
    await one.next('pushed')
    const notesLog = new TestLog(account.emptyLog(notes))
    notesLog.add(push.entries)
    const [a, b] = [
      snapshotOf(account.first, contacts, { ...log.at(5), sizeBytes: 600_000 }),
      snapshotOf(account.first, notes, { ...notesLog.at(2), sizeBytes: 600_000 }),
    ]
    one.send(...[0, 1].flatMap((index) => [a.puts[index] as Frame, b.puts[index] as Frame]))
    expect((await one.next('snapshot-stored')).document).toEqual(contacts)
    expect((await one.next('snapshot-stored')).document).toEqual(notes)
  })

  it('for which there is no room are refused for a while, and those of a device that stalled make room', async () => {
    const limits = { maxUploadBytes: 2 * SNAPSHOT_PART_BYTES }
    const { account, second, one, two, log, pass, settle } = await startWithLog({ limits })
    const large = snapshotOf(account.first, contacts, { ...log.at(5), sizeBytes: 1_300_000 })
    one.send(...large.puts.slice(0, 2))
    await settle()
    const other = snapshotOf(second, contacts, { ...log.at(5), sizeBytes: 600_000 })
    two.send(other.puts[0] as Frame)
    const refused = await two.next('refused')
    expect(refused).toMatchObject({ code: 'busy', retryable: true, document: contacts })
    expect(refused.retryAfterMs).toBeGreaterThan(0)
    await pass(30_000)
    two.send(...other.puts)
    await two.next('snapshot-stored')
    one.send(large.puts[2] as Frame)
    expect(await one.next('refused')).toMatchObject({ code: 'snapshot-refused' })
  })

  it('that a connection leaves behind take no room', async () => {
    const limits = { maxUploadBytes: SNAPSHOT_PART_BYTES + 200_000 }
    const { account, second, one, two, log } = await startWithLog({ limits })
    one.send(snapshotOf(account.first, contacts, { ...log.at(5), sizeBytes: 600_000 }).puts[0] as Frame)
    one.link.close()
    two.send(...snapshotOf(second, contacts, { ...log.at(5), sizeBytes: 600_000 }).puts)
    await two.next('snapshot-stored')
  })

  it('that claim to be more than a snapshot may have end the connection', async () => {
    const { one } = await startWithLog()
    const frame = { type: 10, document: contacts }
    // By hand: no encoder makes it.
    one.link.send(
      Uint8Array.from([frame.type, ...contacts, ...random(32), 0, MAX_SNAPSHOT_PARTS + 1, 5, 1, 2, 3, 4, 5]),
    )
    expect((await one.next('refused')).code).toBe('frame-too-large')
  })
})

describe('a verdict', () => {
  it('that rejects puts the parent back, and its author learns of it', async () => {
    const { account, second, one, two, log, subscribe } = await startWithLog()
    const first = snapshotOf(account.first, contacts, log.at(3))
    const next = snapshotOf(account.first, contacts, { ...log.at(5), parent: first.hash })
    one.send(...first.puts, ...next.puts, subscribe(6))
    await one.find('snapshot-offered')
    await one.next('page')
    two.send(verdictOf(second, contacts, next.hash, 'reject'))
    for (const client of [one, two]) {
      const [rejected, current] = [await client.next('snapshot-offered'), await client.next('snapshot-offered')]
      expect([rejected.hash, rejected.isCurrent, rejected.verdicts[0]?.verdict]).toEqual([next.hash, false, 'reject'])
      expect([current.hash, current.isCurrent]).toEqual([first.hash, true])
    }
    one.send(...snapshotOf(account.first, contacts, { ...log.at(6), parent: first.hash }).puts)
    await one.next('snapshot-stored')
  })

  it('of its author, of nobody, or about a snapshot that is not there is refused', async () => {
    const { account, second, one, two, log, store } = await startWithLog()
    const { hash, puts } = snapshotOf(account.first, contacts, log.at(5))
    one.send(...puts)
    await one.next('snapshot-stored')
    one.send(verdictOf(account.first, contacts, hash, 'accept'))
    expect(await one.next('refused')).toMatchObject({ code: 'snapshot-refused', document: contacts })
    two.send(verdictOf(second, contacts, random<Hash>(32), 'accept'))
    expect(await two.next('refused')).toMatchObject({ code: 'snapshot-missing', document: contacts })
    const other = verdictOf(second, contacts, hash, 'reject')
    two.send({ ...other, verdict: 'accept' })
    expect(await two.next('refused')).toMatchObject({ code: 'bad-signature', document: contacts })
    expect((await store.snapshots.list(account.id, contacts))[0]?.verdicts).toEqual([])
  })
})

describe('a subscriber', () => {
  async function withAccepted(options: TestRelayOptions = {}, sizeBytes = 400) {
    const world = await startWithLog(options)
    const { account, second, one, two, log } = world
    const vector = [headOf(account.first, contacts), headOf(second, contacts)]
    const snapshot = snapshotOf(account.first, contacts, { ...log.at(5), sizeBytes, vector: [], exempt: [2] })
    one.send(...snapshot.puts)
    await one.next('snapshot-stored')
    two.send(verdictOf(second, contacts, snapshot.hash, 'accept'))
    await two.next('snapshot-offered')
    return { ...world, snapshot, vector }
  }

  it('that has nothing gets an accepted snapshot, and the rest behind it', async () => {
    const { two, snapshot, subscribe, log } = await withAccepted()
    two.send(subscribe(0))
    const received = await receiveSnapshot(two)
    expect(received.hash).toEqual(snapshot.hash)
    expect(received.exempt[0]?.entries.map(({ number }) => number)).toEqual([2])
    two.send(subscribe(5))
    expect(await two.next('page')).toMatchObject({ first: 6, entries: [log.envelopes[5]], newest: 6 })
  })

  it('gets the log from its beginning while nobody has accepted a snapshot', async () => {
    const { account, one, two, log, subscribe } = await startWithLog()
    one.send(...snapshotOf(account.first, contacts, log.at(5)).puts)
    await one.next('snapshot-stored')
    two.send(subscribe(0))
    await two.next('snapshot-offered')
    expect((await two.next('page')).entries.length).toBe(6)
  })

  it('that is behind gets a snapshot when it is the shorter way', async () => {
    const small = await withAccepted({}, 200)
    small.two.send(small.subscribe(1))
    expect((await receiveSnapshot(small.two)).hash).toEqual(small.snapshot.hash)
    const large = await withAccepted({}, 5_000)
    large.two.send(large.subscribe(1))
    expect((await large.two.next('page')).first).toBe(2)
  })

  it('that rejected a snapshot gets the log as long as it is there', async () => {
    const { two, second, account, connect, snapshot, subscribe } = await withAccepted()
    const third = new TestDevice(account)
    two.send(account.add(third, second))
    await two.next('keyring-changed')
    const client = connect()
    await client.logIn(third)
    client.send(verdictOf(third, contacts, snapshot.hash, 'reject'), subscribe(0))
    await client.next('snapshot-offered')
    expect((await client.next('page')).entries.length).toBe(6)
  })

  it('whose cursor lies on another log is told so before anything else', async () => {
    const { two } = await withAccepted()
    const cursors = [{ document: contacts, number: 1, hash: random<Hash>(32) }]
    two.send({ type: 'subscribe', generation, cursors })
    expect(await two.next('refused')).toMatchObject({ code: 'cursor-mismatch', document: contacts })
  })

  it('below what was pruned gets the snapshot whatever its size, and the relay prunes when it rests', async () => {
    const { second, snapshot, subscribe, log, pass, connect } = await withAccepted({}, 9_000)
    await pass(SNAPSHOT_KEEP_MS)
    const client = connect()
    await client.logIn(second)
    client.send(subscribe(3))
    await client.next('snapshot-offered')
    expect((await client.next('page')).entries.length).toBe(3)
    const push = second.push(contacts)
    client.send(push)
    await client.next('pushed')
    await pass(5_000)
    for (const number of [3, 0]) {
      client.send(subscribe(number))
      expect((await receiveSnapshot(client)).hash).toEqual(snapshot.hash)
    }
    client.send(subscribe(5))
    expect((await client.next('page')).entries).toEqual([log.envelopes[5], ...push.entries])
  })

  it('finds that entries went with time, though nobody has written anything since', async () => {
    const { relay, pass } = await withAccepted({}, 9_000)
    await pass(3_600_000)
    expect(relay.stats().pruned.entries).toBe(0)
    await pass(SNAPSHOT_KEEP_MS)
    expect(relay.stats().pruned.entries).toBe(4)
  })

  it('of a document whose log begins at a snapshot gets that, though nobody accepted it', async () => {
    const { account, second, one, two } = await startWithTwoDevices()
    const vector = [{ ...headOf(account.first, notes), sequence: 4, hash: random<Hash>(32) }]
    const given = snapshotOf(second, notes, { coveredNumber: 40, coveredHash: random<Hash>(32), vector })
    one.send(...given.puts)
    await one.next('snapshot-stored')
    two.send({
      type: 'subscribe',
      generation,
      cursors: [{ document: notes, number: 0, hash: account.emptyLog(notes) }],
    })
    await two.next('snapshot-offered')
    expect((await receiveSnapshot(two)).hash).toEqual(given.hash)
  })
})
