// The history of a data type as the old window lists it, and going back. The old one was of one device, listed uploads, and its way back did
// nothing.
import { SyncError } from '../errors'
import { type HistoryChange, type HistoryPosition, historyOf, openPoints } from '../history'
import type { AccountHolder } from './account-holder'
import type { DataType, SyncHistoryEntry } from './dto'
import type { SyncCommands } from './signatures'
import { isoTime } from './times'

type HistoryCommands = Pick<SyncCommands, 'get_sync_history' | 'rollback_sync' | 'enforce_sync_retention'>

/** A change that is at the relay, and has its number there. */
type StoredChange = HistoryChange & { readonly number: number }

const PAGE_CHANGES = 1_000
const DAY_MS = 86_400_000

export function historyCommands(holder: AccountHolder): HistoryCommands {
  const historyOfType = async (type: DataType) => historyOf(await holder.get(), await holder.collection(type))

  /** The newest first. */
  async function* storedChanges(type: DataType): AsyncGenerator<StoredChange> {
    const history = await historyOfType(type)
    let before: HistoryPosition | undefined
    do {
      const page = await history.changes({ limit: PAGE_CHANGES, ...(before && { before }) })
      for (const change of page.changes) if (isStored(change)) yield change
      before = page.next
    } while (before !== undefined)
  }

  return {
    async get_sync_history({ data_type, limit }) {
      const { deviceId } = await holder.get()
      const steps = new Map<number, StoredChange[]>()
      for await (const change of storedChanges(data_type)) {
        const step = steps.get(change.number)
        if (step === undefined && steps.size >= limit) break
        if (step === undefined) steps.set(change.number, [change])
        else step.push(change)
      }
      return [...steps.values()].map((changes) => entryOf(data_type, changes, deviceId))
    },

    async rollback_sync(parameters) {
      holder.noticeMasterPassword('rollback_sync', parameters)
      const { data_type, version } = parameters
      const missing = new SyncError('invalid-value', `The history of ${data_type} has no version ${version}.`)
      let newest: number | undefined
      for await (const { number, atMs } of storedChanges(data_type)) {
        newest ??= number
        if (!Number.isSafeInteger(version) || version > newest) throw missing
        if (number > version) continue
        await (await historyOfType(data_type)).restoreTo({ number, atMs })
        return
      }
      throw missing
    },

    async enforce_sync_retention({ retention_days }) {
      const points = await openPoints(await holder.get())
      const oldestMs = holder.platform.now() - retention_days * DAY_MS
      const old = points.list().filter(({ isAutomatic, atMs }) => isAutomatic && atMs < oldestMs)
      for (const { id } of old) await points.remove(id)
      return old.length
    },
  }
}

function isStored(change: HistoryChange): change is StoredChange {
  return change.number !== undefined
}

function entryOf(type: DataType, changes: readonly StoredChange[], deviceId: string): SyncHistoryEntry {
  const [{ number, device, atMs }] = changes as readonly [StoredChange]
  return {
    id: number,
    data_type: type,
    version: number,
    snapshot_hash: `${type}-${number}`,
    device_id: device.id,
    operation: device.id === deviceId ? 'push' : 'pull',
    items_count: new Set(changes.map(({ id }) => id)).size,
    sync_status: 'success',
    created_at: isoTime(atMs),
  }
}
