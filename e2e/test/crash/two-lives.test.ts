// A device's disk may come to exist twice: it is restored from a backup, or its profile is copied to another machine. Then one
// device has written two continuations of one history.
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Fields } from '@owlivion/sync'
import { describe, expect, it } from 'vitest'
import { Device } from '../../support/device'
import type { DeviceContent, DeviceEdit } from '../../support/device-process'
import { pause } from '../../support/pause'
import { countIncarnations } from '../../support/relay-database'
import { type RelayProcess, startRelay } from '../../support/relay-process'
import { temporaryFolder } from '../../support/temporary-folder'

interface World {
  readonly data: string
  readonly relay: RelayProcess
  readonly folder: string
  readonly deviceId: string
  readonly b: Device
}

/** Two devices with the records `kept0` to `kept9`; the first one is closed, its file is `a.db`. */
async function startWorld(): Promise<World> {
  const [data, folder] = [temporaryFolder(), temporaryFolder()]
  const relay = await startRelay({ data })
  const a = new Device(join(folder, 'a.db'))
  const { recoveryPhrase, deviceId } = await a.ask('create', relay.url, 'two lives')
  await a.ask('edit', 'contacts', adds('kept', 10))
  await a.ask('flush')
  const b = new Device(join(folder, 'b.db'))
  await b.ask('join', relay.url, 'one life', recoveryPhrase)
  await b.ask('openCollections', ['contacts'])
  await a.ask('whenSeen')
  await a.end()
  return { data, relay, folder, deviceId, b }
}

async function open(path: string, online = true): Promise<Device> {
  const device = new Device(path)
  await device.ask('openAccount', online)
  await device.ask('openCollections', ['contacts'])
  return device
}

const adds = (prefix: string, count: number): DeviceEdit[] =>
  Array.from({ length: count }, (_, i) => ({ kind: 'add', id: `${prefix}${i}`, fields: { value: `${prefix} ${i}` } }))
const update = (id: string, fields: Fields): DeviceEdit => ({ kind: 'update', id, fields })
const recordsOf = (prefix: string, count: number): Record<string, Fields> =>
  Object.fromEntries(adds(prefix, count).map((edit) => [edit.id, 'fields' in edit ? edit.fields : {}]))

/** Resolves with what all of them show once everything is sent and all show the same. */
async function untilEqual(devices: readonly Device[]): Promise<DeviceContent> {
  await Promise.all(devices.map((device) => device.ask('flush')))
  for (;;) {
    const [first, ...others] = await Promise.all(devices.map((device) => device.ask('content', 'contacts')))
    if (others.every((other) => JSON.stringify(sortedRecords(other)) === JSON.stringify(sortedRecords(first!))))
      return first!
    await pause(50)
  }
}

function sortedRecords(content: DeviceContent): unknown {
  const records = Object.entries(content.records).map(([id, fields]) => [id, Object.entries(fields).sort()])
  return { ...content, records }
}

describe('a device whose disk was restored from an older copy', () => {
  it('goes on under a new incarnation; nothing is lost, and later edits reach everybody', async () => {
    const { data, folder, deviceId, b } = await startWorld()
    const path = join(folder, 'a.db')

    // The copy holds edits that were not sent yet; the first life sends them.
    let a = await open(path, false)
    await a.ask('edit', 'contacts', adds('unsent', 5))
    await a.end()
    copyFileSync(path, join(folder, 'backup.db'))
    a = await open(path)
    await a.ask('edit', 'contacts', [...adds('after', 50), update('kept0', { phone: 'after the copy' })])
    await a.ask('whenSeen')
    await a.end()
    expect(countIncarnations(data, deviceId)).toBe(1)

    await b.ask('edit', 'contacts', [update('kept1', { phone: 'from the other' })])
    copyFileSync(join(folder, 'backup.db'), path)
    a = await open(path, false)
    await a.ask('edit', 'contacts', [...adds('restored', 20), update('kept2', { phone: 'on the old disk' })])
    await a.ask('edit', 'contacts', [update('unsent0', { phone: 'known to both lives' })])
    await a.ask('goOnline')
    const content = await untilEqual([a, b])
    expect(content.records).toEqual({
      ...recordsOf('kept', 10),
      ...recordsOf('unsent', 5),
      ...recordsOf('after', 50),
      ...recordsOf('restored', 20),
      kept0: { value: 'kept 0', phone: 'after the copy' },
      kept1: { value: 'kept 1', phone: 'from the other' },
      kept2: { value: 'kept 2', phone: 'on the old disk' },
      unsent0: { value: 'unsent 0', phone: 'known to both lives' },
    })
    expect(content.conflicts).toEqual([])
    expect(countIncarnations(data, deviceId)).toBe(2)

    await a.ask('edit', 'contacts', [update('after0', { phone: 'later, here' }), ...adds('later', 3)])
    await b.ask('edit', 'contacts', [update('restored0', { phone: 'later, there' })])
    await Promise.all([a.ask('whenSeen'), b.ask('whenSeen')])
    const end = await untilEqual([a, b])
    expect(end.records).toMatchObject({
      ...recordsOf('later', 3),
      after0: { phone: 'later, here' },
      restored0: { phone: 'later, there' },
    })
    expect([...a.problems, ...b.problems]).toEqual([])
  })
})

describe('a profile that was copied to a second machine', () => {
  it('both copies and the other device end equal, and nothing that either wrote is lost', async () => {
    const { folder, b } = await startWorld()
    for (const end of ['', '.key']) copyFileSync(join(folder, `a.db${end}`), join(folder, `clone.db${end}`))
    const [first, second] = [await open(join(folder, 'a.db'), false), await open(join(folder, 'clone.db'), false)]
    for (let round = 0; round < 3; round++) {
      await first.ask('edit', 'contacts', [
        ...adds(`first${round}-`, 20),
        update('kept0', { [`first${round}`]: round }),
      ])
      await second.ask('edit', 'contacts', [
        ...adds(`second${round}-`, 20),
        update('kept0', { [`second${round}`]: round }),
      ])
      // The relay lets one of them in at a time; they take turns.
      await first.ask('goOnline')
      await second.ask('goOnline')
      await untilEqual([first, second, b])
    }
    const content = await untilEqual([first, second, b])
    const expected = { ...recordsOf('kept', 10) }
    const kept0: Record<string, string | number> = { value: 'kept 0' }
    for (let round = 0; round < 3; round++) {
      Object.assign(expected, recordsOf(`first${round}-`, 20), recordsOf(`second${round}-`, 20))
      Object.assign(kept0, { [`first${round}`]: round, [`second${round}`]: round })
    }
    expect(content.records).toEqual({ ...expected, kept0 })
    expect(content.conflicts).toEqual([])
  })
})
