// The script of the page that indexeddb-files.test.ts opens in a Chromium with a profile of its own.
import { browserPlatform, createAccount, type Sync } from '@owlivion/sync'
import { indexedDbKeyVault, openIndexedDbStore } from '@owlivion/sync/indexeddb'
import type { CanaryContact } from './canaries'

declare global {
  var storage: typeof page
}

const KEY_BYTES = 32
const keys: number[][] = []
let sync: Sync | undefined

const page = {
  /** Makes an account with these contacts. Answers the phrase, and every key that was drawn or made. */
  async createAccount(
    relay: string,
    deviceName: string,
    collection: string,
    contacts: (readonly [id: string, contact: CanaryContact])[],
  ) {
    const system = browserPlatform()
    const random = (length: number): Uint8Array => {
      const bytes = system.random(length)
      if (length === KEY_BYTES) keys.push([...bytes])
      return bytes
    }
    const store = await openIndexedDbStore('mail')
    const account = await createAccount({ platform: { ...system, random }, store, relay, deviceName })
    sync = account.sync
    const book = await sync.open<CanaryContact>(collection)
    await book.addAll(contacts.slice(10))
    await sync.flush()
    sync.goOffline()
    // What was not sent is in other rows than what was.
    await book.addAll(contacts.slice(0, 10))
    keys.push([...(await indexedDbKeyVault('mail:key').read())!])
    return { recoveryPhrase: account.recoveryPhrase, keys }
  },

  async close() {
    await sync?.close()
  },

  /** The rows of the closed account, opened. */
  async rows(): Promise<number[][]> {
    const store = await openIndexedDbStore('mail')
    const rows = await store.list([])
    await store.close()
    return rows.map(([, value]) => [...value])
  },

  /** Keeps a text in clear, as a store without boxes would. */
  keepInClear(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const opening = indexedDB.open('in clear')
      opening.onupgradeneeded = () => opening.result.createObjectStore('entries')
      opening.onsuccess = () => {
        const transaction = opening.result.transaction('entries', 'readwrite', { durability: 'strict' })
        transaction.objectStore('entries').put(new TextEncoder().encode(text), ['log', 1])
        transaction.oncomplete = () => resolve()
        transaction.onabort = () => reject(transaction.error)
      }
    })
  },
}

globalThis.storage = page
