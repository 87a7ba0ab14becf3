// An authenticator in software: an ES256 key that signs what a browser would have it sign, right or wrong as a test wants it.
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { cose, isoCBOR } from '@simplewebauthn/server/helpers'
import { random } from './account'

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest()

const flagBits = { present: 0x01, verified: 0x04, attested: 0x40 }

export interface CeremonyOptions {
  readonly challenge: string
  readonly origin?: string
  readonly rpId?: string
  readonly isVerified?: boolean
}

export class SoftAuthenticator {
  readonly id = random(32)
  counter = 0
  private readonly privateKey: KeyObject
  private readonly coseKey: Uint8Array

  constructor(
    private readonly userHandle: Uint8Array,
    private readonly origin = 'https://mail.example',
  ) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.privateKey = privateKey
    const { x, y } = publicKey.export({ format: 'jwk' }) as { x: string; y: string }
    const { kty, alg } = cose.COSEKEYS
    const parameters: [number, number | Uint8Array][] = [
      [kty, cose.COSEKTY.EC2],
      [alg, cose.COSEALG.ES256],
      [cose.COSEKEYS.crv, cose.COSECRV.P256],
      [cose.COSEKEYS.x, new Uint8Array(Buffer.from(x, 'base64url'))],
      [cose.COSEKEYS.y, new Uint8Array(Buffer.from(y, 'base64url'))],
    ]
    this.coseKey = isoCBOR.encode(new Map(parameters))
  }

  register(options: CeremonyOptions): object {
    const credential = Buffer.concat([Buffer.alloc(16), Buffer.from([0, this.id.length]), this.id, this.coseKey])
    const authData = new Uint8Array(Buffer.concat([this.authData(options, flagBits.attested), credential]))
    const parts: [string, string | Uint8Array | Map<string, string>][] = [
      ['fmt', 'none'],
      ['attStmt', new Map()],
      ['authData', authData],
    ]
    const attestationObject = text(isoCBOR.encode(new Map(parts)))
    const response = { attestationObject, clientDataJSON: text(this.clientData('webauthn.create', options)) }
    return { id: text(this.id), rawId: text(this.id), type: 'public-key', response }
  }

  authenticate(options: CeremonyOptions): object {
    this.counter++
    const clientData = this.clientData('webauthn.get', options)
    const authenticatorData = this.authData(options, 0)
    const signature = sign('sha256', Buffer.concat([authenticatorData, sha256(clientData)]), this.privateKey)
    const response = {
      authenticatorData: text(authenticatorData),
      clientDataJSON: text(clientData),
      signature: text(signature),
      userHandle: text(this.userHandle),
    }
    return { id: text(this.id), rawId: text(this.id), type: 'public-key', response }
  }

  private authData({ rpId = new URL(this.origin).hostname, isVerified = true }: CeremonyOptions, more: number): Buffer {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(this.counter)
    const flags = flagBits.present | (isVerified ? flagBits.verified : 0) | more
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), counter])
  }

  private clientData(type: string, { challenge, origin = this.origin }: CeremonyOptions): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }))
  }
}
