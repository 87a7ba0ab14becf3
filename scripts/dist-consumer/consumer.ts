// Type-checked against the packed packages, as an ES module, as CommonJS and as a bundler sees it; never run.
import { type Collection, createAccount, isSyncError, joinAccount, type Sync } from '@owlivion/sync'
import { openIndexedDbStore } from '@owlivion/sync/indexeddb'
import { nodePlatform } from '@owlivion/sync/node'
import { type PairingOffer, startPairing } from '@owlivion/sync/pairing'
import { signIn } from '@owlivion/sync/password'
import { openSqliteStore } from '@owlivion/sync/sqlite'
import { protocolCodes } from '@owlivion/sync-protocol'

interface Contact {
  readonly name: string
  readonly emails?: readonly string[]
}

export async function start(path: string, relay: string): Promise<{ sync: Sync; phrase: string }> {
  const { sync, recoveryPhrase } = await createAccount({
    platform: nodePlatform(),
    store: await openSqliteStore(path),
    relay,
    deviceName: 'laptop',
  })
  const contacts: Collection<Contact> = await sync.open<Contact>('contacts')
  await contacts.add('ann@example.com', { name: 'Ann' })
  const ann: Contact | undefined = contacts.get('ann@example.com')
  // @ts-expect-error a contact has a name, not a number in its place
  await contacts.add('bob@example.com', { name: 1 })
  const stop: () => void = contacts.subscribe(() => console.log(ann?.name))
  stop()
  await sync.flush()
  return { sync, phrase: recoveryPhrase }
}

export async function join(relay: string, recoveryPhrase: string): Promise<void> {
  try {
    const store = await openIndexedDbStore('mail')
    const sync = await joinAccount({ platform: nodePlatform(), store, relay, deviceName: 'phone', recoveryPhrase })
    await sync.close()
  } catch (error) {
    if (isSyncError(error, 'phrase-word')) console.log(error.action, protocolCodes)
  }
}

export async function signInOrPair(relay: string, email: string, password: string): Promise<Sync | PairingOffer> {
  const options = { platform: nodePlatform(), store: await openIndexedDbStore('mail'), relay, deviceName: 'tablet' }
  return password === '' ? await startPairing(options) : await signIn({ ...options, email, password })
}
