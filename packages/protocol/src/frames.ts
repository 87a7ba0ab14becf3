// The bytes of what travels between a device and the relay: one binary WebSocket message is one frame, a type byte and its
// fields. Type bytes below 64 are the device's, from 65 on the relay's.
import { decodeWhole, malformed, Writer } from './codec'
import { ProtocolFailure } from './codes'
import { deviceFrameCodecs } from './device-frames'
import type { FrameCodec, FrameCodecs } from './frame-codec'
import type { Frame, FrameType } from './frame-types'
import { MAX_FRAME_BYTES } from './limits'
import { relayFrameCodecs } from './relay-frames'

const codecs: FrameCodecs<Frame> = { ...deviceFrameCodecs, ...relayFrameCodecs }

const typeById = new Map<number, FrameType>(
  Object.entries(codecs).map(([type, codec]) => [codec.id, type as FrameType]),
)

/**
 * Encodes one message. The bytes are new; nothing of `frame` is kept.
 * @throws ProtocolFailure with the code by which the other side would refuse the frame. Only `hello` may name a version that is
 * not spoken here, and the message of a refusal is cut to its limit, since a refusal must always get out.
 */
export function encodeFrame(frame: Frame): Uint8Array {
  const codec = codecs[frame.type] as FrameCodec<Frame>
  const writer = new Writer().byte(codec.id)
  codec.write(writer, frame)
  const bytes = writer.finish()
  checkFrameSize(bytes)
  return bytes
}

/**
 * Decodes one message. Byte fields are views into `bytes`.
 * @throws ProtocolFailure, and nothing else
 */
export function decodeFrame(bytes: Uint8Array): Frame {
  checkFrameSize(bytes)
  return decodeWhole(bytes, (reader) => {
    const type = typeById.get(reader.byte())
    if (type === undefined) throw malformed('a message is of a type this side does not know')
    return codecs[type].read(reader)
  })
}

function checkFrameSize(bytes: Uint8Array): void {
  if (bytes.length > MAX_FRAME_BYTES)
    throw new ProtocolFailure(
      'frame-too-large',
      `a message of ${bytes.length} bytes is over its limit of ${MAX_FRAME_BYTES}`,
    )
}
