// The old queue kept whole copies of what could not be sent, and nothing emptied it. What waits here is edits, which the engine sends by
// itself; the commands tell of them and hurry them on.
import type { Sync } from '../client'
import type { AccountHolder } from './account-holder'
import type { SyncCommands } from './signatures'

type QueueCommands = Pick<
  SyncCommands,
  | 'sync_get_queue_stats'
  | 'sync_process_queue'
  | 'sync_retry_failed'
  | 'sync_clear_completed_queue'
  | 'sync_clear_failed_queue'
>

export function queueCommands(holder: AccountHolder): QueueCommands {
  const tryNow = async (sync: Sync): Promise<void> => {
    try {
      await sync.syncNow()
    } catch {
      // What is left says how it went.
    }
  }
  const refusedIn = ({ status }: Sync): number =>
    Object.values(status.documents).filter(({ refused }) => refused !== undefined).length
  const failedRun = ({ schedule: { lastRun } }: Sync): number | undefined =>
    lastRun?.failed !== undefined && lastRun.endedAtMs !== holder.sent.clearedFailureMs ? lastRun.endedAtMs : undefined
  const failuresOf = (sync: Sync): number => refusedIn(sync) + (failedRun(sync) === undefined ? 0 : 1)

  return {
    async sync_get_queue_stats() {
      const sync = await holder.find()
      const unsent = sync?.status.unsent ?? 0
      const isSending = sync?.status.connection === 'online'
      const stats = {
        pending_count: isSending ? 0 : unsent,
        in_progress_count: isSending ? unsent : 0,
        failed_count: sync === undefined ? 0 : failuresOf(sync),
        completed_count: holder.sent.count,
      }
      return { ...stats, total_count: Object.values(stats).reduce((sum, count) => sum + count) }
    },

    async sync_process_queue(parameters) {
      holder.noticeMasterPassword('sync_process_queue', parameters)
      const sync = await holder.get()
      const processed = sync.status.unsent
      await tryNow(sync)
      const failed = Math.min(processed, sync.status.unsent)
      return { processed, succeeded: processed - failed, failed }
    },

    async sync_retry_failed() {
      const sync = await holder.get()
      const failures = failuresOf(sync)
      if (failures > 0 || sync.status.unsent > 0) await tryNow(sync)
      return failures
    },

    async sync_clear_completed_queue({ older_than_days }) {
      await holder.get()
      const cleared = holder.sent.clear(older_than_days, holder.platform.now())
      holder.listeners.tell()
      return cleared
    },

    /** Only the note that a run failed: edits are not thrown away, and what the relay refuses of them stays to be seen until it takes them. */
    async sync_clear_failed_queue() {
      const failed = failedRun(await holder.get())
      holder.sent.clearedFailureMs = failed ?? holder.sent.clearedFailureMs
      holder.listeners.tell()
      return failed === undefined ? 0 : 1
    },
  }
}
