// A store whose disk may not be there yet: a relay that starts on a read-only or full disk runs, says why it is not ready, and
// begins to serve when the disk does.
import { RelayError } from '../errors'
import type { AccountRows } from './account-rows'
import type { RelayStore } from './relay-store'
import type { SnapshotRows } from './snapshot-rows'

/** @param open throws RelayError `storage-unavailable` while the disk refuses; it is asked again at the next call */
export function createReopeningStore(open: () => RelayStore): RelayStore {
  let opened: RelayStore | undefined
  let closed = false

  async function use<T>(work: (store: RelayStore) => Promise<T>): Promise<T> {
    if (opened === undefined && !closed) opened = open()
    if (opened === undefined) throw new RelayError('storage-unavailable', 'The store is closed.')
    return work(opened)
  }

  const useRows = <T>(work: (rows: AccountRows) => Promise<T>) => use((store) => work(store.accountRows))
  const useSnapshots = <T>(work: (rows: SnapshotRows) => Promise<T>) => use((store) => work(store.snapshots))

  return {
    signIns: {
      find: (name) => use((store) => store.signIns.find(name)),
      read: (account) => use((store) => store.signIns.read(account)),
      put: (request) => use((store) => store.signIns.put(request)),
      any: () => use((store) => store.signIns.any()),
    },
    accountRows: {
      putDevicesSeen: (...request) => useRows((rows) => rows.putDevicesSeen(...request)),
      readDevicesSeen: (...request) => useRows((rows) => rows.readDevicesSeen(...request)),
      appendAudit: (...request) => useRows((rows) => rows.appendAudit(...request)),
      readAudit: (...request) => useRows((rows) => rows.readAudit(...request)),
      deleteAccount: (...request) => useRows((rows) => rows.deleteAccount(...request)),
      isDeleted: (...request) => useRows((rows) => rows.isDeleted(...request)),
    },
    snapshots: {
      put: (...request) => useSnapshots((rows) => rows.put(...request)),
      list: (...request) => useSnapshots((rows) => rows.list(...request)),
      readFile: (...request) => useSnapshots((rows) => rows.readFile(...request)),
      readExempt: (...request) => useSnapshots((rows) => rows.readExempt(...request)),
      judge: (verdict) => useSnapshots((rows) => rows.judge(verdict)),
      readHashes: (...request) => useSnapshots((rows) => rows.readHashes(...request)),
      bytesBetween: (...request) => useSnapshots((rows) => rows.bytesBetween(...request)),
      prune: (nowMs) => useSnapshots((rows) => rows.prune(nowMs)),
    },
    generation: () => use((store) => store.generation()),
    accountByRecovery: (...request) => use((store) => store.accountByRecovery(...request)),
    readKeyring: (...request) => use((store) => store.readKeyring(...request)),
    appendKeyring: (...request) => use((store) => store.appendKeyring(...request)),
    readChains: (...request) => use((store) => store.readChains(...request)),
    append: (...request) => use((store) => store.append(...request)),
    refill: (...request) => use((store) => store.refill(...request)),
    readPage: (...request) => use((store) => store.readPage(...request)),
    readHeads: (...request) => use((store) => store.readHeads(...request)),
    putSeen: (...request) => use((store) => store.putSeen(...request)),
    readSeen: (...request) => use((store) => store.readSeen(...request)),
    inspect: (...request) => use((store) => store.inspect(...request)),
    probe: () => use((store) => store.probe()),
    tidy: () => use((store) => store.tidy()),
    async close() {
      closed = true
      await opened?.close()
    },
  }
}
