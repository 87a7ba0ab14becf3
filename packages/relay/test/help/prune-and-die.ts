// Started as a process of its own: prunes a store and is killed just before one of its writes, by no fault of its own.
import { writeSync } from 'node:fs'
import Database from 'better-sqlite3'
import { openSqliteStore } from '../../src/store/sqlite/open'
import { random, sha512 } from './account'

const [folder, nowMs, writes] = process.argv.slice(2) as [string, string, string]
const STANDARD_OUTPUT = 1

let left = Number.POSITIVE_INFINITY
const prepare = Database.prototype.prepare
Database.prototype.prepare = function (this: Database.Database, source: string) {
  const statement = prepare.call(this, source)
  const run = statement.run as (...parameters: unknown[]) => Database.RunResult
  statement.run = (...parameters: unknown[]) => {
    if (left-- === 0) process.kill(process.pid, 'SIGKILL')
    return run.apply(statement, parameters)
  }
  return statement
} as typeof prepare

const store = openSqliteStore({ folder, sha512, random })
left = Number(writes)
await store.snapshots.prune(Number(nowMs))
left = Number.POSITIVE_INFINITY
await store.close()
writeSync(STANDARD_OUTPUT, 'pruned\n')
