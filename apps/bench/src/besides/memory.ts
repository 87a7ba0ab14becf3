// What stays in memory: of a device on which a large book is edited for an hour, and of a relay with many devices that do nothing. Memory may grow
// with what is written, never with time; and what ended leaves nothing behind.
//
//   node --conditions=@owlivion/source --import tsx src/measure-memory.ts 10000 1000     prints the figures as JSON
import { pathToFileURL } from 'node:url'
import { createAccount, openMemoryStore, type Sync } from '@owlivion/sync'
import { openSqliteStore } from '@owlivion/sync/sqlite'
import { type BenchContact, createContacts } from '../contacts'
import { heapBytes } from './heap'
import { VirtualWorld } from './virtual-world'

const MINUTE_MS = 60_000
const EDITS_A_MINUTE = 60

export interface EditingMemory {
  readonly edits: number
  /** With the book open, before the first edit. */
  readonly bookBytes: number
  /** What stayed of each edit of the second half hour, on the device and at the relay together. */
  readonly bytesPerEdit: number
  /** What a further half hour added in which nobody wrote. */
  readonly idleBytes: number
}

/** One device edits a book for a simulated hour; its store and the relay's are SQLite files, so that only memory is memory. */
export async function measureEditingMemory(contactCount: number): Promise<EditingMemory> {
  const world = new VirtualWorld()
  const { sync } = await createAccount({
    platform: world.platform(),
    store: await openSqliteStore(world.pathOf('device.db')),
    relay: world.relayUrl,
    deviceName: 'device',
  })
  const contacts = await sync.open<BenchContact>('contacts')
  const ids = createContacts(contactCount).map(([id]) => id)
  await contacts.addAll(createContacts(contactCount))
  await world.outcomeOf(sync.flush())
  const edit = async (minutes: number): Promise<void> => {
    for (let n = 0; n < minutes * EDITS_A_MINUTE; n++) {
      const id = ids[(n * 7_919) % ids.length] as string
      void contacts.update(id, { note: `note ${n} of ${minutes}` })
      await world.advance(MINUTE_MS / EDITS_A_MINUTE)
    }
    await world.outcomeOf(sync.flush())
    await world.advance(5 * MINUTE_MS)
  }
  const bookBytes = await heapBytes()
  await edit(30)
  const half = await heapBytes()
  await edit(30)
  const end = await heapBytes()
  await world.advance(30 * MINUTE_MS)
  const idle = await heapBytes()
  await sync.close()
  await world.close()
  const edits = 60 * EDITS_A_MINUTE
  return { edits, bookBytes, bytesPerEdit: ((end - half) * 2) / edits, idleBytes: idle - end }
}

export interface IdleMemory {
  readonly devices: number
  /** A connected device and what the relay keeps for it, together. */
  readonly bytesPerDevice: number
  /** What a half hour of heartbeats added for each. */
  readonly grownPerDevice: number
  /** What each left behind that was closed. */
  readonly leftPerDevice: number
  readonly timersLeft: number
  readonly connectionsLeft: number
  readonly accountsLeft: number
}

/** Each device has an account of its own, as strangers on one relay do. */
export async function measureIdleMemory(deviceCount: number): Promise<IdleMemory> {
  const world = new VirtualWorld()
  await connectAndClose(world, 20)
  const timers = world.timerCount
  const before = await heapBytes()
  const devices = await connect(world, deviceCount)
  await world.advanceInSteps(10 * MINUTE_MS, 10_000)
  const connected = await heapBytes()
  await world.advanceInSteps(30 * MINUTE_MS, 10_000)
  const later = await heapBytes()
  if (devices.some(({ status }) => status.connection !== 'online')) throw new Error('A device went offline by itself.')
  await closeAll(world, devices)
  devices.length = 0
  const after = await heapBytes()
  const { connectionCount: connectionsLeft, connectedAccounts: accountsLeft } = world
  const timersLeft = world.timerCount - timers
  await world.close()
  return {
    devices: deviceCount,
    bytesPerDevice: (connected - before) / deviceCount,
    grownPerDevice: (later - connected) / deviceCount,
    leftPerDevice: (after - before) / deviceCount,
    timersLeft,
    connectionsLeft,
    accountsLeft,
  }
}

/** What is made once, however many devices there are, is made before anything is counted. */
async function connectAndClose(world: VirtualWorld, count: number): Promise<void> {
  await closeAll(world, await connect(world, count))
}

async function connect(world: VirtualWorld, count: number): Promise<Sync[]> {
  const devices: Sync[] = []
  for (let n = 0; n < count; n++) {
    const store = openMemoryStore()
    const options = { platform: world.platform(), store, relay: world.relayUrl, deviceName: `device ${n}` }
    const { sync } = await createAccount(options)
    await sync.open('contacts')
    devices.push(sync)
    // New accounts are let in as fast as a relay lets strangers make them.
    if (n % 10 === 9) await world.advanceInSteps(1_000, 1_000)
  }
  for (let waits = 0; devices.some(({ status }) => status.connection !== 'online'); waits++) {
    if (waits > 1_000) throw new Error('Not all devices came online.')
    await world.advanceInSteps(10_000, 1_000)
  }
  return devices
}

async function closeAll(world: VirtualWorld, devices: readonly Sync[]): Promise<void> {
  for (const sync of devices) await sync.close()
  // What the relay keeps for a while in case they come back.
  await world.advanceInSteps(30 * MINUTE_MS, 10_000)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [contacts = 10_000, devices = 1_000] = process.argv.slice(2).map(Number)
  const editing = await measureEditingMemory(contacts)
  console.log(JSON.stringify({ editing, idle: await measureIdleMemory(devices) }))
}
