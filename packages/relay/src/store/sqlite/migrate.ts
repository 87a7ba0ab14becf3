// Brings a database to the schema of this version: numbered steps, each in one transaction with the number it reaches.
import type Database from 'better-sqlite3'
import { RelayError } from '../../errors'
import { APPLICATION_ID } from './schema'

/**
 * Looks, and changes nothing: a file of another program or of a newer relay must be left as it is.
 * @returns how many steps the database has behind it
 * @throws RelayError `foreign-database` or `other-schema`
 */
export function schemaVersion(db: Database.Database, steps: readonly string[]): number {
  const applicationId = db.pragma('application_id', { simple: true }) as number
  const isEmpty = db.prepare('SELECT 1 FROM sqlite_master LIMIT 1').get() === undefined
  if (applicationId !== APPLICATION_ID && !(applicationId === 0 && isEmpty))
    throw new RelayError('foreign-database', `${db.name} belongs to another program; the relay leaves it alone.`)
  const version = db.pragma('user_version', { simple: true }) as number
  if (version > steps.length)
    throw new RelayError(
      'other-schema',
      `${db.name} has schema ${version}, and this relay knows schemas up to ${steps.length}.`,
    )
  return version
}

/** @param created called in the transaction that makes the tables of a new database */
export function migrate(db: Database.Database, version: number, steps: readonly string[], created: () => void): void {
  for (let step = version; step < steps.length; step++) {
    const apply = db.transaction(() => {
      db.exec(steps[step] as string)
      if (step === 0) {
        db.pragma(`application_id = ${APPLICATION_ID}`)
        created()
      }
      db.pragma(`user_version = ${step + 1}`)
    })
    apply.immediate()
  }
}
