// The world of a browser, for a page or a worker.
import { browserRandom } from './browser-random'
import { browserTabs } from './browser-tabs'
import { closeArguments } from './close-code'
import type { Platform, Socket, SocketHandlers, StoragePersistence } from './platform'
import { setSystemTimer } from './timer'
import { takeWebLock } from './web-lock'
import { webSigning } from './web-signing'

/**
 * What a browser offers: its clock, `crypto.getRandomValues`, Ed25519 by WebCrypto (by tweetnacl where the browser has none),
 * WebSocket and Web Locks. Where Web Locks are missing (a page without HTTPS), a lock holds within this page only, and the app
 * must see to it that one profile is not open in two tabs.
 *
 * @example
 * import { browserPlatform } from '@owlivion/sync'
 * const platform = browserPlatform()
 */
export function browserPlatform(): Platform {
  const tabs = browserTabs()
  const persistence = browserPersistence()
  return {
    now: () => Date.now(),
    random: browserRandom,
    setTimer: setSystemTimer,
    connect: connectWebSocket,
    signing: webSigning(globalThis.crypto?.subtle),
    lock: takeWebLock,
    ...(tabs && { tabs }),
    ...(persistence && { persistence }),
  }
}

/** Undefined where the page cannot ask: without HTTPS, or in an old browser. */
function browserPersistence(): StoragePersistence | undefined {
  const storage: StorageManager | undefined = globalThis.navigator?.storage
  if (typeof storage?.persist !== 'function') return undefined
  return { isGranted: () => storage.persisted(), request: () => storage.persist() }
}

function connectWebSocket(url: string, handlers: SocketHandlers): Socket {
  let socket: WebSocket
  try {
    socket = new WebSocket(url)
  } catch (error) {
    // An address that is none, or ws: from an https: page. It ends like any other connection that cannot be made.
    queueMicrotask(() => handlers.closed(1006, error instanceof Error ? error.message : 'the address is refused'))
    return { send: () => {}, close: () => {}, bufferedBytes: 0 }
  }
  socket.binaryType = 'arraybuffer'
  socket.onopen = () => handlers.opened()
  // A text message is none of ours; its bytes go to the decoder, which refuses them like any other nonsense.
  socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) =>
    handlers.received(typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data))
  // `onerror` carries nothing and is always followed by this.
  socket.onclose = (event) => handlers.closed(event.code, event.reason)
  return {
    send: (frame) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(frame as Uint8Array<ArrayBuffer>)
    },
    close: (code, reason) => socket.close(...closeArguments(code, reason)),
    get bufferedBytes() {
      return socket.bufferedAmount
    },
  }
}
