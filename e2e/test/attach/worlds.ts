// Two ways to join Y.Docs over a real server: y-websocket with its own, and this library with a relay. What a binding of an editor does with
// the one it can do with the other.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startRelayServer } from '@owlivion/relay'
import { createAccount, joinAccount, openMemoryStore, type Sync } from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import { setupWSConnection } from '@y/websocket-server/utils'
import { onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { Awareness } from 'y-protocols/awareness'
import { WebsocketProvider } from 'y-websocket'
import type * as Y from 'yjs'
import { temporaryFolder } from '../../support/temporary-folder'

/** What both have: the part of y-websocket's provider that bindings and apps use. */
export interface AnyProvider {
  readonly doc: Y.Doc
  readonly awareness: Awareness
  readonly roomname: string
  readonly synced: boolean
  readonly wsconnected: boolean
  readonly wsconnecting: boolean
  readonly shouldConnect: boolean
  connect(): void
  disconnect(): void
  destroy(): void
  on(name: string, listener: (...values: never[]) => void): unknown
  once(name: string, listener: (...values: never[]) => void): unknown
  off(name: string, listener: (...values: never[]) => void): unknown
}

export interface ProviderOptions {
  readonly awareness?: Awareness
  readonly connect?: boolean
}

export interface ProviderWorld {
  /** @param place 0 or 1: on this device or on the other */
  provide(place: 0 | 1, doc: Y.Doc, name: string, options?: ProviderOptions): AnyProvider
}

let worldsMade = 0

async function websocketWorld(): Promise<ProviderWorld> {
  const http = createServer()
  const sockets = new WebSocketServer({ server: http })
  sockets.on('connection', (socket, request) => setupWSConnection(socket, request))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate()
    sockets.close()
    http.close()
  })
  // The server keeps its documents for as long as the process lives.
  const { port } = http.address() as AddressInfo
  const url = `ws://127.0.0.1:${port}/${port}-${++worldsMade}`
  return {
    provide(_place, doc, name, options = {}) {
      // Without a server between them, tabs of one browser would be joined by another way.
      const provider = new WebsocketProvider(url, name, doc, {
        ...{ disableBc: true, WebSocketPolyfill: WebSocket as never },
        ...options,
      })
      onTestFinished(() => {
        provider.destroy()
        provider.awareness.destroy()
      })
      return provider as unknown as AnyProvider
    },
  }
}

async function attachedWorld(): Promise<ProviderWorld> {
  const server = await startRelayServer({ data: temporaryFolder(), port: 0 })
  onTestFinished(() => server.stop())
  const relay = server.url.replace('http', 'ws')
  const platform = nodePlatform()
  const made = await createAccount({ store: openMemoryStore(), platform, relay, deviceName: 'laptop' })
  const { sync: laptop, recoveryPhrase } = made
  laptop.goOnline()
  await laptop.flush()
  const phone = await joinAccount({ store: openMemoryStore(), platform, relay, deviceName: 'phone', recoveryPhrase })
  phone.goOnline()
  await Promise.all([laptop, phone].map((sync) => sync.whenCaughtUp()))
  const places: readonly Sync[] = [laptop, phone]
  onTestFinished(async () => void (await Promise.all(places.map((sync) => sync.close()))))
  return {
    provide: (place, doc, name, options) => places[place]!.attach(doc, name, options) as unknown as AnyProvider,
  }
}

export const worlds: readonly { readonly name: string; readonly open: () => Promise<ProviderWorld> }[] = [
  { name: 'y-websocket', open: websocketWorld },
  { name: 'sync.attach', open: attachedWorld },
]
