// The script of the page that passkey.test.ts opens in Chromium: an app with two stores, as of two devices.
import { createAccount, isSyncError, openMemoryStore, type Sync } from '@owlivion/sync'
import { openIndexedDbStore } from '@owlivion/sync/indexeddb'
import { addPasskey, removePasskey, signInState, signInWithPasskey } from '@owlivion/sync/password'

declare global {
  var app: typeof page
}

const relay = location.origin.replace('http', 'ws')
let sync: Sync | undefined

function opened(): Sync {
  if (sync === undefined) throw new Error('no account is open')
  return sync
}

/** What came of it, or the code of the refusal. */
async function outcomeOf<T>(work: Promise<T>): Promise<T | string> {
  try {
    return await work
  } catch (error) {
    if (isSyncError(error)) return error.code
    throw error
  }
}

const page = {
  async create(): Promise<string> {
    const created = await createAccount({ store: await openIndexedDbStore('one'), relay, deviceName: 'one' })
    sync = created.sync
    const notes = await sync.open<{ text: string }>('notes')
    await notes.add('first', { text: 'written on the first device' })
    await sync.flush()
    return sync.accountId
  },

  add: (label: string) => outcomeOf(addPasskey(opened(), label)),
  remove: (id: string) => outcomeOf(removePasskey(opened(), id)),
  state: () => signInState(opened()),
  devices: () => opened().devices(),
  async close(): Promise<void> {
    await opened().close()
  },

  /** @returns the note that the other device wrote */
  async signIn(): Promise<string> {
    const outcome = await outcomeOf(signInWithPasskey({ store: openMemoryStore(), relay, deviceName: 'two' }))
    if (typeof outcome === 'string') return outcome
    const notes = await outcome.open<{ text: string }>('notes')
    await outcome.whenCaughtUp()
    const { text = '' } = notes.get('first') ?? {}
    await outcome.close()
    return text
  },
}

globalThis.app = page
