// A network that keeps everything it carries. Devices connect here, and what they and the relay say to each other is passed on
// and written down. The far end can change, so that a relay may die and come back under the same address.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { unmaskedMessages } from './websocket-bytes'

export interface CaptureProxy {
  /** What a device dials. */
  readonly url: string
  /** Bytes of both directions as they were on the wire, one element per connection and direction. */
  wire(): Buffer[]
  /** What devices sent, with the WebSocket mask taken off, which would hide a text from any search. */
  unmasked(): Buffer[]
  /** Resolves when devices have sent, or the relay has sent, this many bytes more than now. */
  afterBytes(from: 'devices' | 'relay', count: number): Promise<void>
  /** Cuts all connections, as a network does. */
  cut(): void
}

export async function startCaptureProxy(target: { readonly port: number }): Promise<CaptureProxy> {
  const recorded: { readonly from: 'devices' | 'relay'; readonly chunks: Buffer[] }[] = []
  const sockets = new Set<Socket>()
  const carried = { devices: 0, relay: 0 }
  const listeners = new Set<() => void>()

  const pass = (source: Socket, sink: Socket, from: 'devices' | 'relay'): void => {
    const chunks: Buffer[] = []
    recorded.push({ from, chunks })
    sockets.add(source)
    source.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      carried[from] += chunk.length
      sink.write(chunk)
      for (const listener of [...listeners]) listener()
    })
    source.on('end', () => sink.end())
    // A relay that was killed resets its connections: the other side is cut as well.
    source.on('error', () => sink.destroy())
    source.on('close', () => {
      sockets.delete(source)
      sink.destroy()
    })
  }

  const server = createServer((device) => {
    const relay = connect(target.port, '127.0.0.1')
    pass(device, relay, 'devices')
    pass(relay, device, 'relay')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    for (const socket of [...sockets]) socket.destroy()
  }
  onTestFinished(() => {
    cut()
    server.close()
  })

  const recordings = (from?: 'devices' | 'relay'): Buffer[] =>
    recorded.filter((each) => from === undefined || each.from === from).map(({ chunks }) => Buffer.concat(chunks))
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    wire: () => recordings(),
    unmasked: () => recordings('devices').flatMap(unmaskedMessages),
    async afterBytes(from, count) {
      const goal = carried[from] + count
      while (carried[from] < goal) {
        await new Promise<void>((resolve) => {
          const once = (): void => {
            listeners.delete(once)
            resolve()
          }
          listeners.add(once)
        })
      }
    },
    cut,
  }
}
