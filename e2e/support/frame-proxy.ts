// Somebody between the devices and the relay who reads and writes whole messages: it can alter what the relay answers, and say
// things to the relay in the name of a device that has just logged in.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { decodeFrame, type Frame, type FrameType } from '@owlivion/sync-protocol'
import { onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

/** What the relay had to say to something that it was sent. */
export interface Verdict {
  /** Frames of the relay from then on. */
  readonly frames: readonly Frame[]
  /** Undefined when the connection stays. */
  readonly closeCode: number | undefined
}

export interface FrameProxy {
  /** What a device dials. */
  readonly url: string
  /** The newest message of this type that a device sent. @throws when there was none */
  lastFromDevice(type: FrameType): Uint8Array
  /** Alters what the relay says; undefined passes all as it is. */
  alter: ((message: Uint8Array) => Uint8Array) | undefined
  /**
   * Says something to the relay on the newest connection of a device, and hears the answer in its place. The device's end is
   * cut afterwards, as by a network. @param expected how many frames the answer has when the connection stays
   */
  impersonate(message: Uint8Array | string, expected?: number): Promise<Verdict>
  /** How often the relay was dialled. */
  readonly connections: number
}

interface Link {
  readonly device: WebSocket
  readonly relay: WebSocket
  listener: ((message: Uint8Array) => void) | undefined
}

export async function startFrameProxy(target: { readonly url: string }): Promise<FrameProxy> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  await once(server, 'listening')
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  const lastByType = new Map<FrameType, Uint8Array>()
  let newest: Link | undefined
  let connections = 0

  const proxy: FrameProxy = {
    url,
    alter: undefined,
    lastFromDevice(type) {
      const message = lastByType.get(type)
      if (message === undefined) throw new Error(`No device has sent ${type}.`)
      return message
    },
    async impersonate(message, expected = 1) {
      if (newest === undefined) throw new Error('No device is connected.')
      const { device, relay } = newest
      const verdict = hear(newest, expected)
      relay.send(message)
      const heard = await verdict
      device.terminate()
      relay.terminate()
      return heard
    },
    get connections() {
      return connections
    },
  }

  server.on('connection', (device, request) => {
    connections++
    // The login is bound to the address that the device dialled, which is this one.
    const relay = new WebSocket(target.url, { perMessageDeflate: false, headers: { host: request.headers.host } })
    const waiting: Uint8Array[] = []
    const link: Link = { device, relay, listener: undefined }
    newest = link
    device.on('message', (data: Buffer) => {
      const message = new Uint8Array(data)
      lastByType.set(decodeFrame(message).type, message)
      if (link.listener !== undefined) return
      if (relay.readyState === WebSocket.OPEN) relay.send(message)
      else waiting.push(message)
    })
    relay.on('open', () => {
      for (const message of waiting) relay.send(message)
    })
    relay.on('message', (data: Buffer) => {
      const message = new Uint8Array(data)
      if (link.listener !== undefined) link.listener(message)
      else device.send(proxy.alter?.(message) ?? message)
    })
    relay.on('close', (code, reason) => {
      if (link.listener === undefined && code >= 3000) device.close(code, reason)
      else device.terminate()
    })
    relay.on('error', () => device.terminate())
    device.on('close', () => relay.terminate())
    device.on('error', () => relay.terminate())
  })
  onTestFinished(() => {
    for (const device of server.clients) device.terminate()
    server.close()
  })
  return proxy
}

/** Resolves when the connection is closed, or, where it stays, when as many frames have come as were expected. */
function hear(link: Link, expected: number): Promise<Verdict> {
  return new Promise((resolve) => {
    const frames: Frame[] = []
    const isClosing = (): boolean => frames.some((frame) => frame.type === 'refused' && !staysOpen.has(frame.code))
    link.relay.once('close', (closeCode) => resolve({ frames, closeCode }))
    link.listener = (message) => {
      frames.push(decodeFrame(message))
      if (frames.length >= expected && !isClosing()) resolve({ frames, closeCode: undefined })
    }
  })
}

/** Refusals after which the connection goes on, of those that the tests provoke. */
const staysOpen = new Set(['fork', 'chain-gap', 'account-unknown', 'keyring-refused', 'entry-too-large'])
