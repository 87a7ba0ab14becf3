/**
 * For tests: a store in memory, on which a simulator can build, and the suite that proves a store.
 * @module
 */
export {
  createMemoryData,
  createMemoryStore,
  type MemoryData,
  type MemoryStoreOptions,
  storedBytes,
} from './store/memory'
export type { RelayStore } from './store/relay-store'
export { type ContractStore, type ContractTools, describeRelayStore } from './store/relay-store-contract'
