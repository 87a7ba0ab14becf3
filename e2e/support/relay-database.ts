// A look into the relay's database from outside, as its operator could take. Read-only, and the relay may be running.
import { join } from 'node:path'
import Database from 'better-sqlite3'

/** How many incarnations of a device have written to any log. @param deviceId in hex */
export function countIncarnations(dataFolder: string, deviceId: string): number {
  const database = new Database(join(dataFolder, 'relay.db'), { readonly: true })
  try {
    const count = database.prepare('SELECT count(DISTINCT incarnation) FROM chains WHERE device = ?').pluck()
    return count.get(Buffer.from(deviceId, 'hex')) as number
  } finally {
    database.close()
  }
}
