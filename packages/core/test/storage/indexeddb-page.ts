// The script of the page that indexeddb-killed.test.ts opens in a Chromium of its own and drives from outside.
import { requestPersistentStorage } from '../../src/persistence'
import { browserPlatform } from '../../src/platform'
import { deleteIndexedDbStore, openIndexedDbStore } from '../../src/storage/indexeddb'
import { durabilityOf, lastWholeBatch, numberedBatch } from './numbered-batches'

declare global {
  /** Given by the test; hears of each batch once it is committed. */
  function acknowledge(n: number): Promise<void>
  var storage: typeof page
}

let opening: ReturnType<typeof openIndexedDbStore> | undefined
/** Not before it is asked for: a new store is written to when it is opened. */
const open = () => {
  opening ??= openIndexedDbStore('killed')
  return opening
}

const page = {
  /** Reads what is there; refuses anything but whole batches. */
  lastWholeBatch: async () => lastWholeBatch(await open()),

  /** Goes on behind batch `n`, for ever. */
  async write(n: number): Promise<never> {
    const store = await open()
    for (let next = n + 1; ; next++) {
      await store.commit(numberedBatch(next), { durability: durabilityOf(next) })
      void acknowledge(next)
    }
  },

  /** Commits one value of this size and answers the code of the refusal, or 'stored'. */
  async put(name: string, sizeBytes: number): Promise<string> {
    const store = await open()
    const commit = store.commit({ put: [[[name], new Uint8Array(sizeBytes)]] })
    return commit.then(
      () => 'stored',
      (error) => `${error.code}, ${error.retryable ? 'retryable' : 'final'}, ${error.cause?.name}`,
    )
  },

  /** Why the store does not open, or 'opened'. */
  opened: async (): Promise<string> =>
    open().then(
      () => 'opened',
      (error) => {
        opening = undefined
        return `${error.code}: ${error.message}`
      },
    ),

  deleteStore: () => deleteIndexedDbStore('killed'),

  /** What the browser says of how long it keeps what this page stores. */
  persistence: async () => {
    const platform = browserPlatform()
    return [await platform.persistence?.isGranted(), await requestPersistentStorage(platform)]
  },

  /** The first part of every key in the store. */
  async names(): Promise<unknown[]> {
    const store = await open()
    return (await store.list([])).map(([key]) => key[0])
  },

  /** The databases of this origin. */
  databases: async () => (await indexedDB.databases()).map((each) => each.name),
}

globalThis.storage = page
