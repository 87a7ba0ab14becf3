// The door of this folder. IndexedDB and SQLite have subpaths of their own, so that an app carries only the one it uses.
export { compareKeys } from './key'
export { MemoryDisk, openMemoryStore } from './memory'
export type { CommitOptions, Store, StoreBatch, StoreKey } from './store'
