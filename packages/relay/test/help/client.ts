// A device's end of a connection, over any transport: sends frames, and reads what comes back in order.
import {
  accountIdOf,
  decodeFrame,
  encodeFrame,
  type Frame,
  type FrameType,
  loginSigningBytes,
  PROTOCOL_VERSION,
} from '@owlivion/sync-protocol'
import { WebSocket } from 'ws'
import type { Relay } from '../../src/relay'
import { type KeyPair, sha512, type TestAccount, type TestDevice } from './account'

type FrameOf<T extends FrameType> = Extract<Frame, { type: T }>

export interface Link {
  send(bytes: Uint8Array): void
  close(): void
}

export class TestClient {
  private readonly frames: Frame[] = []
  private readonly waiting: (() => void)[] = []
  closeCode: number | undefined
  link!: Link

  constructor(readonly host: string) {}

  received(bytes: Uint8Array): void {
    this.frames.push(decodeFrame(bytes))
    this.wake()
  }

  ended(code: number): void {
    this.closeCode ??= code
    this.wake()
  }

  send(...frames: readonly Frame[]): void {
    for (const frame of frames) this.link.send(encodeFrame(frame))
  }

  /** What has come and was not read. */
  get unread(): Frame[] {
    return this.frames
  }

  /** The next frame; fails when it is of another type, or when the connection ends before. */
  next<T extends FrameType>(type: T): Promise<FrameOf<T>> {
    return this.nextOf(type)
  }

  /** The next frame, of one of the types. */
  async nextOf<T extends FrameType>(...types: readonly T[]): Promise<FrameOf<T>> {
    while (this.frames.length === 0) {
      if (this.closeCode !== undefined) throw new Error(`closed with ${this.closeCode} while waiting for ${types}`)
      await new Promise<void>((resolve) => this.waiting.push(resolve))
    }
    const frame = this.frames.shift() as Frame
    if (!types.some((type) => type === frame.type)) throw new Error(`${JSON.stringify(frame)} came instead of ${types}`)
    return frame as FrameOf<T>
  }

  /** Drops everything before the next frame of the type. */
  find<T extends FrameType>(type: T): Promise<FrameOf<T>> {
    return this.findOf(type)
  }

  /** Drops everything before the next frame of one of the types. */
  async findOf<T extends FrameType>(...types: readonly T[]): Promise<FrameOf<T>> {
    for (;;) {
      const index = this.frames.findIndex((frame) => types.some((type) => type === frame.type))
      if (index >= 0) {
        const found = this.frames[index] as FrameOf<T>
        this.frames.splice(0, index + 1)
        return found
      }
      if (this.closeCode !== undefined) throw new Error(`closed with ${this.closeCode} while waiting for ${types}`)
      await new Promise<void>((resolve) => this.waiting.push(resolve))
    }
  }

  async closed(): Promise<number> {
    while (this.closeCode === undefined) await new Promise<void>((resolve) => this.waiting.push(resolve))
    return this.closeCode
  }

  async logIn(device: TestDevice, account = device.account): Promise<FrameOf<'welcome'>> {
    this.send({ type: 'hello', version: PROTOCOL_VERSION, account: account.id, device: device.id })
    const { nonce } = await this.next('challenge')
    this.send(device.auth(this.host, nonce, account.id))
    return this.next('welcome')
  }

  /** The keyring does not name the device: it learns nothing of the account, and whatever it asks ends the connection. */
  async logInAsStranger(device: TestDevice, account = device.account): Promise<void> {
    const { keyringLength, keyringHead } = await this.logIn(device, account)
    if (keyringLength > 0 || keyringHead.some((byte) => byte > 0)) throw new Error('a stranger was shown the keyring')
    this.send({ type: 'keyring-fetch', from: 0 })
    const { code } = await this.next('refused')
    if (code !== 'device-unknown') throw new Error(`refused with ${code} instead of device-unknown`)
  }

  /** The holder of the phrase logs in, whatever the relay says to it. */
  async logInForRecovery(keys: KeyPair): Promise<void> {
    const account = accountIdOf(sha512, keys.publicKey)
    this.send({ type: 'hello', version: PROTOCOL_VERSION, account, recoveryKey: keys.publicKey })
    const { nonce } = await this.next('challenge')
    const signature = keys.sign(loginSigningBytes(this.host, account, keys.publicKey, nonce))
    this.send({ type: 'auth', publicKey: keys.publicKey, signature })
  }

  /** Logs in with the account's first device and opens the account. */
  async open(account: TestAccount): Promise<void> {
    await this.logIn(account.first)
    this.send(account.genesis())
    await this.next('keyring-changed')
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve()
  }
}

export interface DirectClient extends TestClient {
  /** Bytes that the transport pretends not to have sent yet. */
  bufferedBytes: number
}

/** A connection without a socket. */
export function connectDirectly(relay: Relay, host = 'relay.example', remoteAddress = '192.0.2.7'): DirectClient {
  const client = Object.assign(new TestClient(host), { bufferedBytes: 0 })
  const handlers = relay.connect(
    {
      send: (frame) => client.received(frame.slice()),
      close: (code) => client.ended(code),
      get bufferedBytes() {
        return client.bufferedBytes
      },
      remoteAddress,
    },
    { host },
  )
  client.link = {
    send: (bytes) => handlers.received(bytes),
    close() {
      client.ended(1005)
      handlers.closed()
    },
  }
  return client
}

export interface SocketClient extends TestClient {
  readonly socket: WebSocket
}

/** A connection over a real WebSocket. */
export async function connectSocket(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<SocketClient> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { perMessageDeflate: false, headers })
  const client = Object.assign(new TestClient(new URL(url).host), { socket })
  socket.on('message', (data) => client.received(new Uint8Array(data as Buffer)))
  socket.on('close', (code) => client.ended(code))
  socket.on('error', () => client.ended(1006))
  client.link = { send: (bytes) => socket.send(bytes), close: () => socket.close() }
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  return client
}
