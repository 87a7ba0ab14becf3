// What goes into a log: everything that arrived in one turn as one transaction, or one refill.

import type { Hash, Sha512 } from '@owlivion/sync-protocol'
import type Database from 'better-sqlite3'
import { plainBytes } from '../../node-platform'
import type { AccountQuota } from '../account-quota'
import type { AppendRequest, AppendResult, RefillRequest, RefillResult, SeenPut, SeenPutResult } from '../relay-store'
import { judgeAppend, judgeRefill } from '../rules'
import { type ChainName, createLogTurns, type LogTurn } from './log-turn'

interface AppendTransaction {
  readonly append: Database.Transaction<(requests: readonly AppendRequest[], quota: AccountQuota) => AppendResult[]>
  readonly refill: Database.Transaction<(request: RefillRequest, quota: AccountQuota) => RefillResult>
  readonly putSeen: Database.Transaction<(rows: readonly SeenPut[], quota: AccountQuota) => SeenPutResult[]>
}

/** The statements, prepared once for the life of the connection. */
export function createAppendTransaction(db: Database.Database, sha512: Sha512): AppendTransaction {
  const startTurn = createLogTurns(db, sha512)
  const findLogHash = db.prepare('SELECT log_hash FROM entries WHERE document = ? AND number = ?')
  const seenBytes = db.prepare('SELECT length(envelope) AS bytes FROM seen WHERE document = ? AND device = ?')
  const saveSeen = db.prepare(
    'INSERT INTO seen (document, device, envelope, signature) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET envelope = excluded.envelope, signature = excluded.signature',
  )

  function append(turn: LogTurn, request: AppendRequest): AppendResult {
    const account = turn.account(request.account)
    if (account === undefined) return { kind: 'keyring-moved' }
    const known = turn.document(account, request.document)
    const verdict = judgeAppend(request, {
      keyringHead: account.keyring_head,
      documentEpoch: known?.epoch ?? 0,
      chain: turn.viewOf(known && turn.chain(known, request), rangeOf(request.entries)),
    })
    if (verdict.kind !== 'fits') return verdict

    const numbers = [...verdict.duplicateNumbers]
    const fresh = request.entries.slice(numbers.length)
    if (fresh.length === 0) {
      const newest = numbers[numbers.length - 1] as number
      const row = findLogHash.get(known?.id, newest) as { log_hash: Uint8Array }
      return { kind: 'stored', numbers, logHash: plainBytes<Hash>(row.log_hash), fresh: 0 }
    }
    const refusal = turn.takeRoom(account, known === undefined, sizeOf(fresh))
    if (refusal !== undefined) return { kind: refusal }
    const document = turn.ensureDocument(account, request)
    const chain = turn.ensureChain(document, request)
    fresh.forEach((entry, index) => {
      const signature = index === fresh.length - 1 ? request.signature : null
      numbers.push(turn.addEntry(document, chain, entry, signature))
    })
    return { kind: 'stored', numbers, logHash: document.log_hash as Hash, fresh: fresh.length }
  }

  function refill(turn: LogTurn, request: RefillRequest): RefillResult {
    const account = turn.account(request.account)
    if (account === undefined) return { kind: 'keyring-moved' }
    const known = turn.document(account, request.document)
    // Only the end of each chain matters: what lies before it is there already.
    const chainOf = (name: ChainName) => {
      const chain = known && turn.chain(known, name)
      return turn.viewOf(chain, { first: (chain?.sequence ?? 0) + 1, last: 0 })
    }
    const refusal = judgeRefill(request, {
      keyringHead: account.keyring_head,
      newest: known?.newest ?? 0,
      documentEpoch: known?.epoch ?? 0,
      chainOf,
    })
    if (refusal !== undefined) return refusal
    const full = turn.takeRoom(account, known === undefined, sizeOf(request.entries))
    if (full !== undefined) return { kind: full }
    const document = turn.ensureDocument(account, request)
    for (const entry of request.entries)
      turn.addEntry(document, turn.ensureChain(document, entry), entry, entry.signature ?? null)
    return { kind: 'stored', logHash: document.log_hash as Hash }
  }

  function putSeen(turn: LogTurn, row: SeenPut): SeenPutResult {
    const account = turn.account(row.account)
    if (account === undefined) return 'quota-exceeded'
    const known = turn.document(account, row.document)
    const before = known && (seenBytes.get(known.id, row.device) as { bytes: number } | undefined)
    const refusal = turn.takeRoom(account, known === undefined, row.envelope.length - (before?.bytes ?? 0))
    if (refusal !== undefined) return refusal
    const document = turn.ensureDocument(account, row)
    saveSeen.run(document.id, row.device, row.envelope, row.signature)
    return 'stored'
  }

  const inTurn =
    <Request, Result>(work: (turn: LogTurn, request: Request) => Result) =>
    (request: Request, quota: AccountQuota): Result => {
      const turn = startTurn(quota)
      const result = work(turn, request)
      turn.finish()
      return result
    }

  return {
    append: db.transaction(
      inTurn((turn, requests: readonly AppendRequest[]) => requests.map((request) => append(turn, request))),
    ),
    refill: db.transaction(inTurn(refill)),
    putSeen: db.transaction(inTurn((turn, rows: readonly SeenPut[]) => rows.map((row) => putSeen(turn, row)))),
  }
}

function rangeOf(entries: readonly { readonly sequence: number }[]) {
  const first = (entries[0] as { sequence: number }).sequence
  return { first, last: first + entries.length - 1 }
}

function sizeOf(entries: readonly { readonly envelope: Uint8Array }[]): number {
  return entries.reduce((sum, entry) => sum + entry.envelope.length, 0)
}
