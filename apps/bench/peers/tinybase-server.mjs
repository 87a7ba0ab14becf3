// TinyBase's server with a file for each book, written as a whole when it changed.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createMergeableStore } from 'tinybase/mergeable-store'
import { createFilePersister } from 'tinybase/persisters/persister-file'
import { createWsServer } from 'tinybase/synchronizers/synchronizer-ws-server'
import { WebSocketServer } from 'ws'

/** @type {import('../src/engines/engine').ServerModule['start']} */
export async function start({ folder, port }) {
  const sockets = new WebSocketServer({ port, host: '127.0.0.1' })
  await new Promise((resolve) => sockets.once('listening', () => resolve(undefined)))
  /** @type {(() => Promise<boolean>)[]} By book, whether its file is of what its store has. */
  const areWritten = []
  const server = createWsServer(sockets, (path) => {
    const store = createMergeableStore()
    const file = join(folder, `${path}.json`)
    areWritten.push(async () => {
      const text = await readFile(file, 'utf8').catch(() => '')
      const [[, , tablesHash]] = text === '' ? [[{}, '', 0]] : JSON.parse(text)
      return tablesHash === store.getMergeableContentHashes()[0]
    })
    return createFilePersister(store, file)
  })
  return {
    port: /** @type {import('node:net').AddressInfo} */ (sockets.address()).port,
    async persisted() {
      for (const isWritten of areWritten)
        while (!(await isWritten())) await new Promise((resolve) => setTimeout(resolve, 5))
    },
    async stop() {
      await server.destroy()
      sockets.close()
    },
  }
}
