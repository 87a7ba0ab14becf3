// A platform whose connections break at a frame that a test names: before the frame is sent, or right after.
import type { Platform } from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import { decodeFrame, type Frame } from '@owlivion/sync-protocol'

export interface CutPlatform extends Platform {
  /** Resolves when the frame came by. From then on this platform reaches nobody. */
  readonly cut: Promise<void>
}

export function cutPlatform(when: 'before' | 'after', isIt: (frame: Frame) => boolean): CutPlatform {
  const platform = nodePlatform()
  let isCut = false
  let wasCut!: () => void
  const cut = new Promise<void>((resolve) => {
    wasCut = resolve
  })
  return {
    ...platform,
    cut,
    connect(url, handlers) {
      const unlessCut =
        <Values extends readonly unknown[]>(act: (...values: Values) => void) =>
        (...values: Values): void => {
          if (!isCut) act(...values)
        }
      const socket = platform.connect(url, {
        opened: unlessCut(() => handlers.opened()),
        received: unlessCut((bytes) => handlers.received(bytes)),
        closed: (code, reason) => handlers.closed(code, reason),
      })
      if (isCut) socket.close()
      return {
        send(bytes) {
          if (isCut) return
          const isHere = isIt(decodeFrame(bytes))
          if (!isHere || when === 'after') socket.send(bytes)
          if (!isHere) return
          isCut = true
          wasCut()
          // What was sent is to arrive.
          setTimeout(() => socket.close(), 50)
        },
        close: (code, reason) => socket.close(code, reason),
        get bufferedBytes() {
          return socket.bufferedBytes
        },
      }
    },
  }
}
