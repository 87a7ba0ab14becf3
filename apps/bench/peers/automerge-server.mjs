// automerge-repo's sync server: a repo with a folder, which saves a document at most every 100 ms, and shares nothing that nobody asks for.
import { getHeads } from '@automerge/automerge'
import { Repo } from '@automerge/automerge-repo'
import { WebSocketServerAdapter } from '@automerge/automerge-repo-network-websocket'
import { NodeFSStorageAdapter } from '@automerge/automerge-repo-storage-nodefs'
import { WebSocketServer } from 'ws'

/** Counts the writes that have not ended. */
class CountingStorage extends NodeFSStorageAdapter {
  writing = 0

  /** @param {Parameters<NodeFSStorageAdapter['save']>} args */
  async save(...args) {
    this.writing++
    await super.save(...args)
    this.writing--
  }
}

/** @type {import('../src/engines/engine').ServerModule['start']} */
export async function start({ folder, port }) {
  const sockets = new WebSocketServer({ port, host: '127.0.0.1' })
  await new Promise((resolve) => sockets.once('listening', () => resolve(undefined)))
  const storage = new CountingStorage(folder)
  const repo = new Repo({
    storage,
    network: [new WebSocketServerAdapter(/** @type {any} */ (sockets))],
    peerId: /** @type {any} */ ('server'),
    sharePolicy: async () => false,
  })
  /** By document, what it was when it was last given to the storage. */
  const saved = new Map()
  repo.on('doc-metrics', (/** @type {any} */ event) => {
    if ('savedHeads' in event) saved.set(event.documentId, String(event.savedHeads))
  })
  const isSaved = () =>
    storage.writing === 0 &&
    Object.values(repo.handles).every(
      (handle) => !handle.isReady() || saved.get(handle.documentId) === String(getHeads(handle.doc())),
    )
  return {
    port: /** @type {import('node:net').AddressInfo} */ (sockets.address()).port,
    async persisted() {
      while (!isSaved()) await new Promise((resolve) => setTimeout(resolve, 5))
    },
    async stop() {
      await repo.shutdown()
      sockets.close()
    },
  }
}
