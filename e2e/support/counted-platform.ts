// A platform that counts what goes over its connections: every frame, in both directions.
import type { Platform } from '@owlivion/sync'
import { decodeFrame, type Frame } from '@owlivion/sync-protocol'

export interface CountedFrame {
  readonly from: 'device' | 'relay'
  readonly frame: Frame
  readonly sizeBytes: number
}

export interface CountedPlatform extends Platform {
  readonly frames: CountedFrame[]
}

export function countedPlatform(platform: Platform): CountedPlatform {
  const frames: CountedFrame[] = []
  const note = (from: CountedFrame['from'], bytes: Uint8Array): void => {
    frames.push({ from, frame: decodeFrame(bytes.slice()), sizeBytes: bytes.length })
  }
  return {
    ...platform,
    frames,
    connect(url, handlers) {
      const socket = platform.connect(url, {
        ...handlers,
        opened: () => handlers.opened(),
        closed: (code, reason) => handlers.closed(code, reason),
        received: (bytes) => {
          note('relay', bytes)
          handlers.received(bytes)
        },
      })
      return {
        send: (bytes) => {
          note('device', bytes)
          socket.send(bytes)
        },
        close: (code, reason) => socket.close(code, reason),
        get bufferedBytes() {
          return socket.bufferedBytes
        },
      }
    },
  }
}

/** Whether a frame says anything of a document with this id. */
export function speaksOf(frame: Frame, documentHex: string): boolean {
  const ids: Uint8Array[] = []
  if ('document' in frame && frame.document !== undefined) ids.push(frame.document)
  if ('documents' in frame) ids.push(...frame.documents)
  if ('cursors' in frame) ids.push(...frame.cursors.map(({ document }) => document))
  return ids.some((id) => Buffer.from(id).toString('hex') === documentHex)
}
