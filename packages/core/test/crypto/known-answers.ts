// Known answers of what everything is sealed and signed with, the same for every provider, in Node and in browsers. Where they
// come from: NaCl's own examples ("Cryptography in NaCl", D. J. Bernstein), whose X25519 is also in RFC 7748; Ed25519 of
// RFC 8032; HMAC of RFC 4231; HKDF with the inputs of RFC 5869; SHA-512 of FIPS 180.
import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes } from '@owlivion/sync-protocol'
import nacl from 'tweetnacl'
import { describe, expect, it } from 'vitest'
import { edgeSignatures } from '../../../protocol/test/support/edge-signatures'
import { type SigningProvider, tweetnaclPublicKey } from '../../src/platform'

const ascii = (text: string) => new TextEncoder().encode(text)
const lines = (...parts: string[]) => parts.join('')

/** Of the X25519 agreement, and of the box and the secretbox, which hold the same bytes: the firstkey is Alice's and Bob's. */
const alice = {
  secret: hexToBytes('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a'),
  publicKey: '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
}
const bob = {
  secret: hexToBytes('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb'),
  publicKey: 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
}
const agreed = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742'
const firstKey = '1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389'
const nonce = hexToBytes('69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37')
const plain = hexToBytes(
  lines(
    'be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01',
    '233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd',
    '4924ca1c60902e52f0a089bc76897040e082f937763848645e0705',
  ),
)
const boxed = lines(
  'f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c',
  '98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfea',
  'bd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5',
)

/** RFC 8032, section 7.1. */
const signatures = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature: lines(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155',
      '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ),
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature: lines(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da',
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ),
  },
  {
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature: lines(
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac',
      '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    ),
  },
]

const hashes: readonly [string, Uint8Array, string][] = [
  [
    'nothing',
    new Uint8Array(),
    'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
  ],
  [
    'three letters',
    ascii('abc'),
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  ],
  [
    'more than one block',
    ascii(
      'abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu',
    ),
    '8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909',
  ],
  [
    'a million letters',
    new Uint8Array(1_000_000).fill(0x61),
    'e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b',
  ],
]

/** For the providers of the platform that the tests run on. */
export function knownAnswersSuite(providers: Readonly<Record<string, SigningProvider>>): void {
  describe.each(Object.entries(providers))('the known answers of %s', (_, provider) => {
    it.each(signatures)('are the signatures of RFC 8032 on "$message"', async (each) => {
      const [seed, publicKey, message] = [each.seed, each.publicKey, each.message].map(hexToBytes) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ]
      expect(bytesToHex(tweetnaclPublicKey(seed))).toBe(each.publicKey)
      expect(bytesToHex(await provider.sign(seed, message))).toBe(each.signature)
      expect(await provider.verify(publicKey, message, hexToBytes(each.signature))).toBe(true)
    })

    it.each(edgeSignatures)('are one verdict on $name: $isGood', async ({ publicKey, message, signature, isGood }) => {
      const verdict = await provider.verify(hexToBytes(publicKey), hexToBytes(message), hexToBytes(signature))
      expect(verdict).toBe(isGood)
    })

    it.each(hashes)('are those of FIPS 180 on %s', (_name, bytes, expected) => {
      expect(bytesToHex(provider.sha512(bytes))).toBe(expected)
    })
  })

  describe('the known answers of NaCl', () => {
    it('are its key agreement, from both sides', () => {
      expect(bytesToHex(nacl.scalarMult.base(alice.secret))).toBe(alice.publicKey)
      expect(bytesToHex(nacl.scalarMult.base(bob.secret))).toBe(bob.publicKey)
      for (const [secret, publicKey] of [
        [alice.secret, bob.publicKey],
        [bob.secret, alice.publicKey],
      ] as const) {
        expect(bytesToHex(nacl.scalarMult(secret, hexToBytes(publicKey)))).toBe(agreed)
        expect(bytesToHex(nacl.box.before(hexToBytes(publicKey), secret))).toBe(firstKey)
      }
    })

    it('are its box, which the other side opens', () => {
      expect(bytesToHex(nacl.box(plain, nonce, hexToBytes(bob.publicKey), alice.secret))).toBe(boxed)
      expect(nacl.box.open(hexToBytes(boxed), nonce, hexToBytes(alice.publicKey), bob.secret)).toEqual(plain)
    })

    it('are its secretbox, which opens under this key and nonce and unaltered, and in no other case', () => {
      const key = hexToBytes(firstKey)
      const box = hexToBytes(boxed)
      expect(bytesToHex(nacl.secretbox(plain, nonce, key))).toBe(boxed)
      expect(nacl.secretbox.open(box, nonce, key)).toEqual(plain)
      const altered = (bytes: Uint8Array, i: number) => bytes.map((byte, j) => (j === i ? byte ^ 1 : byte))
      for (let i = 0; i < box.length; i++) expect(nacl.secretbox.open(altered(box, i), nonce, key)).toBeNull()
      for (let i = 0; i < nonce.length; i++) expect(nacl.secretbox.open(box, altered(nonce, i), key)).toBeNull()
      for (let i = 0; i < key.length; i++) expect(nacl.secretbox.open(box, nonce, altered(key, i))).toBeNull()
      for (const length of [0, 15, 16]) expect(nacl.secretbox.open(box.subarray(0, length), nonce, key)).toBeNull()
    })
  })

  describe('the known answers of key derivation', () => {
    it('are HMAC-SHA-512 of RFC 4231', () => {
      expect(bytesToHex(hmac(sha512, new Uint8Array(20).fill(0x0b), ascii('Hi There')))).toBe(
        '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
      )
      expect(bytesToHex(hmac(sha512, ascii('Jefe'), ascii('what do ya want for nothing?')))).toBe(
        '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
      )
    })

    it('are HKDF-SHA-512 on the inputs of RFC 5869', () => {
      const key = new Uint8Array(22).fill(0x0b)
      const [salt, info] = [hexToBytes('000102030405060708090a0b0c'), hexToBytes('f0f1f2f3f4f5f6f7f8f9')]
      expect(bytesToHex(hkdf(sha512, key, salt, info, 42))).toBe(
        '832390086cda71fb47625bb5ceb168e4c8e26a1a16ed34d9fc7fe92c1481579338da362cb8d9f925d7cb',
      )
      expect(bytesToHex(hkdf(sha512, key, undefined, undefined, 42))).toBe(
        'f5fa02b18298a72a8c23898a8703472c6eb179dc204c03425c970e3b164bf90fff22d04836d0e2343bac',
      )
    })

    it('are the keys that WebCrypto derives from the same input, of every length', async () => {
      const { subtle } = globalThis.crypto
      for (const length of [16, 32, 64, 65, 200]) {
        const input = Uint8Array.from({ length }, (_, i) => i * 31)
        const [salt, info] = [input.slice(0, length % 17), input.slice(0, length % 29)]
        const key = await subtle.importKey('raw', input, 'HKDF', false, ['deriveBits'])
        const bits = await subtle.deriveBits({ name: 'HKDF', hash: 'SHA-512', salt, info }, key, length * 8)
        expect(bytesToHex(hkdf(sha512, input, salt, info, length))).toBe(bytesToHex(new Uint8Array(bits)))
      }
    })
  })
}
