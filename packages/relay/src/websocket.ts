// WebSocket messages to frames. Bytes pass through as they came; compression is off, because sealed boxes do not compress and
// each connection would pay for trying.
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { MAX_FRAME_BYTES } from '@owlivion/sync-protocol'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { plainBytes } from './node-platform'
import type { RelayLog } from './platform'
import type { Relay } from './relay'
import { remoteAddressOf } from './remote-address'

/** The close code with which the WebSocket library itself answers a message over its limit. */
const MESSAGE_TOO_BIG = 1009

/** Lets the relay say `frame-too-large` in its own words before the connection ends. */
class RelaySocket extends WebSocket {
  oversized: (() => void) | undefined

  override close(code?: number, reason?: string | Buffer): void {
    if (code === MESSAGE_TOO_BIG && this.oversized !== undefined) this.oversized()
    else super.close(code, reason)
  }
}

export interface WebSocketEndpoint {
  /** Cuts every connection that has not ended by itself. */
  terminate(): void
  readonly openConnections: number
}

/** Takes the upgrade requests of `server`, on any path and from any origin: a login needs a device's key, never a cookie. */
export function acceptWebSockets(
  server: Server,
  relay: Relay,
  { log, trustsProxy }: { readonly log: RelayLog; readonly trustsProxy: boolean },
): WebSocketEndpoint {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    WebSocket: RelaySocket,
  })

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', (error) => log.debug({ code: (error as { code?: string }).code }, 'a socket failed'))
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      attach(webSocket as RelaySocket, request)
    })
  })

  function attach(socket: RelaySocket, request: IncomingMessage): void {
    const remoteAddress = remoteAddressOf(request, trustsProxy)
    const handlers = relay.connect(
      {
        send(frame) {
          if (socket.readyState === WebSocket.OPEN) socket.send(frame)
        },
        close: (code, reason) => socket.close(code, reason),
        get bufferedBytes() {
          return socket.bufferedAmount
        },
        ...(remoteAddress !== undefined && { remoteAddress }),
      },
      { host: request.headers.host },
    )
    socket.oversized = () => {
      socket.oversized = undefined
      handlers.refused('frame-too-large', `A message may hold ${MAX_FRAME_BYTES} bytes.`)
    }
    socket.on('message', (data: RawData, isBinary: boolean) => {
      if (isBinary) handlers.received(plainBytes(data as Buffer))
      else handlers.refused('malformed-frame', 'Messages are binary.')
    })
    // What the library refuses (a broken mask, an unknown opcode) it closes with its own code.
    socket.on('error', (error) => log.debug({ code: (error as { code?: string }).code }, 'a message broke off'))
    socket.on('close', () => handlers.closed())
  }

  return {
    terminate() {
      for (const socket of sockets.clients) socket.terminate()
    },
    get openConnections() {
      return sockets.clients.size
    },
  }
}
