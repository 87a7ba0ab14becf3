import { SyncError } from '@owlivion/sync'

/** Deletes an IndexedDB database; waits for connections of other tabs to let go of it. */
export function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name)
    request.onsuccess = () => resolve()
    request.onerror = () =>
      reject(new SyncError('storage-failed', `The database ${name} could not be deleted.`, { cause: request.error }))
  })
}
