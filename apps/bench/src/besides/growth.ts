// What an account costs after it was edited for long: on the relay's disk, for a device that opens it and for one that joins. Two devices
// edit a book of contacts, ten thousand edits every eighty hours, with the relay's and the devices' rules about time as they are.
//
//   npm run measure:growth -- 1000 10000 100000 1000000
import { execFile } from 'node:child_process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { type Collection, createAccount, joinAccount, type Sync } from '@owlivion/sync'
import { openSqliteStore } from '@owlivion/sync/sqlite'
import { type BenchContact, createContacts } from '../contacts'
import type { Opening } from './opening'
import { VirtualWorld } from './virtual-world'

const CONTACTS = 10_000
const BATCH = 10_000
const BATCH_EVERY_MS = 80 * 3_600_000
/** What is written while a push is under way shares the next entry. */
const EDITS_PER_PUSH = 500
/** Until the random waits before a summary, its judgement and a rebase are over, each at most 30 s. */
const QUIET_MS = 150_000

interface Device {
  sync: Sync
  contacts: Collection<BenchContact>
  /** Where its SQLite file is. */
  readonly path: string
}

export interface Growth extends Opening {
  readonly edits: number
  readonly relayBytes: number
}

/** @param marks numbers of edits after which it is measured, rising */
export async function* measureGrowth(marks: readonly number[]): AsyncGenerator<Growth> {
  const world = new VirtualWorld()
  const paths = [world.pathOf('author.db'), world.pathOf('other.db')] as const
  const base = { relay: world.relayUrl, deviceName: 'author' }
  const made = await createAccount({ ...base, platform: world.platform(), store: await openSqliteStore(paths[0]) })
  const author = await deviceOf(made.sync, paths[0])
  const records = createContacts(CONTACTS)
  await author.contacts.addAll(records)
  await world.outcomeOf(author.sync.flush())
  const { recoveryPhrase } = made
  const join = joinAccount({
    ...base,
    platform: world.platform(),
    store: await openSqliteStore(paths[1]),
    recoveryPhrase,
  })
  const other = await deviceOf(await world.outcomeOf(join), paths[1])
  await world.until(() => other.sync.status.isGreen && other.contacts.size === CONTACTS)
  await world.advance(QUIET_MS)

  const devices = [author, other]
  const random = createRandom(7)
  let edits = 0
  yield await measure(world, edits, recoveryPhrase)
  for (const mark of marks) {
    while (edits < mark) {
      world.skip(BATCH_EVERY_MS)
      for (const { sync } of devices) sync.goOnline()
      await world.until(() => devices.every(({ sync }) => sync.status.isGreen))
      const editor = devices[Math.floor(edits / BATCH) % 2] as Device
      for (let i = 0; i < Math.min(BATCH, mark - edits); i += EDITS_PER_PUSH) {
        for (let k = 0; k < EDITS_PER_PUSH; k++) {
          const [id] = records[Math.floor(random() * CONTACTS)] as (typeof records)[number]
          void editor.contacts.update(id, { note: `note ${edits + i + k}` })
        }
        await world.until(() => editor.sync.status.unsent === 0)
      }
      edits += Math.min(BATCH, mark - edits)
      await world.until(() => devices.every(({ sync }) => sync.status.isGreen))
      await world.advance(QUIET_MS)
      for (const { sync } of devices) sync.goOffline()
      await world.advance(10_000)
    }
    for (const { sync } of devices) sync.goOnline()
    await world.until(() => devices.every(({ sync }) => sync.status.isGreen))
    yield await measure(world, edits, recoveryPhrase)
  }
  for (const { sync } of devices) await sync.close()
  await world.close()
}

async function deviceOf(sync: Sync, path: string): Promise<Device> {
  return { sync, contacts: await sync.open<BenchContact>('contacts'), path }
}

/** Each mark in a process of its own: what the edits left in the memory of this one slows it. */
async function measure(world: VirtualWorld, edits: number, recoveryPhrase: string): Promise<Growth> {
  const relayBytes = world.diskBytes
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...process.execArgv,
    fileURLToPath(new URL('./opening.ts', import.meta.url)),
    ...[world.files, world.nowMs, CONTACTS, recoveryPhrase].map(String),
  ])
  return { edits, relayBytes, ...(JSON.parse(stdout) as Opening) }
}

/** mulberry32 */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const kb = (bytes: number): string => `${(bytes / 1_000).toFixed(0)} kB`
const ms = (value: number): string => `${value.toFixed(0)} ms`
const columns = (cells: readonly string[]): void => console.log(cells.map((cell) => cell.padStart(16)).join(''))

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const marks = process.argv.slice(2).map(Number)
  columns(['edits', 'relay on disk', 'join: received', 'join', 'open'])
  for await (const { edits, relayBytes, joinBytes, joinMs, openMs } of measureGrowth(
    marks.length > 0 ? marks : [1_000, 10_000, 100_000],
  ))
    columns([String(edits), kb(relayBytes), kb(joinBytes), ms(joinMs), ms(openMs)])
}
