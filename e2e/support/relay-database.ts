// A look into the relay's database from outside, as its operator could take. Read-only, and the relay may be running.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import Database from 'better-sqlite3'

function look<T>(dataFolder: string, at: (database: Database.Database) => T): T {
  const database = new Database(join(dataFolder, 'relay.db'), { readonly: true })
  try {
    return at(database)
  } finally {
    database.close()
  }
}

/** How many incarnations of a device have written to any log. @param deviceId in hex */
export function countIncarnations(dataFolder: string, deviceId: string): number {
  return look(dataFolder, (database) => {
    const count = database.prepare('SELECT count(DISTINCT incarnation) FROM chains WHERE device = ?').pluck()
    return count.get(Buffer.from(deviceId, 'hex')) as number
  })
}

/** Everything that the relay has acknowledged: all logs and keyrings to the last byte, as one hash and a count. */
export function digestLogs(dataFolder: string): { readonly entries: number; readonly hash: string } {
  return look(dataFolder, (database) => {
    const hash = createHash('sha256')
    const entries = database.prepare('SELECT * FROM entries ORDER BY id').raw().all() as unknown[][]
    const keyrings = database.prepare('SELECT * FROM keyring ORDER BY account, position').raw().all() as unknown[][]
    for (const value of [...entries, ...keyrings].flat())
      hash.update(value instanceof Uint8Array ? value : `${typeof value}:${String(value)};`)
    return { entries: entries.length, hash: hash.digest('hex') }
  })
}
