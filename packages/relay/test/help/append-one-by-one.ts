// Started as a process of its own: appends one entry after another and says after each that it is acknowledged.
import { writeSync } from 'node:fs'
import Database from 'better-sqlite3'
import { openSqliteStore } from '../../src/store/sqlite/open'
import { random, sha512, TestAccount } from './account'
import { fill } from './store'

const [folder, appends] = process.argv.slice(2) as [string, string]
const STANDARD_OUTPUT = 1

// The connection that the store really uses, caught as it is made, so that its own settings can be read after a write.
let connection: Database.Database | undefined
const prepare = Database.prototype.prepare
Database.prototype.prepare = function (this: Database.Database, source: string) {
  if (this.name.endsWith('relay.db')) connection = this
  return prepare.call(this, source)
} as typeof prepare

const store = openSqliteStore({ folder, sha512, random })
const account = new TestAccount()
await fill(store, account, 1)
for (let i = 0; i < Number(appends); i++) {
  await fill(store, account, 1)
  writeSync(STANDARD_OUTPUT, `appended ${i}\n`)
}
const read = (name: string) => connection?.pragma(name, { simple: true })
writeSync(STANDARD_OUTPUT, `synchronous ${read('synchronous')}, journal_mode ${read('journal_mode')}\n`)
await store.close()
