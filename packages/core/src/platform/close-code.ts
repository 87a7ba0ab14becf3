const REASON_BYTES = 123

/** Arguments of WebSocket `close` that no implementation throws at: only 1000 and 3000 to 4999 may be sent, with 123 bytes of reason. */
export function closeArguments(code: number | undefined, reason: string | undefined): [code?: number, reason?: string] {
  if (code === undefined || !(code === 1000 || (code >= 3000 && code <= 4999))) return []
  let text = reason ?? ''
  while (new TextEncoder().encode(text).length > REASON_BYTES) text = text.slice(0, -1)
  return [code, text]
}
