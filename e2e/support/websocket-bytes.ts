// Reads a recorded WebSocket connection (RFC 6455) back into its messages.

const HEADERS_END = Buffer.from('\r\n\r\n')

/** The payload of every frame a client sent, unmasked, the last one as far as it came. @param stream from the first byte of the connection */
export function unmaskedMessages(stream: Buffer): Buffer[] {
  const headers = stream.indexOf(HEADERS_END)
  const messages: Buffer[] = []
  if (headers === -1) return messages
  for (let at = headers + HEADERS_END.length; at + 2 <= stream.length; ) {
    const { length, header } = payloadLength(stream, at)
    const isMasked = ((stream[at + 1] as number) & 0x80) !== 0
    const start = at + header + (isMasked ? 4 : 0)
    if (start > stream.length) break
    const payload = Buffer.from(stream.subarray(start, start + length))
    if (isMasked) for (let i = 0; i < payload.length; i++) payload[i]! ^= stream[start - 4 + (i % 4)] as number
    messages.push(payload)
    at = start + length
  }
  return messages
}

function payloadLength(stream: Buffer, at: number): { readonly length: number; readonly header: number } {
  const short = (stream[at + 1] as number) & 0x7f
  if (short === 126) return { length: at + 4 <= stream.length ? stream.readUInt16BE(at + 2) : 0, header: 4 }
  if (short === 127)
    return { length: at + 10 <= stream.length ? Number(stream.readBigUInt64BE(at + 2)) : 0, header: 10 }
  return { length: short, header: 2 }
}
