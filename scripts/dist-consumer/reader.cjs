// Another process, CommonJS: joins with the phrase and prints the contact once it has arrived.
const { isSyncError, joinAccount, SyncError } = require('@owlivion/sync')
const { nodePlatform } = require('@owlivion/sync/node')
const { openSqliteStore } = require('@owlivion/sync/sqlite')
const Y = require('yjs')
const { assertOneErrorClass } = require('./one-error-class.cjs')
const { countEvents } = require('./one-yjs.cjs')

async function main() {
  const eventsSeen = countEvents(Y)
  const [path, relay, recoveryPhrase] = process.argv.slice(2)
  const store = await openSqliteStore(path)
  await assertOneErrorClass({ isSyncError, SyncError }, () => openSqliteStore(path))
  const sync = await joinAccount({ platform: nodePlatform(), store, relay, deviceName: 'phone', recoveryPhrase })
  const contacts = await sync.open('contacts')
  const contact = await new Promise((resolve) => {
    const look = () => {
      const found = contacts.get('ann@example.com')
      if (found !== undefined) resolve(found)
    }
    contacts.subscribe(look)
    look()
  })
  await sync.close()
  if (eventsSeen() === 0)
    throw new Error('the engine made its documents with another yjs than the one this file requires')
  const copies = Object.keys(require.cache).filter((path) => /[\\/]yjs[\\/]dist[\\/]/.test(path))
  if (copies.length !== 1) throw new Error(`yjs was loaded ${copies.length} times: ${copies.join(', ')}`)
  console.log(JSON.stringify({ contact }))
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
