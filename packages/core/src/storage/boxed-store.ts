// A store over a store, in which everything is boxed under one profile key. Boxing is synchronous and happens before the store below is
// called, so that its order, atomicity and durability are those of this one, and no transaction waits for a cipher.
//
// Keys of rows stay as they are: a store must list them in order. They are names of kinds, opaque ids and numbers.
//
// One row of its own, ['at-rest'], says that the store is boxed, and proves the key before anything else is read: a wrong key is told
// from a damaged row, and neither from an empty store.
import { KEY_BYTES } from '../crypto'
import { SyncError } from '../errors'
import { storageRefusal } from './failure'
import type { KeyVault } from './key-vault'
import { boxRow, openRow } from './row-box'
import type { CommitOptions, Store, StoreBatch, StoreKey } from './store'
import { copyValue } from './value'

/** What a boxed store needs beside the store under it. */
export interface BoxedStoreOptions {
  /** Keeps the profile key. A vault belongs to one store. */
  readonly vault: KeyVault
  /** `length` bytes from a cryptographic random source: `platform.random`. */
  readonly random: (length: number) => Uint8Array
  /**
   * Taken once, while rows that are still in clear are boxed; undefined when another tab has it. Needed where two can have one place open,
   * however shortly. The returned function gives it back.
   */
  readonly lock?: () => Promise<(() => void) | undefined>
}

/** Of the row that every boxed store has from the moment that it is made. */
export const markerKey: StoreKey = ['at-rest']
const FORMAT = 1
const nothing = new Uint8Array()

/**
 * Boxes everything in `store` under the key of the vault, and makes that key when the store is new. Rows that an earlier version of this
 * package wrote in clear are boxed in one step. Owns the store: closes it with its own `close`, and when it rejects.
 *
 * `openIndexedDbStore` and `openSqliteStore` do this by themselves; it is for an adapter of another platform.
 *
 * @throws SyncError `profile-key-missing` when the store is boxed and the vault has no key, `profile-key-wrong` when it has another one;
 * nothing is changed then. `profile-in-use` when another tab is at boxing the rows.
 *
 * @example
 * const { random } = nodePlatform()
 * const store = await openBoxedStore(openMemoryStore(), { vault: memoryKeyVault(), random })
 * await store.commit({ put: [[['greeting'], new TextEncoder().encode('hello')]] })
 */
export async function openBoxedStore(store: Store, options: BoxedStoreOptions): Promise<Store> {
  try {
    const { key, marker } = (await unlock(store, options)) ?? (await boxEverything(store, options))
    return new BoxedStore(store, options, key, marker)
  } catch (error) {
    await store.close()
    throw error
  }
}

interface Unlocked {
  readonly key: Uint8Array
  readonly marker: Uint8Array
}

/** @returns undefined for a store that is not boxed: new, or from before there were boxes */
async function unlock(store: Store, { vault }: BoxedStoreOptions): Promise<Unlocked | undefined> {
  // Before the key: whoever makes both makes the key first, so a marker without a key means that the key is gone.
  const marker = await store.get(markerKey)
  if (marker === undefined) return undefined
  if (marker[0] !== FORMAT) throw storageRefusal('The store was boxed by a newer version of the app.')
  const key = await vault.read()
  if (key === undefined)
    throw new SyncError('profile-key-missing', 'The store holds data, and the vault does not have the key to it.')
  if (openRow(key, markerKey, marker.subarray(1)) === undefined)
    throw new SyncError('profile-key-wrong', 'The key in the vault is not the one of this store.')
  return { key, marker }
}

/** The marker comes with the boxes, in one batch; so whenever this is cut short, it is done again from the start with the same key. */
async function boxEverything(store: Store, options: BoxedStoreOptions): Promise<Unlocked> {
  const { vault, random, lock = async () => () => {} } = options
  const release = await lock()
  if (release === undefined)
    throw new SyncError('profile-in-use', 'Another window is preparing this store; it takes a moment.')
  try {
    const unlocked = await unlock(store, options)
    if (unlocked) return unlocked
    const key = await vault.keep(random(KEY_BYTES))
    const rows = await store.list([])
    if (rows.some(([rowKey, value]) => openRow(key, rowKey, value) !== undefined))
      throw new SyncError('profile-damaged', 'The store holds boxes, and the row that says so is gone.')
    const sealed = boxRow(key, random, markerKey, nothing)
    const marker = Uint8Array.of(FORMAT, ...sealed)
    const boxed = rows.map(([rowKey, value]) => [rowKey, boxRow(key, random, rowKey, value)] as const)
    await store.commit({ put: [...boxed, [markerKey, marker]] }, { durability: 'strict' })
    return { key, marker }
  } finally {
    release()
  }
}

class BoxedStore implements Store {
  readonly fence?: () => Promise<number>

  constructor(
    private readonly store: Store,
    private readonly options: BoxedStoreOptions,
    private readonly profileKey: Uint8Array,
    private readonly marker: Uint8Array,
  ) {
    const fence = store.fence?.bind(store)
    if (fence !== undefined) this.fence = fence
  }

  async commit(batch: StoreBatch, options?: CommitOptions): Promise<void> {
    const { put = [], remove = [], removePrefix = [] } = batch
    if (remove.some(isMarker) || put.some(([key]) => isMarker(key)))
      throw storageRefusal(`The key ${JSON.stringify(markerKey)} is taken by the store itself.`)
    const boxed = put.map(
      ([key, value]) => [key, boxRow(this.profileKey, this.options.random, key, copyValue(value))] as const,
    )
    const takesMarker = removePrefix.some((prefix) => prefix.every((part, index) => part === markerKey[index]))
    await this.store.commit(
      { remove, removePrefix, put: takesMarker ? [...boxed, [markerKey, this.marker]] : boxed },
      options,
    )
  }

  async get(key: StoreKey): Promise<Uint8Array | undefined> {
    const row = await this.store.get(key)
    return row === undefined || isMarker(key) ? undefined : this.open(key, row)
  }

  async list(prefix: StoreKey): Promise<(readonly [StoreKey, Uint8Array])[]> {
    const rows = await this.store.list(prefix)
    return rows.filter(([key]) => !isMarker(key)).map(([key, row]) => [key, this.open(key, row)] as const)
  }

  close(): Promise<void> {
    return this.store.close()
  }

  /** The rows first: without a key they would be a store that never opens again, and a key without rows is the next store's. */
  async destroy(): Promise<void> {
    await this.store.destroy()
    await this.options.vault.remove()
  }

  private open(key: StoreKey, row: Uint8Array): Uint8Array {
    const value = openRow(this.profileKey, key, row)
    if (value === undefined)
      throw new SyncError('profile-damaged', `The row ${JSON.stringify(key)} was altered or belongs elsewhere.`)
    return value
  }
}

function isMarker(key: StoreKey): boolean {
  return key.length === 1 && key[0] === markerKey[0]
}
