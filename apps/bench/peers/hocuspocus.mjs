// Hocuspocus' provider. A change is acknowledged when the server has it in memory.
import { randomUUID } from 'node:crypto'
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import WebSocket from 'ws'
import * as Y from 'yjs'
import { bookOf } from './yjs-book.mjs'

/** @type {import('../src/engines/engine').ClientModule['create']} */
export async function create(url) {
  const invitation = randomUUID()
  return { device: await join(url, invitation), invitation }
}

/** @type {import('../src/engines/engine').ClientModule['join']} */
export async function join(url, name) {
  const doc = new Y.Doc()
  const websocketProvider = new HocuspocusProviderWebsocket({ url, WebSocketPolyfill: WebSocket })
  const provider = new HocuspocusProvider({ websocketProvider, name, document: doc })
  provider.attach()
  await new Promise((resolve) => {
    if (provider.isSynced) resolve(undefined)
    else provider.on('synced', resolve)
  })
  return {
    ...bookOf(doc),
    async acknowledged() {
      while (provider.hasUnsyncedChanges) await new Promise((resolve) => setTimeout(resolve, 1))
    },
    disconnect: () => websocketProvider.disconnect(),
    connect: () => void websocketProvider.connect(),
    async close() {
      provider.destroy()
      websocketProvider.destroy()
    },
  }
}
