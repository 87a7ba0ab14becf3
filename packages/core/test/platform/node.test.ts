import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { MAX_FRAME_BYTES } from '@owlivion/sync-protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Socket } from '../../src/platform'
import { nodePlatform } from '../../src/platform/node'

const platform = nodePlatform()
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function listen(onConnection: (peer: WebSocket) => void): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', onConnection)
  closing.push(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  await once(server, 'listening')
  const address = server.address()
  return `ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

/** Connects and writes down what the socket tells, in order. */
function record(url: string, onEvent: (event: string, socket: Socket) => void = () => {}) {
  const events: string[] = []
  return new Promise<string[]>((resolve) => {
    const tell = (event: string) => {
      events.push(event)
      onEvent(event, socket)
    }
    const socket = platform.connect(url, {
      opened: () => tell('opened'),
      received: (frame) => tell(`${frame.constructor.name} ${[...frame.subarray(0, 8)]}`),
      closed: (code, reason) => {
        tell(`closed ${code} ${reason}`)
        resolve(events)
      },
    })
  })
}

describe('the Node platform', () => {
  it('has a clock, and random bytes of any length', () => {
    expect(Math.abs(platform.now() - Date.now())).toBeLessThan(60_000)
    expect(platform.random(0)).toHaveLength(0)
    const bytes = platform.random(100_000)
    expect(bytes.constructor).toBe(Uint8Array)
    expect(new Set(bytes).size).toBe(256)
    expect(platform.random(16)).not.toEqual(platform.random(16))
  })

  it('calls back once, and not at all when it is cancelled', async () => {
    const called: string[] = []
    platform.setTimer(1, () => called.push('kept'))
    const cancel = platform.setTimer(1, () => called.push('cancelled'))
    const cancelFarAway = platform.setTimer(1e12, () => called.push('in thirty years'))
    cancel()
    await new Promise((resolve) => setTimeout(resolve, 20))
    cancelFarAway()
    expect(called).toEqual(['kept'])
  })

  it('gives a lock to one holder at a time, whichever instance asks', async () => {
    const release = await platform.lock('profile')
    expect(release).toBeTypeOf('function')
    expect(await nodePlatform().lock('profile')).toBeUndefined()
    const other = await platform.lock('another profile')
    release?.()
    const again = await nodePlatform().lock('profile')
    expect(again).toBeTypeOf('function')
    release?.()
    expect(await platform.lock('profile')).toBeUndefined()
    again?.()
    other?.()
  })

  it('exchanges whole binary messages as plain arrays', async () => {
    const url = await listen((peer) => {
      peer.on('message', (data: Buffer, isBinary) => {
        peer.send(Buffer.from([isBinary ? 1 : 0, ...data]))
        peer.close(4512, 'draining')
      })
    })
    const events = await record(url, (event, socket) => {
      if (event === 'opened') socket.send(Uint8Array.of(7, 8, 9))
    })
    expect(events).toEqual(['opened', 'Uint8Array 1,7,8,9', 'closed 4512 draining'])
  })

  it('hands over a text message as its bytes', async () => {
    const url = await listen((peer) => {
      peer.send('AB')
      peer.close(4400)
    })
    expect(await record(url)).toEqual(['opened', 'Uint8Array 65,66', 'closed 4400 '])
  })

  it('closes with the code it is told, and quietly with one that may not be sent', async () => {
    const codes: number[] = []
    const url = await listen((peer) => peer.on('close', (code) => codes.push(code)))
    await record(url, (event, socket) => event === 'opened' && socket.close(4000, 'x'.repeat(200)))
    await record(url, (event, socket) => event === 'opened' && socket.close(1006))
    expect(codes).toEqual([4000, 1005])
  })

  it('tells 1006 once when nobody listens, the address is none or the connection breaks', async () => {
    const reserved = createServer()
    reserved.listen(0, '127.0.0.1')
    await once(reserved, 'listening')
    const address = reserved.address()
    const port = typeof address === 'object' ? address?.port : 0
    reserved.close()
    expect(await record(`ws://127.0.0.1:${port}`)).toEqual([expect.stringMatching(/^closed 1006 .*ECONNREFUSED/)])
    expect(await record('this is no address')).toEqual([expect.stringMatching(/^closed 1006 ./)])
    const url = await listen((peer) => peer.terminate())
    expect(await record(url)).toEqual(['opened', 'closed 1006 '])
  })

  it('takes no message over the limit of a frame', async () => {
    const url = await listen((peer) => peer.send(new Uint8Array(MAX_FRAME_BYTES + 1)))
    expect(await record(url)).toEqual(['opened', expect.stringMatching(/^closed 1006 /)])
  })

  it('may be closed before it is open, and sends nothing then', async () => {
    const url = await listen(() => {})
    const closed = new Promise<number>((resolve) => {
      const socket = platform.connect(url, { opened: () => {}, received: () => {}, closed: resolve })
      socket.send(Uint8Array.of(1))
      socket.close()
      socket.close()
    })
    expect(await closed).toBe(1006)
  })

  it('lets the process end when a relay never answers the close', () => {
    const script = `
      import { createServer } from 'node:net'
      import { createHash } from 'node:crypto'
      import { nodePlatform } from './src/platform/node'
      const server = createServer((socket) => {
        socket.on('error', () => {})
        socket.once('data', (request) => {
          const key = /sec-websocket-key: (.*)\\r/i.exec(request.toString())[1]
          const accept = createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')
          socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n')
        })
      })
      server.listen(0, '127.0.0.1', () => {
        const socket = nodePlatform().connect('ws://127.0.0.1:' + server.address().port, {
          opened: () => { server.close(); socket.close(1000) },
          received: () => {},
          closed: (code) => { console.log('closed', code) },
        })
      })`
    const result = spawnSync(
      process.execPath,
      ['--conditions=@owlivion/source', '--import', 'tsx', '--input-type=module', '--eval', script],
      { cwd: fileURLToPath(new URL('../..', import.meta.url)), encoding: 'utf8', timeout: 100_000 },
    )
    expect(result.stdout.trim() || result.stderr).toBe('closed 1006')
    expect(result.status).toBe(0)
  })
})
