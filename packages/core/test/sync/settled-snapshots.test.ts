// What a device keeps of the log shrinks to what a settled snapshot does not cover: not before another device has found that one true and a
// week has gone, or, where there is no other, a month and a look at the relay's copy. A crash at any commit leaves the one or the other.
import { beforeEach, describe, expect, it } from 'vitest'
import { type MemoryDisk, openMemoryStore, type Store } from '../../src/storage'
import { CompactionWorld, codesOf, digest, stateOf } from './support/compaction-world'
import { TestDevice } from './support/device'
import { settle } from './support/fake-platform'
import type { SnapshotLog } from './support/snapshot-log'

const [ANN, BOB, CARL] = [0, 1, 2]
const DAY_MS = 86_400_000

let world: CompactionWorld
let log: SnapshotLog

beforeEach(async () => {
  world = await CompactionWorld.create()
  log = world.log
})

const rowsOf = async (disk: MemoryDisk): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const [[kind]] of await openMemoryStore(disk).list([])) counts[String(kind)] = (counts[String(kind)] ?? 0) + 1
  return counts
}

const bytesOf = async (disk: MemoryDisk): Promise<number> => {
  const rows = await openMemoryStore(disk).list([])
  return rows.reduce((sum, [, bytes]) => sum + bytes.length, 0)
}

/** A store that fails for good at the commit with this number. */
function dyingStore(disk: MemoryDisk, crashAt: number): Store {
  const store = openMemoryStore(disk)
  let commits = 0
  return {
    ...store,
    commit: async (...args) => {
      if (commits++ >= crashAt) throw new TypeError('the process died')
      await store.commit(...args)
    },
  }
}

describe('a snapshot that another device found true', () => {
  it('takes the place of what it covers after a week, and not before', async () => {
    const { ann, others } = await world.summedUp(BOB)
    const before = await bytesOf(ann.disk)
    await log.wait(6 * DAY_MS, ann, ...others)
    await ann.connect()
    await world.rest(ann, ...others)
    expect(stateOf(ann).foundation).toBeUndefined()
    await log.wait(DAY_MS, ann, ...others)
    for (const device of [ann, ...others]) await device.connect()
    await world.rest(ann, ...others)
    for (const device of [ann, ...others]) {
      expect(stateOf(device).foundation?.number).toBe(log.current?.header.coveredNumber)
      const rows = await rowsOf(device.disk)
      expect([rows.archive, rows.log, rows.snapshot]).toEqual([undefined, undefined, 1])
    }
    expect(await bytesOf(ann.disk)).toBeLessThan(before / 4)
    expect(codesOf(ann)).toEqual([])
  })

  it('keeps them for a week by the device’s own clock, whatever the relay says of the time', async () => {
    const { ann, others } = await world.summedUp(BOB)
    const bob = others[0]!
    for (const each of log.snapshots) each.storedAtMs -= 40 * DAY_MS
    await bob.connect()
    await world.rest(ann, bob)
    expect(stateOf(bob).foundation).toBeUndefined()
    const again = await world.open(BOB, { disk: bob.disk })
    await world.rest(ann, again)
    expect(stateOf(again).foundation).toBeUndefined()
    await log.wait(7 * DAY_MS, ann, again)
    await again.connect()
    await world.rest(ann, again)
    expect(stateOf(again).foundation?.number).toBe(log.current?.header.coveredNumber)
  })

  it('is what a device goes on from when it starts again, writes and judges the next', async () => {
    const { ann, others } = await world.summedUp(BOB)
    const bob = others[0]!
    await log.wait(8 * DAY_MS, ann, bob)
    await bob.connect()
    await world.rest(ann, bob)
    expect(stateOf(bob).foundation).toBeDefined()
    const again = await world.open(BOB, { disk: bob.disk })
    expect(digest(again)).toBe(digest(ann))
    await world.edit(again, 'one', { name: 'by Bob' })
    await log.serve(ann)
    await world.writeMuch(ann, 60, 'other')
    await world.rest(ann, again)
    expect(log.snapshots.length).toBe(2)
    expect(log.current?.verdicts.map(({ verdict }) => verdict)).toEqual(['accept'])
    expect(digest(again)).toBe(digest(ann))
    expect([...codesOf(ann), ...codesOf(again)]).toEqual([])
  })

  it('stays beside the entries while somebody says that it is not true', async () => {
    const { ann, others } = await world.summedUp(BOB)
    const [{ device, signature }] = log.current!.verdicts as [(typeof log.snapshots)[0]['verdicts'][0]]
    expect(device).toEqual(others[0]!.context.device)
    const carl = await TestDevice.open(world.account, CARL, log.document)
    const { snapshotVerdictBytes } = await import('@owlivion/sync-protocol')
    const signed = snapshotVerdictBytes(ann.context.account, log.document, log.current!.hash, 'reject')
    const verdict = {
      device: carl.context.device,
      verdict: 'reject',
      signature: await carl.context.sign(signed),
    } as const
    log.current!.verdicts.push(verdict)
    expect(signature.length).toBe(64)
    await log.wait(40 * DAY_MS, ann)
    await ann.connect()
    await world.rest(ann)
    expect(stateOf(ann).foundation).toBeUndefined()
  })
})

describe('a single device', () => {
  beforeEach(async () => {
    world = await CompactionWorld.create(1)
    log = world.log
  })

  it('lets the entries go after a month, when it has seen that the relay’s copy is whole', async () => {
    const { ann } = await world.summedUp()
    await log.wait(29 * DAY_MS, ann)
    await ann.connect()
    await world.rest(ann)
    expect(stateOf(ann).foundation).toBeUndefined()
    await log.wait(DAY_MS, ann)
    await ann.connect()
    await world.rest(ann)
    await world.rest(ann)
    expect(stateOf(ann).foundation?.number).toBe(log.current?.header.coveredNumber)
    expect(ann.link.sent.filter(({ type }) => type === 'snapshot-fetch').length).toBe(1)
  })

  it('keeps them when the relay’s copy is damaged, or gone', async () => {
    const { ann } = await world.summedUp()
    await log.wait(30 * DAY_MS, ann)
    const kept = log.snapshots[0]!
    kept.file[kept.file.length - 1]! ^= 1
    await ann.connect()
    await world.rest(ann)
    await world.rest(ann)
    expect(stateOf(ann).foundation).toBeUndefined()
    log.snapshots.length = 0
    await ann.connect()
    await world.rest(ann)
    await world.rest(ann)
    expect(stateOf(ann).foundation).toBeUndefined()
    expect(ann.link.distrusted).toEqual([])
  })
})

describe('a crash at any commit', () => {
  it('while a snapshot is taken over loses nothing, neither of the log nor of what is not sent', async () => {
    const bob = await world.open(BOB)
    await world.edit(bob, 'mine', { name: 'sent' })
    await bob.disconnect()
    await bob.sync.transact([{ kind: 'add', id: 'unsent', fields: { name: 'unsent' } }]).stored
    const ann = await world.open(ANN)
    await world.writeMuch(ann)
    const carl = await world.open(CARL)
    await world.rest(ann, carl)
    log.prune()
    const { newest } = log
    let outcomes = 0
    for (let crashAt = 0; ; crashAt++) {
      const disk = bob.disk.copy()
      const opening = TestDevice.open(world.account, BOB, log.document, { disk, store: dyingStore(disk, crashAt) })
      const dying = await Promise.race([opening, settle()])
      if (dying instanceof TestDevice) {
        await dying.connect()
        // What it cannot store it does not send.
        dying.link.sent.length = 0
        await log.serve(dying)
      }
      if (stateOf(dying as TestDevice).foundation !== undefined) outcomes++
      log.entries.length = newest
      const again = await world.open(BOB, { disk })
      await log.serve(again)
      expect(again.records, `crash at ${crashAt}`).toEqual({ ...ann.records, unsent: { name: 'unsent' } })
      expect(again.sync.status).toMatchObject({ unsent: 0, caughtUp: true })
      expect([...codesOf(again), ...again.link.distrusted]).toEqual([])
      log.entries.length = newest
      if (crashAt > 12) break
    }
    expect(outcomes).toBeGreaterThan(5)
  })

  it('while entries go loses nothing', async () => {
    const { ann, others } = await world.summedUp(BOB)
    const bob = others[0]!
    await world.edit(bob, 'after', { name: 'the snapshot' })
    await log.serve(ann)
    await bob.disconnect()
    await bob.context.writer.barrier()
    const now = bob.context.platform.timeMs + 8 * DAY_MS
    let moved = 0
    for (let crashAt = 0; crashAt < 10; crashAt++) {
      const disk = bob.disk.copy()
      const dying = await TestDevice.open(world.account, BOB, log.document, { disk, store: dyingStore(disk, crashAt) })
      dying.context.platform.timeMs = now
      await dying.connect()
      await log.serve(dying)
      await dying.context.platform.advance(30_000)
      await settle()
      const rows = await rowsOf(disk)
      if (rows.archive === undefined && rows.log !== 1) moved++
      const again = await world.open(BOB, { disk })
      expect(digest(again), `crash at ${crashAt}`).toBe(digest(ann))
      await world.writeMuch(again, 1)
      expect([...codesOf(again), ...again.link.distrusted]).toEqual([])
      log.entries.length--
    }
    expect(moved).toBeGreaterThan(0)
  })
})
