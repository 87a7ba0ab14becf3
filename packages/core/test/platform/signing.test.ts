import { createHash } from 'node:crypto'
import nacl from 'tweetnacl'
import { describe, expect, it } from 'vitest'
import { edgeSignatures } from '../../../protocol/test/support/edge-signatures'
import { boxKeysOf } from '../../src/crypto'
import { publicKeyOf, type SigningProvider, tweetnaclPublicKey, tweetnaclSigning } from '../../src/platform'
import { KeyCache } from '../../src/platform/key-cache'
import { nodeSigning } from '../../src/platform/node-signing'
import { webSigning } from '../../src/platform/web-signing'

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))
const seeds = Array.from({ length: 8 }, (_, i) => new Uint8Array(32).fill(i * 37))
const messages = [0, 1, 100, 5_000].map((length) => Uint8Array.from({ length }, (_, i) => i * 7))

const providers: [string, SigningProvider][] = [
  ['tweetnacl', tweetnaclSigning],
  ['Node', nodeSigning()],
  ['WebCrypto', webSigning(globalThis.crypto.subtle)],
  ['no WebCrypto', webSigning(undefined)],
]

describe.each(providers)('signing by %s', (_, provider) => {
  it('makes the box key that tweetnacl makes of a secret', () => {
    for (const secret of seeds) {
      const { box } = boxKeysOf(secret, provider)
      expect([hexOf(box), box.constructor]).toEqual([
        hexOf(nacl.box.keyPair.fromSecretKey(secret).publicKey),
        Uint8Array,
      ])
    }
  })

  it('makes the signatures that tweetnacl makes and verifies them', async () => {
    for (const seed of seeds) {
      const { publicKey, secretKey } = nacl.sign.keyPair.fromSeed(seed)
      expect(hexOf(tweetnaclPublicKey(seed))).toBe(hexOf(publicKey))
      const own = publicKeyOf(provider, seed)
      expect([hexOf(own), own.constructor]).toEqual([hexOf(publicKey), Uint8Array])
      for (const message of messages) {
        const signature = await provider.sign(seed, message)
        expect(signature.constructor).toBe(Uint8Array)
        expect(hexOf(signature)).toBe(hexOf(nacl.sign.detached(message, secretKey)))
        expect(await provider.verify(publicKey, message, signature)).toBe(true)
      }
    }
  })

  it('does what RFC 8032 says', async () => {
    const seed = bytesOf('c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7')
    const publicKey = bytesOf('fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025')
    const signature = await provider.sign(seed, bytesOf('af82'))
    expect(hexOf(signature)).toBe(
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    )
    expect(await provider.verify(publicKey, bytesOf('af82'), signature)).toBe(true)
  })

  const seed = seeds[1] as Uint8Array
  const publicKey = tweetnaclPublicKey(seed)
  const message = Uint8Array.of(1, 2, 3)

  it('refuses a signature with any byte changed, of another message or by another key', async () => {
    const signature = await provider.sign(seed, message)
    for (let i = 0; i < signature.length; i++) {
      const altered = Uint8Array.from(signature, (byte, j) => (j === i ? byte ^ 0x10 : byte))
      expect(await provider.verify(publicKey, message, altered), `byte ${i}`).toBe(false)
    }
    expect(await provider.verify(publicKey, Uint8Array.of(1, 2, 4), signature)).toBe(false)
    expect(await provider.verify(tweetnaclPublicKey(seeds[2] as Uint8Array), message, signature)).toBe(false)
  })

  it('refuses what is no key or no signature, and throws nothing', async () => {
    const signature = await provider.sign(seed, message)
    const notOnCurve = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 2 : 0))
    for (const key of [new Uint8Array(), publicKey.subarray(1), notOnCurve, new Uint8Array(32).fill(255)]) {
      expect(await provider.verify(key, message, signature)).toBe(false)
    }
    for (const none of [new Uint8Array(), signature.subarray(1), Uint8Array.of(...signature, 0)]) {
      expect(await provider.verify(publicKey, message, none)).toBe(false)
    }
  })

  it('refuses the second spelling of a signature, which only some libraries refuse', async () => {
    const signature = await provider.sign(seed, message)
    const order = 2n ** 252n + 27742317777372353535851937790883648493n
    let s = BigInt(`0x${hexOf(signature.slice(32).reverse())}`) + order
    const second = signature.slice()
    for (let i = 32; i < 64; i++, s >>= 8n) second[i] = Number(s & 255n)
    expect(await provider.verify(publicKey, message, second)).toBe(false)
  })

  it('refuses a key of small order, for which one signature fits any message', async () => {
    // The neutral point as key and as R, with S = 0: the equation holds for every message.
    const neutral = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0))
    const signature = new Uint8Array(64)
    signature.set(neutral)
    expect(nacl.sign.detached.verify(message, signature, neutral)).toBe(true)
    expect(await provider.verify(neutral, message, signature)).toBe(false)
  })

  it('says of signatures at the edges what everybody says', async () => {
    for (const { name, publicKey, message, signature, isGood } of edgeSignatures) {
      expect(await provider.verify(bytesOf(publicKey), bytesOf(message), bytesOf(signature)), name).toBe(isGood)
    }
  })

  it('signs by the seed that an array holds now, not by the one it held', async () => {
    const reused = seeds[3]?.slice() as Uint8Array
    const before = await provider.sign(reused, message)
    reused.fill(99)
    const after = await provider.sign(reused, message)
    expect(hexOf(after)).not.toBe(hexOf(before))
    expect(await provider.verify(tweetnaclPublicKey(reused), message, after)).toBe(true)
  })

  it('hashes as SHA-512', () => {
    for (const message of messages) {
      const hash = provider.sha512(message)
      expect(hash.constructor).toBe(Uint8Array)
      expect(hexOf(hash)).toBe(createHash('sha512').update(message).digest('hex'))
    }
  })
})

describe('signing where WebCrypto answers right', () => {
  it('is done by WebCrypto', async () => {
    let chosen: string | undefined
    const provider = webSigning(globalThis.crypto.subtle, (implementation) => {
      chosen = implementation
    })
    await provider.sign(seeds[1] as Uint8Array, Uint8Array.of(1))
    expect(chosen).toBe('webcrypto')
  })
})

describe('signing where WebCrypto answers wrong', () => {
  const { subtle } = globalThis.crypto
  /** A verdict of its own on one odd signature, and the right one on every other. */
  const judging = (name: string, verdict: boolean): Partial<SubtleCrypto> => {
    const odd = edgeSignatures.find((each) => each.name.endsWith(name))?.signature
    return {
      verify: async (algorithm, key, signature, data) =>
        hexOf(signature as Uint8Array) === odd ? verdict : subtle.verify(algorithm, key, signature, data),
    }
  }
  const broken: [string, Partial<SubtleCrypto>][] = [
    ['knows no Ed25519', { importKey: async () => Promise.reject(new DOMException('', 'NotSupportedError')) }],
    ['makes other signatures', { sign: async () => new ArrayBuffer(64) }],
    ['takes every signature', { verify: async () => true }],
    ['takes no signature', { verify: async () => false }],
    ['multiplies by the cofactor', judging('good only with the cofactor', true)],
    ['takes no key with a part of small order', judging('good with and without the cofactor', false)],
  ]

  it.each(broken)('is done by tweetnacl when it %s', async (_, replacement) => {
    let chosen: string | undefined
    const crippled = {
      importKey: subtle.importKey.bind(subtle),
      sign: subtle.sign.bind(subtle),
      verify: subtle.verify.bind(subtle),
      ...replacement,
    } as SubtleCrypto
    const provider = webSigning(crippled, (implementation) => {
      chosen = implementation
    })
    const seed = seeds[1] as Uint8Array
    const signature = await provider.sign(seed, Uint8Array.of(1))
    expect(hexOf(signature)).toBe(hexOf(await tweetnaclSigning.sign(seed, Uint8Array.of(1))))
    expect(await provider.verify(tweetnaclPublicKey(seed), Uint8Array.of(1), signature)).toBe(true)
    expect(await provider.verify(tweetnaclPublicKey(seed), Uint8Array.of(2), signature)).toBe(false)
    expect(chosen).toBe('tweetnacl')
  })
})

describe('the keys that are kept', () => {
  it('are made once, and the oldest public key goes when there are too many', () => {
    const cache = new KeyCache<number>()
    let made = 0
    const make = () => made++
    const key = (i: number) => Uint8Array.of(i & 255, i >> 8)
    for (let i = 0; i < 256; i++) cache.publicKey(key(i), make)
    cache.publicKey(key(0), make)
    expect(made).toBe(256)
    cache.publicKey(key(256), make)
    cache.publicKey(key(255), make)
    expect(made).toBe(257)
    cache.publicKey(key(0), make)
    expect(made).toBe(258)
  })
})
