// Bytes on the wire as TCP carries them, counted at the sockets themselves, whatever library opened them.
import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

const sockets: Socket[] = []
subscribe('net.client.socket', (message) => void sockets.push((message as { socket: Socket }).socket))

export interface SocketBytes {
  readonly sent: number
  readonly received: number
}

/** Of all connections that this process has opened so far. */
export function socketBytes(): SocketBytes {
  return {
    sent: sockets.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0),
    received: sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
  }
}
