// Documents that shed their past, over the real relay on a real SQLite file.

import type { Platform } from '@owlivion/sync'
import { type Collection, createAccount, type Fields, joinAccount, openMemoryStore, type Sync } from '@owlivion/sync'
import { countRebases, decodeFrame } from '@owlivion/sync-protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder'
import { type PipeRelay, startPipeRelay } from '../../support/world'

/** What a device does by itself after a while it does soon; the document epochs that the relay speaks of are noted. */
function hurried(relay: PipeRelay): Platform & { readonly epoch: number; readonly leases: number } {
  const { platform } = relay
  const seen = { epoch: 0, leases: 0 }
  return {
    ...platform,
    setTimer: (delayMs, callback) => platform.setTimer(delayMs / 10, callback),
    connect(url, handlers) {
      const socket = platform.connect(url, {
        ...handlers,
        received(bytes) {
          const frame = decodeFrame(bytes)
          if (frame.type === 'snapshot-offered') seen.epoch = Math.max(seen.epoch, countRebases(frame.documentEpoch))
          if (frame.type === 'leased' && frame.purpose === 'rebase') seen.leases++
          handlers.received(bytes)
        },
      })
      return socket
    },
    get epoch() {
      return seen.epoch
    },
    get leases() {
      return seen.leases
    },
  }
}

interface Opened {
  readonly sync: Sync
  readonly contacts: Collection<Fields>
  readonly problems: string[]
  readonly platform: ReturnType<typeof hurried>
}

async function open(relay: PipeRelay, recoveryPhrase?: string): Promise<Opened & { readonly phrase: string }> {
  const platform = hurried(relay)
  const options = { platform, store: openMemoryStore(), relay: 'ws://127.0.0.1:1', deviceName: 'local' }
  const { sync, phrase } =
    recoveryPhrase === undefined
      ? await createAccount(options).then((made) => ({ sync: made.sync, phrase: made.recoveryPhrase }))
      : { sync: await joinAccount({ ...options, recoveryPhrase }), phrase: recoveryPhrase }
  onTestFinished(() => sync.close())
  const problems: string[] = []
  sync.on((event) => {
    if (event.type === 'error') problems.push(event.error.code)
  })
  return { sync, contacts: await sync.open<Fields>('contacts'), problems, platform, phrase }
}

const recordsOf = ({ contacts }: Opened) =>
  Object.fromEntries(
    [...contacts.list()].map(([id, fields]) => [id, Object.fromEntries(Object.entries(fields).sort())] as const).sort(),
  )

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** More edits than the document holds records, until it is worth folding. */
async function wear(device: Opened, edits = 4_200): Promise<void> {
  const written: Promise<void>[] = []
  for (let i = 0; i < edits; i++) written.push(device.contacts.update(`worn ${i % 7}`, { name: `${i}` }))
  await Promise.all(written)
}

const isEqual = (...devices: readonly Opened[]): boolean =>
  devices.every(({ sync }) => sync.status.unsent === 0) &&
  new Set(devices.map((device) => JSON.stringify(recordsOf(device)))).size === 1

describe('a collection that was edited much', () => {
  it('is folded while its devices go on editing, and a device three epochs behind hands in what it had not sent', async () => {
    const relay = startPipeRelay(temporaryFolder())
    onTestFinished(() => relay.close())
    const ann = await open(relay)
    for (let i = 0; i < 7; i++) await ann.contacts.add(`worn ${i}`, { name: 'new' })
    await ann.contacts.add('both', { name: 'old', note: 'old' })
    await until(() => ann.sync.status.isGreen)
    const bob = await open(relay, ann.phrase)
    const carl = await open(relay, ann.phrase)
    await until(() => isEqual(ann, bob, carl))
    carl.sync.goOffline()
    await carl.contacts.update('both', { name: 'Carl’s' })
    await carl.contacts.add('mine', { name: 'Carl’s' })
    await carl.contacts.delete('worn 6')

    let isEditing = true
    const editing = (async () => {
      for (let i = 0; isEditing; i++) {
        await bob.contacts.update('both', { note: `${i}` })
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })()
    for (let epoch = 1; epoch <= 3; epoch++) {
      await wear(ann)
      await until(() => ann.platform.epoch >= epoch && bob.platform.epoch >= epoch)
    }
    await ann.contacts.update('both', { name: 'Ann’s' })
    isEditing = false
    await editing
    relay.cutConnections()
    carl.sync.goOnline()
    await until(() => isEqual(ann, bob, carl))
    expect(ann.platform.epoch).toBeGreaterThanOrEqual(3)
    expect(recordsOf(carl)).toMatchObject({ mine: { name: 'Carl’s' } })
    for (const { contacts } of [ann, bob, carl]) expect([...contacts.conflicts()].map(({ id }) => id)).toContain('both')
    const late = await open(relay, ann.phrase)
    await until(() => isEqual(ann, bob, carl, late))
    for (const { problems } of [ann, bob, carl, late])
      expect(problems.filter((code) => code !== 'connection-lost' && code !== 'relay-unreachable')).toEqual([])
  })
})
