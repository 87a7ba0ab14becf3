// The audit log as the old window shows it. The relay writes down what happens to an account; what is synced it cannot read, so there is no
// data type in a row.
import type { AuditEntry, AuditKind } from '../sync'
import { auditCsv, auditKinds } from '../sync'
import type { AccountHolder } from './account-holder'
import type { AuditFilters, AuditLogDto } from './dto'
import type { SyncCommands } from './signatures'
import { isoTime, readTime } from './times'

type AuditCommands = Pick<SyncCommands, 'sync_get_audit_logs' | 'sync_get_audit_stats' | 'sync_export_audit_logs'>

const MOST_ROWS = 100
const DAYS_SHOWN = 30
const FAILURES_SHOWN = 10
/** A date without a time means all of that day. */
const DATE_ONLY = /^\d{4}-\d\d-\d\d$/
const DAY_MS = 86_400_000

const failures: ReadonlySet<AuditKind> = new Set(['sign-in-failed', 'sign-in-locked', 'deletion-refused'])

export function auditCommands(holder: AccountHolder): AuditCommands {
  const entries = async (filters: AuditFilters): Promise<AuditEntry[]> => {
    const sync = await holder.connected()
    const { action, device_id, start_date, success, data_type } = filters
    const untilMs = endOf(filters.end_date)
    const sinceMs = readTime(start_date)
    if ((data_type ?? '') !== '') return []
    if ((action ?? '') !== '' && !auditKinds.includes(action as AuditKind)) return []
    const { entries: all } = await sync.audit({
      ...((action ?? '') !== '' && { kinds: [action as AuditKind] }),
      ...((device_id ?? '') !== '' && { device: device_id as string }),
      ...(sinceMs !== undefined && { sinceMs }),
    })
    return all
      .filter(({ timeMs }) => timeMs <= untilMs)
      .filter(({ kind }) => success === undefined || success !== failures.has(kind))
      .reverse()
  }

  return {
    async sync_get_audit_logs({ filters = {} } = {}) {
      const page = Math.max(1, Math.trunc(filters.page ?? 1))
      const limit = Math.min(MOST_ROWS, Math.max(1, Math.trunc(filters.limit ?? 50)))
      const found = await entries(filters)
      return {
        logs: found.slice((page - 1) * limit, page * limit).map(logOf),
        pagination: { page, limit, total: found.length, total_pages: Math.ceil(found.length / limit) },
      }
    },

    async sync_get_audit_stats() {
      const all = await entries({})
      const failed = all.filter(({ kind }) => failures.has(kind))
      const share = all.length === 0 ? 100 : ((all.length - failed.length) * 100) / all.length
      const since = holder.platform.now() - DAYS_SHOWN * DAY_MS
      return {
        overall: {
          total_operations: all.length,
          successful_operations: all.length - failed.length,
          failed_operations: failed.length,
          success_rate: Math.round(share * 100) / 100,
          unique_devices: new Set(all.flatMap(({ device }) => device ?? [])).size,
        },
        by_data_type: [],
        by_action: counted(all.map(({ kind }) => kind)).map(([action, count]) => ({ action, count })),
        recent_activity: counted(all.filter(({ timeMs }) => timeMs >= since).map(({ timeMs }) => dayOf(timeMs)))
          .map(([date, count]) => ({ date, count }))
          .sort((a, b) => (a.date < b.date ? 1 : -1)),
        recent_failures: failed.slice(0, FAILURES_SHOWN).map(logOf),
      }
    },

    async sync_export_audit_logs({ start, end } = {}) {
      const sync = await holder.connected()
      const sinceMs = readTime(start)
      // The relay writes down that it was exported, whatever part of it.
      const csv = await sync.exportAudit(sinceMs === undefined ? {} : { sinceMs })
      if (end === undefined) return csv
      return auditCsv((await entries({ ...(start !== undefined && { start_date: start }), end_date: end })).reverse())
    },
  }
}

function logOf({ n, timeMs, kind, device, deviceName, address, detail }: AuditEntry): AuditLogDto {
  const isFailure = failures.has(kind)
  return {
    id: n,
    timestamp: isoTime(timeMs),
    data_type: null,
    action: kind,
    device_id: device ?? null,
    device_name: deviceName ?? null,
    ip_address: address === '' ? null : address,
    success: !isFailure,
    error_message: isFailure && detail !== '' ? detail : null,
  }
}

function endOf(text: string | undefined): number {
  const time = readTime(text)
  if (time === undefined) return Number.POSITIVE_INFINITY
  return DATE_ONLY.test(text ?? '') ? time + DAY_MS - 1 : time
}

function dayOf(ms: number): string {
  return isoTime(ms).slice(0, 10)
}

/** How often each is there, the most frequent first. */
function counted(words: readonly string[]): (readonly [word: string, count: number])[] {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a)
}
