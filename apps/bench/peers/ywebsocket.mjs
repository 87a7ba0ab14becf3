// y-websocket's provider. It has no acknowledgement: that the server has answered a question asked after the last edit stands for it.
import { randomUUID } from 'node:crypto'
import * as encoding from 'lib0/encoding'
import WebSocket from 'ws'
import * as syncProtocol from 'y-protocols/sync'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { bookOf } from './yjs-book.mjs'

const MESSAGE_SYNC = 0

/** @type {import('../src/engines/engine').ClientModule['create']} */
export async function create(url) {
  const invitation = randomUUID()
  return { device: await join(url, invitation), invitation }
}

/** @type {import('../src/engines/engine').ClientModule['join']} */
export async function join(url, room) {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(url, room, doc, {
    WebSocketPolyfill: /** @type {any} */ (WebSocket),
    disableBc: true,
  })
  await new Promise((resolve) => provider.once('sync', resolve))
  return {
    ...bookOf(doc),
    async acknowledged() {
      const answered = new Promise((resolve) => {
        const handler = provider.messageHandlers[MESSAGE_SYNC]
        provider.messageHandlers[MESSAGE_SYNC] = (encoder, decoder, target, emitSynced, type) => {
          const isAnswer = decoder.arr[decoder.pos] === syncProtocol.messageYjsSyncStep2
          handler?.(encoder, decoder, target, emitSynced, type)
          if (!isAnswer) return
          provider.messageHandlers[MESSAGE_SYNC] = /** @type {any} */ (handler)
          resolve(undefined)
        }
      })
      const encoder = encoding.createEncoder()
      encoding.writeVarUint(encoder, MESSAGE_SYNC)
      syncProtocol.writeSyncStep1(encoder, doc)
      provider.ws?.send(encoding.toUint8Array(encoder))
      await answered
    },
    disconnect: () => provider.disconnect(),
    connect: () => provider.connect(),
    async close() {
      provider.destroy()
    },
  }
}
