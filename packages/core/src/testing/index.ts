// What helps to test code that builds on this package: contract suites for adapters, and for a simulator of whole devices an
// independent oracle and a view on what documents write. Nothing here belongs in an app.
export type { InspectedRecord, Registers, Transaction } from '../document'
export { type DocumentLimits, type DocumentObserver, limitDocuments, observeDocuments } from '../sync'
export { keyVaultContract } from './key-vault-contract'
export { memoryKeyVault } from './memory-key-vault'
export { appliedIn, documentOf, registersOf } from './observe'
export type { OracleEffect, OracleOperation } from './oracle-history'
export {
  memberName,
  type OracleDecision,
  type OracleEdit,
  type OracleRecord,
  RegisterOracle,
  renameEffect,
} from './register-oracle'
export { storeContract } from './store-contract'
export type { TestFunctions } from './test-functions'
