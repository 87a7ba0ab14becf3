// The floor: bare ws and SQLite, no documents, no cryptography. Whatever arrived in one turn of the loop is one
// transaction that is synced to the disk, and then acknowledged and passed on: what a durable relay cannot be faster than.
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { type WebSocket, WebSocketServer } from 'ws'
import type { ServerModule } from './engine'
import type { Cell, FromFloor, ToFloor } from './floor-messages'

export const start: ServerModule['start'] = async ({ folder, port }) => {
  const database = new SQLite(join(folder, 'floor.db'))
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.exec(
    'CREATE TABLE IF NOT EXISTS cells (room, id, field, value, t, PRIMARY KEY (room, id, field)) WITHOUT ROWID',
  )
  const put = database.prepare(
    'INSERT INTO cells VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, t = excluded.t WHERE (excluded.t, excluded.value) > (t, value)',
  )
  const all = database.prepare<[string], Cell>('SELECT id, field, value, t FROM cells WHERE room = ?').raw()
  const rooms = new Map<string, Set<WebSocket>>()
  let arrived: { readonly room: string; readonly from: WebSocket; readonly n: number; readonly cells: Cell[] }[] = []

  const commit = (): void => {
    const turn = arrived
    arrived = []
    database.exec('BEGIN')
    for (const { room, cells } of turn) for (const [id, field, value, t] of cells) put.run(room, id, field, value, t)
    database.exec('COMMIT')
    for (const { room, from, n, cells } of turn) {
      send(from, { type: 'taken', n })
      const message = JSON.stringify({ type: 'cells', cells } satisfies FromFloor)
      for (const other of rooms.get(room) ?? []) if (other !== from) other.send(message)
    }
  }

  const server = new WebSocketServer({ port, host: '127.0.0.1', perMessageDeflate: false })
  server.on('connection', (socket) => {
    let room = ''
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as ToFloor
      if (message.type === 'join') {
        room = message.room
        rooms.set(room, (rooms.get(room) ?? new Set()).add(socket))
        send(socket, { type: 'cells', cells: all.all(room) })
        return
      }
      if (arrived.push({ room, from: socket, n: message.n, cells: message.cells }) === 1) setImmediate(commit)
    })
    socket.on('close', () => rooms.get(room)?.delete(socket))
  })
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    port: (server.address() as { port: number }).port,
    persisted: async () => undefined,
    async stop() {
      for (const socket of server.clients) socket.terminate()
      await new Promise((resolve) => server.close(resolve))
      database.close()
    },
  }
}

function send(socket: WebSocket, message: FromFloor): void {
  socket.send(JSON.stringify(message))
}
