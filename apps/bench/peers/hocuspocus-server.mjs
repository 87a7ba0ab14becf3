// Hocuspocus with its SQLite extension, as its documentation has it: a document is written two seconds after its last change, ten at the latest.
import { join } from 'node:path'
import { SQLite } from '@hocuspocus/extension-sqlite'
import { Server } from '@hocuspocus/server'

/** @type {import('../src/engines/engine').ServerModule['start']} */
export async function start({ folder, port }) {
  /** By document, how many changes are not in a write that has ended. */
  const unwritten = new Map()
  const server = new Server({
    address: '127.0.0.1',
    port,
    quiet: true,
    stopOnSignals: false,
    extensions: [new SQLite({ database: join(folder, 'hocuspocus.db') })],
    onChange: async ({ documentName }) => void unwritten.set(documentName, 1 + (unwritten.get(documentName) ?? 0)),
    // Runs after the extensions: what is in the document now is in the database.
    onStoreDocument: async ({ documentName }) => void unwritten.delete(documentName),
  })
  await server.listen()
  return {
    port: server.address.port,
    async persisted() {
      while (unwritten.size > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    },
    stop: () => server.destroy(),
  }
}
