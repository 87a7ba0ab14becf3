// The door of this folder. IndexedDB and SQLite have subpaths of their own, so that an app carries only the one it uses.
export { type BoxedStoreOptions, openBoxedStore } from './boxed-store'
export { compareKeys } from './key'
export { checkedProfileKey, type KeyVault } from './key-vault'
export { MemoryDisk, openMemoryStore } from './memory'
export type { CommitOptions, Store, StoreBatch, StoreKey } from './store'
