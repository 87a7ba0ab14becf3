// The process that sqlite-at-rest.test.ts runs with a temporary folder of its own: opens a store, writes to it, and ends.
import { openSqliteStore } from '../../src/storage/sqlite'

const store = await openSqliteStore(process.argv[2]!)
await store.commit({ removePrefix: [['log']], put: [[['large'], new Uint8Array(8_000_000).fill(7)]] })
await store.close()
