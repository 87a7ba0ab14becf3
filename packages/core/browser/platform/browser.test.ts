import { describe, expect, it } from 'vitest'
import { browserPlatform } from '../../src/platform'

const platform = browserPlatform()
const closeOf = (url: string) =>
  new Promise<number>((resolve, reject) => {
    platform.connect(url, { opened: () => reject(new TypeError('opened')), received: () => {}, closed: resolve })
  })

describe('the browser platform', () => {
  it('has a clock, and random bytes of any length', () => {
    expect(Math.abs(platform.now() - Date.now())).toBeLessThan(60_000)
    const bytes = platform.random(200_000)
    expect(new Set(bytes).size).toBe(256)
    expect(bytes.subarray(199_900)).not.toEqual(new Uint8Array(100))
    expect(platform.random(0)).toHaveLength(0)
  })

  it('does not call back when a timer is cancelled', async () => {
    const called: string[] = []
    const cancel = platform.setTimer(1, () => called.push('cancelled'))
    const cancelFarAway = platform.setTimer(1e12, () => called.push('in thirty years'))
    cancel()
    await new Promise<void>((resolve) => platform.setTimer(20, resolve))
    cancelFarAway()
    expect(called).toEqual([])
  })

  it('gives a lock to one holder at a time, in other frames of the same origin too', async () => {
    const release = await platform.lock('profile')
    expect(release).toBeTypeOf('function')
    expect(await platform.lock('profile')).toBeUndefined()
    const held = (await navigator.locks.query()).held?.map(({ name }) => name)
    expect(held).toContain('owlivion-sync profile')
    release?.()
    // Limits of the tests are nets against a wait without end, as wide as a busy machine may need.
    await expect.poll(async () => (await navigator.locks.query()).held?.length, { timeout: 30_000 }).toBe(0)
    const again = await platform.lock('profile')
    expect(again).toBeTypeOf('function')
    again?.()
  })

  it('exchanges whole binary messages and closes with the code it is told', async () => {
    const NativeSocket = globalThis.WebSocket
    const made: PeerlessSocket[] = []
    class PeerlessSocket {
      static readonly OPEN = 1
      readyState = 0
      bufferedAmount = 5
      binaryType = 'blob'
      onopen?: () => void
      onmessage?: (event: { data: unknown }) => void
      onclose?: (event: { code: number; reason: string }) => void
      readonly sent: Uint8Array[] = []
      readonly closedWith: unknown[] = []
      constructor() {
        made.push(this)
      }
      send(frame: Uint8Array) {
        this.sent.push(frame)
      }
      close(...parameters: unknown[]) {
        this.closedWith.push(parameters)
      }
    }
    globalThis.WebSocket = PeerlessSocket as unknown as typeof WebSocket
    try {
      const events: string[] = []
      const socket = platform.connect('ws://localhost', {
        opened: () => events.push('opened'),
        received: (frame) => events.push(`received ${frame}`),
        closed: (code, reason) => events.push(`closed ${code} ${reason}`),
      })
      const peer = made[0] as PeerlessSocket
      socket.send(Uint8Array.of(1))
      peer.readyState = 1
      peer.onopen?.()
      socket.send(Uint8Array.of(2))
      peer.onmessage?.({ data: Uint8Array.of(7, 8).buffer })
      peer.onmessage?.({ data: 'AB' })
      socket.close(4000, 'x'.repeat(200))
      socket.close(1006)
      peer.onclose?.({ code: 4512, reason: 'draining' })
      expect(events).toEqual(['opened', 'received 7,8', 'received 65,66', 'closed 4512 draining'])
      expect(peer.sent).toEqual([Uint8Array.of(2)])
      expect(peer.closedWith).toEqual([[4000, 'x'.repeat(123)], []])
      expect([peer.binaryType, socket.bufferedBytes]).toEqual(['arraybuffer', 5])
    } finally {
      globalThis.WebSocket = NativeSocket
    }
  })

  it('tells 1006 when nobody listens or the address is none', async () => {
    expect(await closeOf('ws://127.0.0.1:9')).toBe(1006)
    expect(await closeOf('this://is no address')).toBe(1006)
  })
})
