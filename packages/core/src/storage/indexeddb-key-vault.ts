// The profile key in a browser: wrapped under an AES key that WebCrypto made and gives to nobody, this page included. The browser keeps
// that key in IndexedDB as what it is, a key, in a database beside the one with the rows.
import { get, promisifyRequest } from 'idb-keyval'
import { SyncError } from '../errors'
import { browserRandom } from '../platform/browser-random'
import { storageFailure, storageRefusal } from './failure'
import { deleteIndexedDb, IndexedDbConnection } from './indexeddb-connection'
import { checkedProfileKey, type KeyVault } from './key-vault'

/** Where the key is opened, for tests and for other implementations of IndexedDB. */
export interface IndexedDbVaultOptions {
  /** Where databases are opened. Default: the browser's own. */
  readonly factory?: IDBFactory
}

interface WrappedKey {
  readonly wrapping: CryptoKey
  readonly nonce: Uint8Array<ArrayBuffer>
  readonly wrapped: Uint8Array<ArrayBuffer>
}

const entryKey = 'profile-key'
const algorithm = 'AES-GCM'
/** What AES-GCM takes without hashing it first. */
const AES_NONCE_BYTES = 12

/**
 * Keeps the profile key in the IndexedDB database `name`, which must be another one than the store's.
 *
 * Its calls reject with SyncError `storage-failed` where the page has no WebCrypto (one that came without HTTPS), `profile-key-wrong` when
 * the database holds something else than a key.
 *
 * @example
 * const store = await openIndexedDbStore('mail', { vault: indexedDbKeyVault('mail, key') })
 */
export function indexedDbKeyVault(name: string, options: IndexedDbVaultOptions = {}): KeyVault {
  const factory = (): IDBFactory => {
    const present = options.factory ?? globalThis.indexedDB
    if (!present) throw storageRefusal('This environment has no IndexedDB.')
    return present
  }
  const withDatabase = async <T>(call: (connection: IndexedDbConnection) => Promise<T>): Promise<T> => {
    const connection = await IndexedDbConnection.open(factory(), name)
    try {
      return await call(connection)
    } catch (error) {
      throw storageFailure('The browser does not keep the profile key', error)
    } finally {
      await connection.close()
    }
  }
  return {
    read: () =>
      withDatabase(async (connection) => {
        const kept = await get<WrappedKey>(entryKey, connection.withDurability('relaxed'))
        return kept && (await unwrap(kept))
      }),
    async keep(key) {
      // Everything that waits comes first: a transaction ends while a cipher works.
      const made = await wrap(checkedProfileKey(key))
      return await withDatabase(async (connection) => {
        const kept = await connection.withDurability('strict')('readwrite', async (entries) => {
          const present = await promisifyRequest<WrappedKey | undefined>(entries.get(entryKey))
          if (present === undefined) entries.put(made, entryKey)
          return present ?? made
        })
        return await unwrap(kept)
      })
    },
    remove: async () => deleteIndexedDb(factory(), name),
  }
}

function subtle(): SubtleCrypto {
  const present = globalThis.crypto?.subtle
  if (!present)
    throw storageRefusal('This page has no WebCrypto to keep a key with; serve it over HTTPS or pass a vault.')
  return present
}

async function wrap(key: Uint8Array<ArrayBuffer>): Promise<WrappedKey> {
  const wrapping = await subtle().generateKey({ name: algorithm, length: 256 }, false, ['encrypt', 'decrypt'])
  const nonce = new Uint8Array(browserRandom(AES_NONCE_BYTES))
  const wrapped = new Uint8Array(await subtle().encrypt({ name: algorithm, iv: nonce }, wrapping, key))
  return { wrapping, nonce, wrapped }
}

async function unwrap({ wrapping, nonce, wrapped }: WrappedKey): Promise<Uint8Array> {
  try {
    return new Uint8Array(await subtle().decrypt({ name: algorithm, iv: nonce }, wrapping, wrapped))
  } catch (cause) {
    throw new SyncError('profile-key-wrong', 'What the browser holds in the place of the profile key is none.', {
      cause,
    })
  }
}
