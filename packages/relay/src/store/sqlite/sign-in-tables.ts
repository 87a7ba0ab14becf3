// Sign-in rows in SQLite. Names stand in a table of their own, so that the database itself keeps one from leading to two accounts.
import { type AccountId, bytesEqual } from '@owlivion/sync-protocol'
import type Database from 'better-sqlite3'
import { plainBytes } from '../../node-platform'
import type { SignInPut, SignInPutResult, SignInRow, SignInStore } from '../sign-in-store'
import type { SqliteAudit } from './audit-rows'

interface Row {
  readonly id: number
  readonly account: Uint8Array
  readonly version: number
  readonly content: Uint8Array
}

/** @param run as for every other call: failures of the disk become refusals */
export function createSignInTables(
  db: Database.Database,
  audit: SqliteAudit,
  run: <T>(work: () => T) => Promise<T>,
): SignInStore {
  const columns = 'SELECT a.id, a.account, s.version, s.content FROM accounts a JOIN sign_ins s ON s.account = a.id'
  const byName = db.prepare(`${columns} JOIN sign_in_names n ON n.account = a.id WHERE n.name = ?`)
  const byAccount = db.prepare(`${columns} WHERE a.account = ?`)
  const first = db.prepare(`${columns} LIMIT 1`)
  const namesOf = db.prepare('SELECT name FROM sign_in_names WHERE account = ? ORDER BY name')
  const findAccount = db.prepare('SELECT id FROM accounts WHERE account = ?')
  const holderOf = db.prepare(
    'SELECT a.account FROM sign_in_names n JOIN accounts a ON a.id = n.account WHERE n.name = ?',
  )
  const removeNames = db.prepare('DELETE FROM sign_in_names WHERE account = ?')
  const addName = db.prepare('INSERT INTO sign_in_names (name, account) VALUES (?, ?)')
  const removeRow = db.prepare('DELETE FROM sign_ins WHERE account = ?')
  const saveRow = db.prepare('INSERT OR REPLACE INTO sign_ins (account, version, content) VALUES (?, ?, ?)')

  function toRow(row: Row | undefined): SignInRow | undefined {
    if (row === undefined) return undefined
    const names = (namesOf.all(row.id) as { name: Uint8Array }[]).map(({ name }) => plainBytes(name))
    return {
      account: plainBytes<AccountId>(row.account),
      version: row.version,
      names,
      content: plainBytes(row.content),
    }
  }

  const put = db.transaction(
    ({ account, expectedVersion, names, content, audit: events = [] }: SignInPut): SignInPutResult => {
      const found = findAccount.get(account) as { id: number } | undefined
      if (found === undefined) return 'account-unknown'
      const version = (byAccount.get(account) as Row | undefined)?.version ?? 0
      if (version !== expectedVersion) return 'conflict'
      for (const name of content === undefined ? [] : names) {
        const holder = holderOf.get(name) as { account: Uint8Array } | undefined
        if (holder !== undefined && !bytesEqual(holder.account, account)) return 'name-taken'
      }
      audit.append(found.id, account, events)
      removeNames.run(found.id)
      if (content === undefined) {
        removeRow.run(found.id)
        return 'stored'
      }
      for (const name of names) addName.run(name, found.id)
      saveRow.run(found.id, version + 1, content)
      return 'stored'
    },
  )

  return {
    find: (name) => run(() => toRow(byName.get(name) as Row | undefined)),
    read: (account) => run(() => toRow(byAccount.get(account) as Row | undefined)),
    put: (request) => run(() => put.immediate(request)),
    any: () => run(() => toRow(first.get() as Row | undefined)),
  }
}
