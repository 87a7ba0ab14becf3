// Documents of an app's own, attached on several devices of one account, with a relay on a real port between them.

import { join } from 'node:path'
import { startRelayServer } from '@owlivion/relay'
import { createAccount, joinAccount, openAccount, type Sync } from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import { openSqliteStore } from '@owlivion/sync/sqlite'
import { expect, onTestFinished, test } from 'vitest'
import * as Y from 'yjs'
import { temporaryFolder } from '../../support/temporary-folder'
import { until } from './until'

async function twoDevices() {
  const server = await startRelayServer({ data: temporaryFolder(), port: 0 })
  onTestFinished(() => server.stop())
  const relay = server.url.replace('http', 'ws')
  const folder = temporaryFolder()
  const store = (name: string) => openSqliteStore(join(folder, `${name}.db`))
  const platform = nodePlatform()
  const { sync: ann, recoveryPhrase } = await createAccount({
    store: await store('ann'),
    platform,
    relay,
    deviceName: 'laptop',
  })
  ann.goOnline()
  await ann.flush()
  const bob = await joinAccount({ store: await store('bob'), platform, relay, deviceName: 'phone', recoveryPhrase })
  bob.goOnline()
  const end = (sync: Sync) => onTestFinished(() => sync.close())
  end(ann)
  end(bob)
  return { ann, bob, relay, server, reopen: async () => openAccount({ store: await store('ann'), platform }), end }
}

const attached = (sync: Sync, name = 'note', doc = new Y.Doc()) => ({
  doc,
  provider: sync.attach(doc, name),
  text: doc.getText('body'),
})

test('a document of the app reaches the other devices, sealed, and is there when the device comes back without a network', async () => {
  const { ann, bob, reopen, end } = await twoDevices()
  const here = attached(ann)
  here.text.insert(0, 'written before it is open')
  const there = attached(bob)
  await until(() => there.text.toString() === 'written before it is open')
  there.text.insert(0, 'also ')
  await until(() => here.text.toString() === 'also written before it is open')
  await until(() => ann.status.isGreen && ann.status.documents['attached:note']?.unsent === 0)
  // What the app does with its own document while it is away from the network waits.
  ann.goOffline()
  here.text.insert(0, 'offline ')
  expect(ann.status.unsent).toBeGreaterThan(0)
  await ann.close()
  expect(here.provider.shouldConnect).toBe(false)
  const again = await reopen()
  end(again)
  const back = attached(again)
  await back.doc.whenLoaded
  expect(back.text.toString()).toBe('offline also written before it is open')
  again.goOnline()
  await until(() => there.text.toString() === 'offline also written before it is open')
}, 30_000)

test('a cursor is seen at once by who is there and by who comes later, and is gone when its device goes', async () => {
  const { ann, bob } = await twoDevices()
  const here = attached(ann)
  here.provider.awareness.setLocalStateField('user', { name: 'Ann' })
  await until(() => here.provider.synced)
  const there = attached(bob)
  await until(() => there.provider.awareness.getStates().get(here.doc.clientID)?.user?.name === 'Ann')
  await until(() => here.provider.awareness.getStates().has(there.doc.clientID))
  bob.goOffline()
  await until(() => !here.provider.awareness.getStates().has(there.doc.clientID))
  expect(there.provider.awareness.getStates().has(here.doc.clientID)).toBe(false)
  bob.goOnline()
  await until(() => here.provider.awareness.getStates().has(there.doc.clientID))
  await until(() => there.provider.awareness.getStates().has(here.doc.clientID))
}, 30_000)
