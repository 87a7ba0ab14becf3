// The store as the leading engine sees it: every write is refused once another tab has taken the lead. The check and the write are one
// transaction of the store, so there is no moment in which an old leader, woken from a long sleep, could still write. It ends with the
// engine, while the tab keeps the store.
import { isSyncError } from '../errors'
import type { Store } from '../storage'

/**
 * @param fence what `store.fence` answered when the lead was taken
 * @param lost called when a write was refused
 */
export function leaderStore(store: Store, fence: number, lost: () => void): Store {
  return {
    async commit(batch, options) {
      try {
        await store.commit(batch, { ...options, fence })
      } catch (error) {
        if (isSyncError(error, 'lead-lost')) lost()
        throw error
      }
    },
    get: (key) => store.get(key),
    list: (prefix) => store.list(prefix),
    close: async () => {},
    destroy: () => store.destroy(),
  }
}
