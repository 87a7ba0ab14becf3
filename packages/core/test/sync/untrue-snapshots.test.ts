// A device that sums up wrongly, by a defect or on purpose: the others find out, say so, and keep what they have. Nobody who can still
// read the entries is led astray, and nobody's entries are lost.
import { snapshotVerdictBytes } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { Authors } from '../../src/sync/document/authors'
import { createDoc, Y } from '../../src/yjs'
import { CompactionWorld, codesOf, digest, stateOf } from './support/compaction-world'
import { TestDevice } from './support/device'
import { type Forgery, forge } from './support/forge'
import type { SnapshotLog } from './support/snapshot-log'

const [ANN, BOB, CARL, EVE] = [0, 1, 2, 3]
let world: CompactionWorld
let log: SnapshotLog
let ann: TestDevice
let eve: TestDevice
/** Eve's registers before the last edits. */
let early: Uint8Array

beforeEach(async () => {
  world = await CompactionWorld.create()
  log = world.log
  ann = await world.open(ANN)
  eve = await world.open(EVE)
  await world.edit(ann, 'one', { name: 'One' })
  await world.edit(eve, 'two', { name: 'Two' })
  await log.serve(ann, eve)
  early = eve.sync.registers.encodeState()
  await world.edit(ann, 'one', { name: 'changed' })
  await world.edit(ann, 'three', { name: 'Three' })
  await log.serve(ann, eve)
})

const hex = (device: TestDevice): string => Buffer.from(device.context.device).toString('hex')

/** A verdict by a device that has not looked. */
async function vouch(device: TestDevice): Promise<void> {
  const { hash } = log.snapshots.at(-1)!
  const { account, sign } = device.context
  const signature = await sign(snapshotVerdictBytes(account, log.document, hash, 'accept'))
  log.snapshots.at(-1)!.verdicts.push({ device: device.context.device, verdict: 'accept', signature })
}

const elsewhere = 'its author says that it holds something else than the entries'

describe.each<[what: string, reason: string, forgery: () => Forgery]>([
  ['omits what entries wrote', elsewhere, () => ({ registers: early })],
  ['holds nothing', elsewhere, () => ({ registers: Y.encodeStateAsUpdateV2(createDoc('registers')) })],
  [
    'says that it holds what it omits',
    'it holds something else than the entries',
    () => ({ registers: early, claimsTruth: true }),
  ],
  ['holds what no entry wrote', elsewhere, () => ({ invent: (records) => records.set('invented', 'false') })],
  [
    'takes away what no entry took away',
    elsewhere,
    () => ({ invent: (records) => records.delete([...records.keys()][0]!) }),
  ],
  [
    'names entries as left out that everybody can read, and counts them',
    'it counts an entry that it leaves out',
    () => ({ registers: early, header: (header) => ({ ...header, exempt: [3, 4] }) }),
  ],
  [
    'covers entries that it neither counts nor names as left out',
    'entry 3 is neither in it nor named as left out',
    () => ({
      registers: early,
      header: (header) => ({
        ...header,
        vector: header.vector.map((head) => (head.sequence === 3 ? { ...head, sequence: 1 } : head)),
      }),
    }),
  ],
  [
    'counts entries that the log does not have',
    'it counts entries that the log does not have',
    () => ({
      header: (header) => ({ ...header, vector: header.vector.map((head) => ({ ...head, sequence: 9 })) }),
    }),
  ],
  [
    'names edits that no entry names',
    'it names other edits than the entries',
    () => ({ context: (context) => new Map([...context].map(([writer, n]) => [writer, n + 1])) }),
  ],
  [
    'says of edits that another device wrote them',
    'it names other authors than the entries',
    () => ({ authors: new Authors([[ann.sync.registers.writer, hex(eve)]]) }),
  ],
])('a snapshot that %s', (_, reason, forgery) => {
  it('is rejected by a device that has the entries, which names its author and keeps what it has', async () => {
    const truth = digest(ann)
    await forge(log, eve, forgery())
    await world.rest(ann)
    expect(log.snapshots[0]!.verdicts.map(({ verdict }) => verdict)).toEqual(['reject'])
    expect(ann.context.reports.map(({ code, device }) => [code, device])).toEqual([['snapshot-untrue', hex(eve)]])
    expect(ann.context.reports[0]?.message).toContain(`: ${reason}.`)
    expect(digest(ann)).toBe(truth)
    // Who comes now is given the entries.
    const carl = await world.open(CARL)
    await world.rest(ann, carl)
    expect(digest(carl)).toBe(truth)
    expect(stateOf(carl).foundation).toBeUndefined()
  })
})

it('a rejected snapshot is told to the app once, over all connections', async () => {
  await forge(log, eve, { registers: early })
  await world.rest(ann)
  await ann.connect()
  await world.rest(ann)
  const again = await world.open(ANN, { disk: ann.disk })
  await world.rest(again)
  expect(codesOf(ann)).toEqual(['snapshot-untrue'])
  expect(log.snapshots[0]!.verdicts.length).toBe(1)
})

describe('a lie that another device has vouched for', () => {
  it('is replaced by a true one as soon as somebody can tell', async () => {
    const bob = await world.open(BOB)
    const truth = digest(ann)
    await forge(log, eve, { registers: early })
    await vouch(bob)
    expect(log.current).toBe(log.snapshots[0])
    await world.rest(ann)
    const misled = await world.open(CARL)
    expect(digest(misled)).not.toBe(digest(ann))
    await world.edit(ann, 'four', { name: 'Four' })
    // Short as the log is: until then, who is new gets what is wrong.
    await world.rest(ann)
    expect(log.snapshots.length).toBe(2)
    await world.rest(ann, bob, misled)
    expect(log.current?.verdicts.map(({ verdict }) => verdict)).toEqual(['accept'])
    await world.rest(ann, bob, misled)
    expect(digest(misled)).toBe(digest(ann))
    const late = await world.open(CARL)
    expect(digest(late)).toBe(digest(ann))
    expect(truth).not.toBe(digest(ann))
  })
})

describe('a lie that nobody looked at until the entries were gone', () => {
  it('has what an author finds missing sent again by that author', async () => {
    const bob = await world.open(BOB)
    await world.edit(bob, 'by Bob', { name: 'his' })
    await bob.disconnect()
    await log.serve(eve)
    await world.edit(eve, 'two', { name: 'Zwei' })
    await forge(log, eve, { registers: early })
    log.prune()
    await bob.connect()
    await log.serve(bob)
    expect(codesOf(bob)).toEqual(['snapshot-untrue'])
    expect(bob.sync.status.unsent).toBe(0)
    const carl = await world.open(CARL)
    expect(carl.records).toMatchObject({ 'by Bob': { name: 'his' }, three: { name: 'Three' } })
    expect(carl.records).toEqual(bob.records)
  })

  it('is undone where it was taken over, once a device that can tell has said what is true', async () => {
    await ann.disconnect()
    await world.edit(eve, 'two', { name: 'Zwei' })
    await forge(log, eve, { invent: (records) => records.delete([...records.keys()][0]!) })
    log.prune()
    const carl = await world.open(CARL)
    expect(carl.records).not.toEqual(ann.records)
    // She has all entries but the last, which she is given apart.
    log.prunedTo = log.newest - 1
    await ann.connect()
    await world.rest(ann, carl)
    expect(codesOf(ann)).toEqual(['snapshot-untrue'])
    await world.rest(ann, carl)
    expect(carl.records).toEqual(ann.records)
    expect(digest(carl)).toBe(digest(ann))
  })
})

it('a device whose own replay found its foundation to be true goes on from it, whoever says later that it is not', async () => {
  await world.writeMuch(ann)
  await world.rest(ann, eve)
  await world.writeMuch(ann, 60, 'more')
  await world.rest(ann, eve)
  expect(log.snapshots.length).toBe(2)
  await log.wait(691_200_000, ann, eve)
  await eve.connect()
  await world.rest(ann, eve)
  expect(stateOf(eve).foundation?.hash).toEqual(log.current?.hash)
  log.prune()
  const bob = await TestDevice.open(world.account, BOB, log.document)
  const { account: id, sign, device } = bob.context
  const signature = await sign(snapshotVerdictBytes(id, log.document, log.current!.hash, 'reject'))
  log.current!.verdicts.push({ device, verdict: 'reject', signature })
  await eve.connect()
  await world.rest(eve)
  expect(eve.link.sent.filter(({ type }) => type === 'snapshot-fetch')).toEqual([])
  expect(digest(eve)).toBe(digest(ann))
})

it('a snapshot that goes back behind what it was built on is rejected', async () => {
  await world.writeMuch(ann)
  await world.rest(ann, eve)
  await log.wait(691_200_000, ann, eve)
  await ann.connect()
  await world.rest(ann, eve)
  expect(stateOf(ann).foundation).toBeDefined()
  await world.edit(ann, 'after', { name: 'the first' })
  await log.serve(eve)
  const own = (device: Uint8Array): boolean => device.join() === eve.context.device.join()
  await forge(log, eve, {
    header: (header) => ({ ...header, vector: header.vector.filter(({ device }) => !own(device)) }),
  })
  await world.rest(ann)
  expect(ann.context.reports.map(({ message }) => message.split(': ')[1])).toEqual([
    'it goes back behind what it was built on.',
  ])
})

it('a snapshot of another log is neither confirmed nor rejected: that is the relay’s doing', async () => {
  await forge(log, eve)
  const kept = log.snapshots[0]!
  const { coveredNumber } = kept.header
  log.snapshots.length = 0
  const [first, ...others] = log.entries
  log.entries.splice(0, log.entries.length, ...others, first!)
  await forge(log, eve, { header: (header) => ({ ...header, coveredHash: log.hashAt(coveredNumber) }) })
  await world.rest(ann)
  expect(log.snapshots[0]!.verdicts).toEqual([])
  expect(codesOf(ann)).toEqual([])
})

it('a verdict that nobody of the account signed counts for nothing', async () => {
  await world.writeMuch(ann)
  await world.rest(ann)
  const { account: id, sign } = ann.context
  const signature = await sign(snapshotVerdictBytes(id, log.document, log.current!.hash, 'accept'))
  // Nor does the author's own.
  log.current!.verdicts.push({ device: ann.context.device, verdict: 'accept', signature })
  log.current!.verdicts.push({ device: eve.context.device, verdict: 'accept', signature: new Uint8Array(64) })
  log.prune()
  const carl = await world.open(CARL)
  expect(carl.sync.status.unconfirmed).toBe(true)
})
