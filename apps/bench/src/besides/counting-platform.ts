import type { Platform } from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'

export interface CountedBytes {
  sent: number
  received: number
}

/** Node's platform, counting the bytes of messages in both directions (without the WebSocket's own few). */
export function countingPlatform(): { readonly platform: Platform; readonly bytes: CountedBytes } {
  const node = nodePlatform()
  const bytes = { sent: 0, received: 0 }
  const platform: Platform = {
    ...node,
    connect(url, handlers) {
      const socket = node.connect(url, {
        ...handlers,
        received(frame) {
          bytes.received += frame.length
          handlers.received(frame)
        },
      })
      return {
        send(frame) {
          bytes.sent += frame.length
          socket.send(frame)
        },
        close: (code, reason) => socket.close(code, reason),
        get bufferedBytes() {
          return socket.bufferedBytes
        },
      }
    },
  }
  return { platform, bytes }
}
