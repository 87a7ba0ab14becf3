// Which secrets the predecessor kept, by name and number, so that a person sees what does not come along. Their values are not read.
import type Database from 'better-sqlite3'

const SECRET_NAME = /password|secret|token|api_?key/i

interface Named {
  readonly name: string
}

/** Columns and settings that hold a secret, as `table.column` or `settings.key`, with how many rows have one. */
export function secretsInDatabase(database: Database.Database): Map<string, number> {
  const found = new Map<string, number>()
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all() as Named[]
  for (const { name: table } of tables) {
    for (const { name: column } of database.pragma(`table_info(${quoted(table)})`) as Named[]) {
      if (!SECRET_NAME.test(column)) continue
      const filled = `${quoted(column)} IS NOT NULL AND ${quoted(column)} <> ''`
      const row = database.prepare(`SELECT count(*) AS count FROM ${quoted(table)} WHERE ${filled}`).get()
      const { count } = row as { readonly count: number }
      if (count > 0) found.set(`${table}.${column}`, count)
    }
    if (table !== 'settings') continue
    for (const { name } of database.prepare('SELECT key AS name FROM settings ORDER BY key').all() as Named[])
      if (SECRET_NAME.test(name)) found.set(`settings.${name}`, 1)
  }
  return found
}

/** Members of a sealed document, at any depth, as `type.member`. */
export function secretsInDocument(type: string, value: unknown, found: Map<string, number>): void {
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value)) {
    if (!SECRET_NAME.test(name)) secretsInDocument(type, inner, found)
    else if (typeof inner === 'string' && inner !== '')
      found.set(`${type}.${name}`, (found.get(`${type}.${name}`) ?? 0) + 1)
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
