// One process, ES modules: makes an account, adds a contact, prints the recovery phrase once the relay has stored everything.
import { createAccount, isSyncError, SyncError } from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import { openSqliteStore } from '@owlivion/sync/sqlite'
import * as Y from 'yjs'
import { assertOneErrorClass } from './one-error-class.cjs'
import { countEvents } from './one-yjs.cjs'

const eventsSeen = countEvents(Y)
const [path, relay] = process.argv.slice(2)
const store = await openSqliteStore(path)
await assertOneErrorClass({ isSyncError, SyncError }, () => openSqliteStore(path))
const { sync, recoveryPhrase } = await createAccount({
  platform: nodePlatform(),
  store,
  relay,
  deviceName: 'laptop',
})
const contacts = await sync.open('contacts')
await contacts.add('ann@example.com', { name: 'Ann' })
await sync.flush()
await sync.close()
if (eventsSeen() === 0) throw new Error('the engine made its documents with another yjs than the one this file imports')
console.log(JSON.stringify({ recoveryPhrase }))
