// The world of a Node process. This file is the subpath `@owlivion/sync/node`; nothing a browser loads leads here.
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { MAX_FRAME_BYTES } from '@owlivion/sync-protocol'
import { WebSocket } from 'ws'
import { closeArguments } from './close-code'
import { nodeRandom } from './node-random'
import { nodeSigning } from './node-signing'
import type { Platform, Socket, SocketHandlers } from './platform'
import { takeProcessLock } from './process-locks'
import { setSystemTimer } from './timer'

/** How long a relay may take to answer a close before the socket is cut; a closed account must not keep a process alive. */
const CLOSE_TIMEOUT_MS = 2_000

/** zlib grows what it answers by as much at a time. */
const ZLIB_CHUNK_BYTES = 65_536

/**
 * What a Node process offers: its clock, `node:crypto`, and WebSocket by the package `ws`, which the app installs.
 *
 * A lock holds within this process only. Between processes the SQLite store is the lock: a second process that opens the same
 * file is refused by it.
 *
 * @example
 * import { nodePlatform } from '@owlivion/sync/node'
 * const platform = nodePlatform()
 */
export function nodePlatform(): Platform {
  return {
    now: () => Date.now(),
    random: nodeRandom,
    setTimer: setSystemTimer,
    connect: connectWebSocket,
    signing: nodeSigning(),
    inflate: nodeInflate,
    deflate: nodeDeflate,
    lock: async (name) => takeProcessLock(name),
  }
}

function nodeDeflate(content: Uint8Array): Uint8Array {
  return new Uint8Array(deflateRawSync(content, { chunkSize: ZLIB_CHUNK_BYTES }))
}

function nodeInflate(deflated: Uint8Array, limitBytes: number): Uint8Array | undefined {
  try {
    // A Buffer may be a view into something larger, which would stay with it.
    return new Uint8Array(inflateRawSync(deflated, { maxOutputLength: limitBytes, chunkSize: ZLIB_CHUNK_BYTES }))
  } catch {
    return undefined
  }
}

function connectWebSocket(url: string, handlers: SocketHandlers): Socket {
  let socket: WebSocket
  try {
    socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: MAX_FRAME_BYTES })
  } catch (error) {
    // An address that is none. It ends like any other connection that cannot be made.
    queueMicrotask(() => handlers.closed(1006, error instanceof Error ? error.message : 'the address is refused'))
    return { send: () => {}, close: () => {}, bufferedBytes: 0 }
  }
  let failure = ''
  let cutOff: () => void = () => {}
  socket.binaryType = 'arraybuffer'
  socket.on('open', () => handlers.opened())
  // `data` is an ArrayBuffer for binary messages and a Buffer for text; a text message is none of ours, and the decoder refuses it.
  socket.on('message', (data) => handlers.received(new Uint8Array(data as ArrayBuffer | Buffer)))
  // `close` always follows, with 1006 when the connection broke.
  socket.on('error', (error) => {
    failure = error.message
  })
  socket.on('close', (code, reason) => {
    cutOff()
    handlers.closed(code, reason.length > 0 ? reason.toString('utf8') : failure)
  })
  return {
    send: (frame) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(frame, { binary: true })
    },
    close: (code, reason) => {
      if (socket.readyState === WebSocket.CLOSING || socket.readyState === WebSocket.CLOSED) return
      cutOff = setSystemTimer(CLOSE_TIMEOUT_MS, () => socket.terminate())
      socket.close(...closeArguments(code, reason))
    },
    get bufferedBytes() {
      return socket.bufferedAmount
    },
  }
}
