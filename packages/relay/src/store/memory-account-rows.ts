// Sightings, audit rows and deletion in memory.
import {
  type AccountId,
  bytesEqual,
  bytesToHex,
  compareBytes,
  emptyAuditHash,
  MAX_AUDIT_ROWS,
  nextAuditHash,
  type Sha512,
} from '@owlivion/sync-protocol'
import { type AccountRows, type AuditEnd, type AuditEvent, type ChainedAuditRow, chainAudit } from './account-rows'
import type { MemoryAccountRows, MemoryData } from './memory-data'

export function appendMemoryAudit(
  sha512: Sha512,
  account: { readonly id: AccountId } & MemoryAccountRows,
  events: readonly AuditEvent[],
): void {
  account.audit.push(...chainAudit(sha512, endOf(sha512, account.id, account), events))
  account.audit.splice(0, account.audit.length - MAX_AUDIT_ROWS)
}

function endOf(sha512: Sha512, id: AccountId, rows: MemoryAccountRows | undefined): AuditEnd {
  const last = rows?.audit[rows.audit.length - 1]
  if (last === undefined) return { length: 0, head: emptyAuditHash(sha512, id) }
  return { length: last.n, head: nextAuditHash(sha512, last.previous, last.bytes) }
}

export function createMemoryAccountRows(
  sha512: Sha512,
  /** @throws RelayError when the store is closed */
  open: () => MemoryData,
  write: <T>(change: () => T) => Promise<T>,
): AccountRows {
  return {
    putDevicesSeen: (sightings) =>
      write(() => {
        for (const { account, device, firstMs, lastMs, address } of sightings) {
          const devices = open().accounts.get(bytesToHex(account))?.devices
          const before = devices?.get(bytesToHex(device))
          const lastSeenMs = Math.max(lastMs, before?.lastSeenMs ?? 0)
          devices?.set(bytesToHex(device), { device, firstSeenMs: before?.firstSeenMs ?? firstMs, lastSeenMs, address })
        }
      }),
    async readDevicesSeen(account) {
      const devices = open().accounts.get(bytesToHex(account))?.devices.values() ?? []
      return [...devices].sort((a, b) => compareBytes(a.device, b.device))
    },
    appendAudit: (id, events) =>
      write(() => {
        const account = open().accounts.get(bytesToHex(id))
        if (account !== undefined) appendMemoryAudit(sha512, account, events)
        return account !== undefined
      }),
    async readAudit(id, from, maxRows, maxBytes) {
      const account = open().accounts.get(bytesToHex(id))
      const { length, head } = endOf(sha512, id, account)
      const found = (account?.audit ?? []).filter(({ n }) => n >= from).slice(0, maxRows)
      const rows: ChainedAuditRow[] = []
      let bytes = 0
      for (const row of found) {
        bytes += row.bytes.length
        if (rows.length > 0 && bytes > maxBytes) break
        rows.push(row)
      }
      const { n: first, previous } = rows[0] ?? { n: length + 1, previous: head }
      return { length, head, first, previous, rows: rows.map((row) => row.bytes) }
    },
    deleteAccount: (id, expectedHead) =>
      write(() => {
        const data = open()
        const account = data.accounts.get(bytesToHex(id))
        if (account === undefined || !bytesEqual(account.head, expectedHead)) return false
        data.accounts.delete(bytesToHex(id))
        data.deleted.set(bytesToHex(id), { account: id, recovery: account.recovery })
        const entries = new Set([...account.documents.values()].flatMap(({ entries }) => [...entries.values()]))
        data.arrived = data.arrived.filter(({ entry }) => !entries.has(entry))
        return true
      }),
    isDeleted: async (id) => open().deleted.has(bytesToHex(id)),
  }
}
