// A relay that lies. What a device is told counts only if it adds up; what does not is reported and changes nothing, and when the
// relay tells the truth again, the device goes on as if nothing had been.
import { decodeFrame, encodeFrame, type Frame } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { type FrameProxy, startFrameProxy } from '../../support/frame-proxy'
import { type LocalDevice, openLocalDevice } from '../../support/local-device'
import { pause } from '../../support/pause'
import { startRelay } from '../../support/relay-process'
import { temporaryFolder } from '../../support/temporary-folder'

type Page = Extract<Frame, { type: 'page' }>

interface World {
  /** Stands between the relay and the reader only. */
  readonly proxy: FrameProxy
  readonly writer: LocalDevice
  readonly reader: LocalDevice
}

const recordsOf = (prefix: string, count: number): [string, { value: string }][] =>
  Array.from({ length: count }, (_, i) => [`${prefix}${i}`, { value: `${prefix} ${i}` }])
const before = recordsOf('before', 5)
const own = recordsOf('own', 3)

async function startWorld(): Promise<World> {
  const relay = await startRelay({ data: temporaryFolder() })
  const proxy = await startFrameProxy(relay)
  const writer = await openLocalDevice(relay.url)
  await writer.contacts.addAll(before)
  await writer.sync.flush()
  const reader = await openLocalDevice(proxy.url, writer.recoveryPhrase)
  await writer.whenSeen()
  return { proxy, writer, reader }
}

/** Alters pages that hold entries. */
const inPages =
  (change: (page: Page, bytes: Uint8Array) => Uint8Array) =>
  (bytes: Uint8Array): Uint8Array => {
    const frame = decodeFrame(bytes)
    return frame.type === 'page' && frame.entries.length > 0 ? change(frame, bytes) : bytes
  }

const withPage = (page: Page, changes: Partial<Page>): Uint8Array => encodeFrame({ ...page, ...changes })

function flip<T extends Uint8Array>(bytes: T, at = 0): T {
  const copy = bytes.slice() as T
  const index = at < 0 ? copy.length + at : at
  copy[index] = (copy[index] as number) ^ 1
  return copy
}

function reconnect({ sync }: LocalDevice): void {
  sync.goOffline()
  sync.goOnline()
}

/** The writer goes on while the relay lies to the reader. */
async function lie({ proxy, writer }: World, change: (page: Page, bytes: Uint8Array) => Uint8Array): Promise<void> {
  proxy.alter = inPages(change)
  await writer.contacts.addAll(recordsOf('during', 20))
  await writer.contacts.update('before0', { value: 'new' })
  await writer.sync.flush()
}

/** The reader says that it was lied to, on this connection and on the next, shows what it showed, and can be written to. */
async function expectUntouched({ reader }: World): Promise<void> {
  const isNoticed = (): boolean => reader.problems.includes('relay-misbehaved')
  await reader.until(isNoticed)
  reconnect(reader)
  await pause(200)
  await reader.contacts.addAll(own)
  expect(reader.records()).toEqual(Object.fromEntries([...before, ...own]))
}

/** Everything is everywhere and nothing is kept aside, once the relay tells the truth. */
async function expectTruthInTheEnd({ proxy, writer, reader }: World): Promise<void> {
  proxy.alter = undefined
  reconnect(reader)
  await Promise.all([writer.whenSeen(), reader.whenSeen()])
  const everything = Object.fromEntries([...before, ...recordsOf('during', 20), ...own])
  expect(writer.records()).toEqual({ ...everything, before0: { value: 'new' } })
  expect(reader.records()).toEqual(writer.records())
}

describe('a device whose relay lies', () => {
  it.each<[string, (page: Page, bytes: Uint8Array) => Uint8Array]>([
    ['a byte of a sealed entry', (page) => withPage(page, { entries: page.entries.map((entry) => flip(entry, -1)) })],
    [
      'a byte of an entry’s header',
      (page) => withPage(page, { entries: page.entries.map((entry) => flip(entry, 10)) }),
    ],
    ['an entry given twice', (page) => withPage(page, { entries: [...page.entries, ...page.entries] })],
    ['the log hash', (page) => withPage(page, { logHash: flip(page.logHash) })],
    ['entries that do not follow', (page) => withPage(page, { first: page.first + 1 })],
    ['a message that is cut off', (_, bytes) => bytes.slice(0, -1)],
  ])('sees through it, says so, applies nothing, and recovers: %s', async (_, change) => {
    const world = await startWorld()
    await lie(world, change)
    await expectUntouched(world)
    await expectTruthInTheEnd(world)
  })

  it.each<[string, (page: Page) => Uint8Array]>([
    [
      'wrong',
      (page) => withPage(page, { heads: page.heads.map((head) => ({ ...head, signature: flip(head.signature) })) }),
    ],
    ['missing', (page) => withPage(page, { heads: [] })],
    [
      'another’s',
      (page) => withPage(page, { heads: page.heads.map((head) => ({ ...head, device: flip(head.device) })) }),
    ],
  ])('says so and applies nothing of what nobody vouches for: the signature is %s', async (_, change) => {
    const world = await startWorld()
    await lie(world, change)
    await expectUntouched(world)
    await world.reader.until(() => world.reader.sync.status.unsent === 0)
    expect(world.reader.sync.status.isGreen).toBe(false)
  })

  it.each<[string, (page: Page) => Uint8Array]>([
    ['entries that it has already', (page) => withPage(page, { first: Math.max(1, page.first - 1) })],
    ['a newer entry than there is', (page) => withPage(page, { newest: page.newest + 1 })],
    ['a document that it does not have', (page) => withPage(page, { document: flip(page.document) })],
    ['old entries as new ones', (page) => withPage(page, { live: !page.live })],
  ])('is not harmed by being told of %s', async (_, change) => {
    const world = await startWorld()
    await lie(world, change)
    await pause(300)
    await world.reader.contacts.addAll(own)
    await expectTruthInTheEnd(world)
  })
})
