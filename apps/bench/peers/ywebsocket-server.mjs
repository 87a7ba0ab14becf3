// y-websocket's server with its LevelDB persistence, as its package starts it, and as a folder in the environment switches that on.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

/** @type {import('../src/engines/engine').ServerModule['start']} */
export async function start({ folder, port }) {
  process.env.YPERSISTENCE = folder
  // It reads the environment when it is loaded.
  const { getPersistence, setupWSConnection } = await import('@y/websocket-server/utils')
  const sockets = new WebSocketServer({ noServer: true })
  sockets.on('connection', setupWSConnection)
  const server = createServer()
  server.on('upgrade', (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (connection) => sockets.emit('connection', connection, request)),
  )
  await new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(undefined)))
  const { provider } = /** @type {any} */ (getPersistence())
  return {
    port: /** @type {import('node:net').AddressInfo} */ (server.address()).port,
    // It stores one update after the other: what is asked for now comes after all that has arrived.
    persisted: () => provider._transact(async () => undefined),
    async stop() {
      for (const socket of sockets.clients) socket.terminate()
      server.close()
      await provider.destroy()
    },
  }
}
