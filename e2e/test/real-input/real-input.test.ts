// The whole path on what people really have: their address books and the settings of their providers, sealed, relayed and
// merged between processes that die in the middle, with everything that is written or sent kept and searched.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Fields } from '@owlivion/sync'
import { accountKey, contactsByKey } from '@owlivion/sync/mail'
import { parseVCards } from '@owlivion/sync/vcard'
import { describe, expect, it } from 'vitest'
import { readProviderSettings } from '../../fixtures/provider-settings'
import { hasSharedData, sharedData } from '../../shared-data'
import { startCaptureProxy } from '../../support/capture-proxy'
import { Device } from '../../support/device'
import type { DeviceContent } from '../../support/device-process'
import { type Finding, PlaintextSearch, textsOf } from '../../support/plaintext-search'
import { seededRandom } from '../../support/random'
import { startRelay } from '../../support/relay-process'
import { temporaryFolder } from '../../support/temporary-folder'
import { type OfflineEdits, planOfflineEdits, type Records, type Territory } from './offline-edits'

const SEED = 20_240_601
const EDITS_PER_COLLECTION = 500
/** Shorter texts say nothing about anybody: country codes, ports, single letters. */
const MIN_TEXT_LENGTH = 4

const territories: { readonly [collection: string]: Territory } = {
  contacts: { a: ['title', 'emails'], b: ['birthday', 'phones'], shared: ['notes', 'name'] },
  accounts: {
    a: ['syncDays', 'incoming'],
    b: ['defaultSignature', 'outgoing'],
    shared: ['displayName', 'oauthProvider'],
  },
}

function readInput(): { readonly [collection: string]: Records } {
  const folder = sharedData('vcards')
  const cards = readdirSync(folder).filter((file) => file.endsWith('.vcf'))
  const imports = cards.map((file) => parseVCards(readFileSync(join(folder, file))))
  expect(imports.flatMap(({ refused }) => refused)).toEqual([])
  const accounts = readProviderSettings(sharedData('ispdb'))
  return {
    contacts: contactsByKey(imports.flatMap(({ contacts }) => contacts)) as Map<string, Fields>,
    accounts: new Map(accounts.map((account) => [accountKey(account), account as Fields])),
  }
}

const readFolder = (folder: string): { name: string; bytes: Buffer }[] =>
  readdirSync(folder).map((name) => ({ name, bytes: readFileSync(join(folder, name)) }))

function expectMerged(content: DeviceContent, { expected }: OfflineEdits): void {
  const { records, conflicts, deleteConflicts, deletedIds } = content
  for (const [id, fields] of expected.fields) {
    const record = records[id]
    expect(record, id).toBeDefined()
    for (const [field, possible] of fields) expect(possible, `${id} ${field}`).toContainEqual(record?.[field])
    expect(Object.keys(record ?? {}).filter((field) => !fields.has(field))).toEqual([])
  }
  expect(expected.deleted.filter((id) => id in records || !deletedIds.includes(id))).toEqual([])
  const known = [...expected.fields.keys(), ...expected.deleteConflicts.keys()]
  expect(Object.keys(records).filter((id) => !known.includes(id))).toEqual([])

  const found = new Map(
    conflicts.map(({ id, field, candidates }) => {
      const values = (candidates as { value?: unknown }[]).map(({ value }) => value ?? null)
      expect(values[0]).toEqual(records[id]?.[field] ?? null)
      return [`${id} ${field}`, values.sort()] as const
    }),
  )
  expect(found).toEqual(new Map([...expected.conflicts].map(([key, values]) => [key, [...values].sort()])))

  expect(deleteConflicts.map(({ id }) => id)).toEqual([...expected.deleteConflicts.keys()].sort())
  for (const { id, unseen } of deleteConflicts) {
    const written: readonly (readonly [string, unknown])[] = Object.entries(expected.deleteConflicts.get(id) ?? {})
    for (const [field, value] of written) expect(unseen).toContainEqual(expect.objectContaining({ field, value }))
  }
}

const describeFinding =
  (where: string) =>
  ({ text, spelling }: Finding): string =>
    `${JSON.stringify(text)} as ${spelling} in ${where}`

describe.skipIf(!hasSharedData('vcards') || !hasSharedData('ispdb'))('real address books and provider settings', () => {
  it('survive two offline devices and a killed relay, equal on both, and no word of them is in the clear anywhere', async () => {
    const input = readInput()
    const names = Object.keys(input)
    const data = join(temporaryFolder(), 'relay')
    const devices = temporaryFolder()
    let relay = await startRelay({ data })
    const logs: string[] = []
    const disks: { readonly name: string; readonly bytes: Buffer }[] = []
    const proxy = await startCaptureProxy(relay)
    const startAgain = async (): Promise<void> => {
      logs.push(relay.log())
      disks.push(...readFolder(data))
      relay = await startRelay({ data, port: relay.port })
    }

    const a = new Device(join(devices, 'a.db'))
    const b = new Device(join(devices, 'b.db'))
    const { recoveryPhrase, deviceId } = await a.ask('create', proxy.url, 'laptop of Ann')
    for (const name of names) await a.ask('addAll', name, [...(input[name] as Records)])
    await a.ask('flush')
    await b.ask('join', proxy.url, 'phone of Ann', recoveryPhrase)
    await b.ask('openCollections', names)
    await b.ask('whenCaughtUp')
    for (const name of names)
      expect((await b.ask('content', name)).records).toEqual(Object.fromEntries(input[name] as Records))

    await a.ask('goOffline')
    await b.ask('goOffline')
    const random = seededRandom(SEED)
    const plans = new Map<string, OfflineEdits>()
    for (const name of names) {
      const plan = planOfflineEdits(
        input[name] as Records,
        territories[name] as Territory,
        EDITS_PER_COLLECTION,
        random,
      )
      plans.set(name, plan)
      await a.ask('edit', name, plan.a)
      await b.ask('edit', name, plan.b)
    }

    // Killed twice in the middle of the reconnection: when the first edits are on their way up, and when they come down.
    const goingUp = proxy.afterBytes('devices', 4_096)
    await a.ask('goOnline')
    await b.ask('goOnline')
    await goingUp
    await relay.kill()
    expect((await a.ask('status')).unsent + (await b.ask('status')).unsent).toBeGreaterThan(0)
    const comingDown = proxy.afterBytes('relay', 4_096)
    await startAgain()
    await comingDown
    await relay.kill()
    await startAgain()
    await Promise.all([a.ask('whenSeen'), b.ask('whenSeen')])

    for (const name of names) {
      const [onA, onB] = [await a.ask('content', name), await b.ask('content', name)]
      // The order of a record's fields is nobody's promise; everything else is.
      expect(onB).toStrictEqual(onA)
      expectMerged(onA, plans.get(name) as OfflineEdits)
    }

    disks.push(...readFolder(data))
    await Promise.all([a.end(), b.end()])
    await relay.stop()
    disks.push(...readFolder(data))
    logs.push(relay.log())

    // Names of fields are the app's vocabulary, not the people's: the relay's own columns have some of the same.
    const records = Object.values(input).flatMap((each) => [...each])
    const edits = [...plans.values()].flatMap((plan) => [...plan.a, ...plan.b])
    const written = edits.map((edit) => [edit.id, 'fields' in edit && edit.fields])
    const secrets = new Set(
      textsOf([records, written, 'laptop of Ann', 'phone of Ann', recoveryPhrase], MIN_TEXT_LENGTH),
    )
    expect(secrets.size).toBeGreaterThan(2_000)
    const search = new PlaintextSearch(secrets)
    const traffic = [...proxy.wire(), ...proxy.unmasked()].map((bytes) => ({ name: 'traffic', bytes }))
    const findings = [...disks, ...traffic].flatMap(({ name, bytes }) =>
      search.findIn(bytes).map(describeFinding(name)),
    )
    const logSearch = new PlaintextSearch(secrets, MIN_TEXT_LENGTH)
    // Somebody's number of five digits turns up in a clock now and then.
    const timeless = logs.join('\n').replace(/"time":\d+/g, '')
    findings.push(...logSearch.findIn(Buffer.from(timeless)).map(describeFinding('log')))
    const distinct = [...new Set(findings)]
    // A leak is many findings; the first ones say enough, and a log of the test is no place for an address book.
    expect({ count: distinct.length, first: distinct.slice(0, 10) }).toEqual({ count: 0, first: [] })

    // The search looked where something is: what does travel in the clear is there, in each of these places.
    const sender = Buffer.from(deviceId, 'hex')
    expect(disks.some(({ name, bytes }) => name.endsWith('-wal') && bytes.includes(sender))).toBe(true)
    expect(disks.some(({ name, bytes }) => name === 'relay.db' && bytes.includes(sender))).toBe(true)
    expect(proxy.unmasked().some((bytes) => bytes.includes(sender))).toBe(true)
    expect(logs.join('\n')).toContain(deviceId.slice(0, 8))
  })
})
