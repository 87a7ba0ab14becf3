import { describe, expect, test } from 'vitest'
import { Life, VirtualTime } from '../src/clock'
import type { ServerSocket, Weather } from '../src/connection'
import { Duties } from '../src/hostile/duties'
import { Network } from '../src/network'
import { Trace } from '../src/trace'

const clear: Weather = { drop: 0, duplicate: 0, reorder: 0, slowMs: 500 }

/** A device that has dialled a relay that echoes nothing, and what each side has heard. */
async function connected(seed: number, weather: Weather = clear) {
  const time = new VirtualTime()
  const capture = () => {}
  const trace = new Trace(time, false)
  const duties = new Duties(time, trace, () => {})
  const network = new Network({ time, trace, seed, capture, tamper: undefined, duties })
  const [life, relayLife] = [new Life(), new Life()]
  const device: string[] = []
  const relay: string[] = []
  let server: ServerSocket | undefined
  network.listener = {
    life: relayLife,
    accept(socket) {
      server = socket
      return { received: ([byte]) => relay.push(`got ${byte}`), closed: () => relay.push('closed') }
    },
  }
  network.setWeather('device', weather)
  const socket = network.connect('device', life, {
    opened: () => device.push('opened'),
    received: ([byte]) => device.push(`got ${byte}`),
    closed: (code) => device.push(`closed ${code}`),
  })
  await time.runUntil(1_000)
  const sendAll = async (count: number, target: { send(frame: Uint8Array): void }) => {
    for (let n = 0; n < count; n++) target.send(Uint8Array.of(n))
    await time.runUntil(time.nowMs + 2_000)
  }
  return { time, network, life, relayLife, device, relay, socket, server: server as ServerSocket, sendAll }
}

const all = (count: number) => Array.from({ length: count }, (_, n) => `got ${n}`)

describe('a line', () => {
  test('in fair weather carries everything once and in order, both ways', async () => {
    const { device, relay, socket, server, sendAll } = await connected(1)
    await sendAll(50, socket)
    await sendAll(50, server)
    expect(relay).toEqual(all(50))
    expect(device).toEqual(['opened', ...all(50)])
    expect(socket.bufferedBytes).toBe(0)
  })

  test('drops, duplicates and reorders as its weather says', async () => {
    const dropping = await connected(2, { ...clear, drop: 0.5 })
    await dropping.sendAll(100, dropping.socket)
    expect(dropping.relay.length).toBeGreaterThan(20)
    expect(dropping.relay.length).toBeLessThan(80)

    const doubling = await connected(3, { ...clear, duplicate: 0.5 })
    await doubling.sendAll(100, doubling.socket)
    expect(doubling.relay.length).toBeGreaterThan(120)
    expect(new Set(doubling.relay)).toEqual(new Set(all(100)))

    const reordering = await connected(4, { ...clear, reorder: 0.5 })
    await reordering.sendAll(100, reordering.socket)
    expect(reordering.relay).not.toEqual(all(100))
    expect(new Set(reordering.relay)).toEqual(new Set(all(100)))
  })

  test('that is cut off loses what is sent and tells nobody', async () => {
    const { network, device, relay, socket, server, sendAll } = await connected(5)
    network.setCutOff('device', true)
    await sendAll(5, socket)
    await sendAll(5, server)
    network.setCutOff('device', false)
    await sendAll(1, socket)
    expect(relay).toEqual(['got 0'])
    expect(device).toEqual(['opened'])
  })
})

describe('a connection', () => {
  test('that breaks is heard of soon by one side and late by the other', async () => {
    const { time, network, device, relay, socket, sendAll } = await connected(6)
    network.reset('device', 'relay')
    await sendAll(3, socket)
    expect(relay).toEqual(['closed'])
    expect(device).toEqual(['opened'])
    expect(network.isSound).toBe(false)
    await time.runUntil(200_000)
    expect(device).toEqual(['opened', 'closed 1006'])
    expect(network.isSound).toBe(true)
  })

  test('that one side closes hands over what was sent before, and both sides hear of the close once', async () => {
    const { network, device, relay, socket, sendAll } = await connected(7)
    await sendAll(2, socket)
    socket.send(Uint8Array.of(9))
    socket.close(1000, '')
    socket.close(1000, '')
    expect(network.isHeldBy('device')).toBe(false)
    await sendAll(2, socket)
    expect(relay).toEqual(['got 0', 'got 1', 'got 9', 'closed'])
    expect(device).toEqual(['opened', 'closed 1000'])
  })

  test('of a dead relay tells the device in the end and the dead nothing', async () => {
    const { time, network, relayLife, device, relay, socket, sendAll } = await connected(8)
    relayLife.end()
    network.relayDied(relayLife)
    await sendAll(3, socket)
    await time.runUntil(200_000)
    expect(relay).toEqual([])
    expect(device).toEqual(['opened', 'closed 1006'])
  })

  test('to a relay that is down is refused', async () => {
    const { time, network, relayLife, life } = await connected(9)
    relayLife.end()
    const heard: string[] = []
    const closed = (code: number) => heard.push(`closed ${code}`)
    network.connect('other', life, { opened: () => heard.push('opened'), received() {}, closed })
    await time.runUntil(5_000)
    expect(heard).toEqual(['closed 1006'])
  })
})
