// Pruning in SQLite: document by document, each in one transaction, so that a kill between two of them leaves both whole.

import { SNAPSHOT_KEEP_MS } from '@owlivion/sync-protocol'
import type Database from 'better-sqlite3'
import type { Pruned } from '../snapshot-rows'
import { planPrune } from '../snapshot-rules'
import type { SqliteSnapshots } from './snapshot-tables'

interface GoneRow {
  readonly chain: number
  readonly sequence: number
  readonly entry_hash: Uint8Array
  readonly bytes: number
}

export function createPrune(db: Database.Database, snapshots: SqliteSnapshots): (nowMs: number) => Pruned {
  const due = db.prepare(
    'SELECT DISTINCT s.document FROM snapshots s JOIN documents d ON d.id = s.document WHERE s.stored_at <= ? AND (s.covered_number > d.base_number OR s.good_since IS NULL OR EXISTS (SELECT 1 FROM snapshots o WHERE o.document = s.document AND o.id <> s.id))',
  )
  const baseOf = db.prepare('SELECT base_number FROM documents WHERE id = ?').pluck()
  const saveBase = db.prepare('UPDATE documents SET base_number = ?, base_hash = ? WHERE id = ?')
  const markGood = db.prepare('UPDATE snapshots SET good_since = coalesce(good_since, ?) WHERE id = ?')
  const dropSnapshot = db.prepare('DELETE FROM snapshots WHERE id = ?')
  const dropVerdicts = db.prepare('DELETE FROM verdicts WHERE snapshot = ?')
  const giveBack = db.prepare(
    'UPDATE accounts SET bytes = bytes - ? WHERE id = (SELECT account FROM documents WHERE id = ?)',
  )
  const clearExempt = db.prepare('DELETE FROM temp.exempt')
  const addExempt = db.prepare('INSERT INTO temp.exempt (number) VALUES (?)')
  const keepPrevious = db.prepare(
    'UPDATE entries SET previous = (SELECT coalesce(p.entry_hash, CASE WHEN c.base_sequence = entries.sequence - 1 THEN c.base_hash END) FROM chains c LEFT JOIN entries p ON p.chain = c.id AND p.sequence = entries.sequence - 1 WHERE c.id = entries.chain) WHERE document = ? AND previous IS NULL AND number IN (SELECT number FROM temp.exempt)',
  )
  const covered = 'document = ? AND number <= ? AND number NOT IN (SELECT number FROM temp.exempt)'
  const going = db.prepare(
    `SELECT chain, sequence, entry_hash, length(envelope) AS bytes FROM entries WHERE ${covered}`,
  )
  const remove = db.prepare(`DELETE FROM entries WHERE ${covered}`)
  const saveChainBase = db.prepare(
    'UPDATE chains SET base_sequence = ?, base_hash = ? WHERE id = ? AND base_sequence < ?',
  )

  function pruneDocument(document: number, nowMs: number): Pruned {
    const kept = snapshots.listOf(document)
    const { good, drop } = planPrune(kept, nowMs)
    let bytes = 0
    for (const { id, sizeBytes } of drop) {
      bytes += sizeBytes
      dropVerdicts.run(id)
      dropSnapshot.run(id)
    }
    if (good !== undefined) markGood.run(nowMs, good.id)
    const entries = good === undefined ? { count: 0, bytes: 0 } : pruneEntries(document, good.id)
    giveBack.run(bytes + entries.bytes, document)
    return { entries: entries.count, snapshots: drop.length }
  }

  function pruneEntries(document: number, snapshot: number): { count: number; bytes: number } {
    const { coveredNumber, coveredHash, exempt } = snapshots.headerOf(snapshot)
    if (coveredNumber <= (baseOf.get(document) as number)) return { count: 0, bytes: 0 }
    clearExempt.run()
    for (const number of exempt) addExempt.run(number)
    keepPrevious.run(document)
    const ends = new Map<number, GoneRow>()
    let bytes = 0
    let count = 0
    for (const each of going.iterate(document, coveredNumber)) {
      const row = each as GoneRow
      bytes += row.bytes
      count++
      if (row.sequence > (ends.get(row.chain)?.sequence ?? 0)) ends.set(row.chain, row)
    }
    for (const { chain, sequence, entry_hash } of ends.values())
      saveChainBase.run(sequence, entry_hash, chain, sequence)
    remove.run(document, coveredNumber)
    saveBase.run(coveredNumber, coveredHash, document)
    return { count, bytes }
  }

  const inTransaction = db.transaction(pruneDocument)

  return (nowMs) => {
    const pruned = { entries: 0, snapshots: 0 }
    const documents = due.pluck().all(nowMs - SNAPSHOT_KEEP_MS) as number[]
    for (const document of documents) {
      const done = inTransaction.immediate(document, nowMs)
      pruned.entries += done.entries
      pruned.snapshots += done.snapshots
    }
    return pruned
  }
}
