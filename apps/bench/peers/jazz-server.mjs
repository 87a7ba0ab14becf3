// Jazz's sync server: a node on SQLite that keeps what it cannot read. The packaged one stands still at an older version, so this is
// its few lines again on the version of the devices. Its SQLite runs as its own storage package has it: a write-ahead log, not synced at each commit.
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { getSqliteStorage, LocalNode } from 'cojson'
import { WasmCrypto } from 'cojson/crypto/WasmCrypto'
import { createWebSocketPeer } from 'cojson-transport-ws'
import { WebSocketServer } from 'ws'

/** Below the ten seconds after which a device takes the connection for dead. */
const PING_EVERY_MS = 1_500

/** @type {import('../src/engines/engine').ServerModule['start']} */
export async function start({ folder, port }) {
  const crypto = await WasmCrypto.create()
  const secret = crypto.newRandomAgentSecret()
  const node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto)
  node.setStorage(getSqliteStorage(openDriver(join(folder, 'jazz.db'))))
  node.enableGarbageCollector()
  const sockets = new WebSocketServer({ port, host: '127.0.0.1' })
  let clients = 0
  sockets.on('connection', (socket) => {
    const pings = setInterval(
      () => socket.send(JSON.stringify({ type: 'ping', time: Date.now(), dc: 'unknown' })),
      PING_EVERY_MS,
    )
    socket.on('close', () => clearInterval(pings))
    socket.on('error', () => undefined)
    const peer = createWebSocketPeer({
      id: `client ${++clients}`,
      role: 'client',
      websocket: /** @type {any} */ (socket),
      expectPings: false,
      batchingByDefault: false,
      deletePeerStateOnClose: true,
    })
    node.syncManager.addPeer(peer)
  })
  await new Promise((resolve) => sockets.once('listening', () => resolve(undefined)))
  return {
    port: /** @type {import('node:net').AddressInfo} */ (sockets.address()).port,
    // A message is stored in the turn in which it is taken from the queue of those that arrived.
    async persisted() {
      while (/** @type {any} */ (node.syncManager).processing) await new Promise((resolve) => setTimeout(resolve, 1))
    },
    async stop() {
      for (const socket of sockets.clients) socket.terminate()
      await new Promise((resolve) => sockets.close(resolve))
      await node.gracefulShutdown()
    },
  }
}

/**
 * @param {string} file
 * @returns {import('cojson').SQLiteDatabaseDriver}
 */
function openDriver(file) {
  const database = new SQLite(file)
  database.pragma('journal_mode = WAL')
  /** @type {Map<string, SQLite.Statement>} */
  const statements = new Map()
  /** @param {string} sql */
  const prepare = (sql) => {
    let statement = statements.get(sql)
    if (statement === undefined) {
      statement = database.prepare(sql)
      statements.set(sql, statement)
    }
    return statement
  }
  return {
    run: (sql, params) => void prepare(sql).run(params),
    query: (sql, params) => /** @type {any} */ (prepare(sql).all(params)),
    get: (sql, params) => /** @type {any} */ (prepare(sql).get(params)),
    transaction: (callback) => database.transaction(callback)(),
    closeDb: () => void database.close(),
    getMigrationVersion: () => Number(database.pragma('user_version', { simple: true })),
    saveMigrationVersion: (version) => void database.pragma(`user_version = ${version}`),
  }
}
