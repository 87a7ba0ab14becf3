import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openDataDisk } from '../../support/data-disk'
import { Device } from '../../support/device'
import type { DeviceEdit } from '../../support/device-process'
import { pause } from '../../support/pause'
import { seededRandom } from '../../support/random'
import { type RelayProcess, startRelay } from '../../support/relay-process'
import { temporaryFolder } from '../../support/temporary-folder'

/** Notes that deflate cannot shrink much: room on the disk is what this is about. */
function adds(prefix: string, count: number): DeviceEdit[] {
  const random = seededRandom(count)
  return Array.from({ length: count }, (_, i) => ({
    kind: 'add',
    id: `${prefix}${i}`,
    fields: { value: `${prefix} ${i}`, note: random.text(500) },
  }))
}

/** Asks until `/ready` answers so. @returns the reasons it gives */
async function readiness(relay: RelayProcess, status: 200 | 503): Promise<readonly string[]> {
  for (;;) {
    const answer = await relay.get('/ready')
    if (answer.status === status) return (answer.body as { reasons: string[] }).reasons
    await pause(50)
  }
}

async function untilRefused(device: Device): Promise<void> {
  while (!(await device.ask('status')).refused.includes('storage-unavailable')) await pause(20)
}

interface Pair {
  readonly a: Device
  readonly b: Device
  readonly recoveryPhrase: string
}

/** Two devices of which each has written and seen the other's. */
async function startPair(relay: RelayProcess): Promise<Pair> {
  const folder = temporaryFolder()
  const [a, b] = [new Device(join(folder, 'a.db')), new Device(join(folder, 'b.db'))]
  const { recoveryPhrase } = await a.ask('create', relay.url, 'a')
  await a.ask('edit', 'contacts', adds('before-a', 10))
  await a.ask('flush')
  await b.ask('join', relay.url, 'b', recoveryPhrase)
  await b.ask('edit', 'contacts', adds('before-b', 10))
  await Promise.all([a.ask('whenSeen'), b.ask('whenSeen')])
  return { a, b, recoveryPhrase }
}

/** Both devices and a new one, which has only what the relay has, hold all of this. */
async function expectEverywhere({ a, b, recoveryPhrase }: Pair, relay: RelayProcess, ids: readonly string[]) {
  await Promise.all([a.ask('whenSeen'), b.ask('whenSeen')])
  const c = new Device(join(temporaryFolder(), 'c.db'))
  await c.ask('join', relay.url, 'c', recoveryPhrase)
  await c.ask('openCollections', ['contacts'])
  await c.ask('whenCaughtUp')
  const content = await a.ask('content', 'contacts')
  expect(Object.keys(content.records).sort()).toEqual([...ids].sort())
  expect(await b.ask('content', 'contacts')).toStrictEqual(content)
  expect(await c.ask('content', 'contacts')).toStrictEqual(content)
}

const idsOf = (...edits: readonly DeviceEdit[][]): string[] => edits.flat().map(({ id }) => id)
const before = [adds('before-a', 10), adds('before-b', 10)]
const during = [adds('during-a', 100), adds('during-b', 100)] as const

/** Both write, are refused for now, and keep what they wrote. */
async function expectRefusedForNow({ a, b }: Pair): Promise<void> {
  await a.ask('edit', 'contacts', during[0])
  await b.ask('edit', 'contacts', during[1])
  await Promise.all([untilRefused(a), untilRefused(b)])
  for (const [device, edits] of [
    [a, during[0]],
    [b, during[1]],
  ] as const) {
    expect((await device.ask('status')).unsent).toBeGreaterThan(0)
    const { records } = await device.ask('content', 'contacts')
    expect(idsOf(...before, edits).filter((id) => !(id in records))).toEqual([])
  }
}

describe('a relay whose disk does not take writes', () => {
  it('refuses for now while its disk is full, says why, and stores everything when there is room again', async (context) => {
    const disk = openDataDisk(context, { limit: true })
    const relay = await startRelay({ data: disk.folder })
    const pair = await startPair(relay)
    expect(await readiness(relay, 200)).toEqual([])
    disk.fill()
    await expectRefusedForNow(pair)
    expect(await readiness(relay, 503)).toEqual([expect.stringMatching(/full/)])
    expect((await relay.get('/health')).status).toBe(200)
    disk.empty()
    await expectEverywhere(pair, relay, idsOf(...before, ...during))
    expect(await readiness(relay, 200)).toEqual([])
  })

  it('loses nothing acknowledged when it is killed while its disk is full', async (context) => {
    const disk = openDataDisk(context, { limit: true })
    let relay = await startRelay({ data: disk.folder })
    const pair = await startPair(relay)
    disk.fill()
    await expectRefusedForNow(pair)
    await relay.kill()
    relay = await startRelay({ data: disk.folder, port: relay.port })
    expect(await readiness(relay, 503)).toEqual([expect.stringMatching(/full/)])
    disk.empty()
    await expectEverywhere(pair, relay, idsOf(...before, ...during))
  })

  it('starts on a folder that is read-only, says why it is not ready, and serves when the folder does', async (context) => {
    const disk = openDataDisk(context, { limit: false })
    let relay = await startRelay({ data: disk.folder })
    const pair = await startPair(relay)
    await relay.stop()
    disk.makeReadOnly()
    relay = await startRelay({ data: disk.folder, port: relay.port })
    await pair.a.ask('edit', 'contacts', during[0])
    await pair.b.ask('edit', 'contacts', during[1])
    expect(await readiness(relay, 503)).toEqual([expect.stringMatching(/read-only|may not write|cannot be opened/)])
    expect((await pair.a.ask('status')).unsent).toBeGreaterThan(0)
    disk.makeWritable()
    expect(await readiness(relay, 200)).toEqual([])
    for (const device of [pair.a, pair.b]) {
      await device.ask('goOffline')
      await device.ask('goOnline')
    }
    await expectEverywhere(pair, relay, idsOf(...before, ...during))
  })

  it('refuses for now when the database has reached the size it may have, and goes on when it may grow', async () => {
    const data = temporaryFolder()
    let relay = await startRelay({ data, arguments: ['--max-database-mb', '0.15'] })
    const pair = await startPair(relay)
    await expectRefusedForNow(pair)
    expect(await readiness(relay, 503)).toEqual([expect.stringMatching(/full|size limit/)])
    await relay.stop()
    relay = await startRelay({ data, port: relay.port })
    for (const device of [pair.a, pair.b]) {
      await device.ask('goOffline')
      await device.ask('goOnline')
    }
    await expectEverywhere(pair, relay, idsOf(...before, ...during))
  })
})
