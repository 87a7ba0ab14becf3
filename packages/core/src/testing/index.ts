// What helps to test code that builds on this package: contract suites for adapters. Nothing here belongs in an app.
export { storeContract, type TestFunctions } from './store-contract'
