// A stranger with a WebSocket: speaks frame by frame, logged in or not.
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import {
  type AccountId,
  type DeviceId,
  decodeFrame,
  deviceIdOf,
  encodeFrame,
  type Frame,
  loginSigningBytes,
  PROTOCOL_VERSION,
} from '@owlivion/sync-protocol'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'

export interface RawConnection {
  send(message: Frame | Uint8Array | string): void
  /** The next frame of the relay. */
  next(): Promise<Frame>
  /** Resolves with the close code. */
  readonly closed: Promise<number>
}

export async function connectRaw(url: string): Promise<RawConnection> {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  onTestFinished(() => socket.terminate())
  const arrived: Frame[] = []
  let wake: (() => void) | undefined
  socket.on('message', (data: Buffer) => {
    arrived.push(decodeFrame(new Uint8Array(data)))
    wake?.()
  })
  const closed = once(socket, 'close').then(([code]) => code as number)
  await once(socket, 'open')
  return {
    send: (message) => {
      socket.send(typeof message === 'string' || message instanceof Uint8Array ? message : encodeFrame(message))
    },
    async next() {
      while (arrived.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      return arrived.shift() as Frame
    },
    closed,
  }
}

export interface StrangerKeys {
  readonly device: DeviceId
  readonly publicKey: Uint8Array
  readonly privateKey: KeyObject
}

/** The keys of a device that no account knows. */
export function strangerKeys(): StrangerKeys {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url'))
  const sha512 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha512').update(bytes).digest())
  return { device: deviceIdOf(sha512, raw), publicKey: raw, privateKey }
}

/** Says hello and answers the challenge; what the relay makes of it is the next frame. */
export async function logInAsStranger(url: string, account: AccountId, keys: StrangerKeys): Promise<RawConnection> {
  const connection = await connectRaw(url)
  connection.send({ type: 'hello', version: PROTOCOL_VERSION, account, device: keys.device })
  const challenge = await connection.next()
  if (challenge.type !== 'challenge') throw new Error(`The relay answered hello with ${challenge.type}.`)
  const message = loginSigningBytes(new URL(url).host, account, keys.publicKey, challenge.nonce)
  connection.send({
    type: 'auth',
    publicKey: keys.publicKey,
    signature: new Uint8Array(sign(null, message, keys.privateKey)),
  })
  return connection
}
