/**
 * For tests: a store in memory, on which a simulator can build, and the suite that proves a store.
 * @module
 */
export { createMemoryStore, type MemoryStoreOptions } from './store/memory'
export { createMemoryData, type MemoryData, storedBytes } from './store/memory-data'
export type { RelayStore } from './store/relay-store'
export { type ContractStore, type ContractTools, describeRelayStore } from './store/relay-store-contract'
