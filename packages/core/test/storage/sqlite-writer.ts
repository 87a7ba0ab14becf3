// The process that sqlite-killed.test.ts kills: goes on where the file left off, and says each number once its batch is committed.
import { writeSync } from 'node:fs'
import { openSqliteStore } from '../../src/storage/sqlite'
import { durabilityOf, lastWholeBatch, numberedBatch } from './numbered-batches'

const store = await openSqliteStore(process.argv[2]!)
for (let n = (await lastWholeBatch(store)) + 1; ; n++) {
  await store.commit(numberedBatch(n), { durability: durabilityOf(n) })
  // Straight to the pipe: what is still in a buffer dies with the process, and an acknowledgement must not come late either.
  writeSync(1, `${n}\n`)
}
