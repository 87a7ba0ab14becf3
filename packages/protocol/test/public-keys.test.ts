import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hasSharedData, sharedData } from '../../../e2e/shared-data'
import { hexToBytes } from '../src/bytes'
import { isSoundBoxKey, isSoundSigningKey, mayVerify } from '../src/public-keys'
import { edgeSignatures } from './support/edge-signatures'

const prime = 2n ** 255n - 19n
const order = 2n ** 252n + 27742317777372353535851937790883648493n
const topBit = 2n ** 255n
const bytesOf = (value: bigint) => hexToBytes(value.toString(16).padStart(64, '0')).reverse()
const modulo = (value: bigint) => ((value % prime) + prime) % prime

/** RFC 7748's doubling, three times: infinity (Z = 0) only for points whose order divides 8. The list is checked, not believed. */
const isOfSmallOrder = (u: bigint, z = 1n) => {
  let [x, zed] = [modulo(u), modulo(z)]
  for (let i = 0; i < 3; i++) {
    const [sum, difference] = [(x + zed) ** 2n, (x - zed) ** 2n]
    const product = sum - difference
    ;[x, zed] = [modulo(sum * difference), modulo(product * (difference + 121666n * product))]
  }
  return zed === 0n
}
/** Edwards' y as Montgomery's u = (1 + y) / (1 - y). */
const yIsOfSmallOrder = (y: bigint) => isOfSmallOrder(1n + y, 1n - y)

const orderEightU = [
  0xb8495f16056286fdb1329ceb8d09da6ac49ff1fae35616aeb8413b7c7aebe0n,
  0x57119fd0dd4e22d8868e1c58c45c44045bef839c55b1d0b1248c50a3bc959c5fn,
]
const orderEightY = [
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
]
/** All 256-bit spellings of a coordinate: above the prime where it fits, and with the top bit. */
const spellings = (value: bigint) =>
  [value, value + prime].filter((each) => each < topBit).flatMap((each) => [each, each + topBit])

const keysOf = (type: 'x25519' | 'ed25519') =>
  Array.from({ length: 50 }, () => {
    const pair = type === 'x25519' ? generateKeyPairSync('x25519') : generateKeyPairSync('ed25519')
    return new Uint8Array(Buffer.from(pair.publicKey.export({ format: 'jwk' }).x as string, 'base64url'))
  })

describe('a box key', () => {
  it('that a device has is sound', () => {
    for (const key of keysOf('x25519')) expect(isSoundBoxKey(key)).toBe(true)
  })

  it('of small order is refused in every spelling', () => {
    for (const u of [0n, 1n, prime - 1n, ...orderEightU]) {
      expect(isOfSmallOrder(u)).toBe(true)
      for (const value of spellings(u)) expect(isSoundBoxKey(bytesOf(value)), value.toString(16)).toBe(false)
    }
    for (const u of [2n, 9n, prime - 2n]) {
      expect(isOfSmallOrder(u)).toBe(false)
      expect(isSoundBoxKey(bytesOf(u))).toBe(true)
    }
  })

  it('in a second spelling or of another length is refused', () => {
    const [first, ...others] = spellings(9n)
    expect(isSoundBoxKey(bytesOf(first as bigint))).toBe(true)
    expect(others.map((each) => isSoundBoxKey(bytesOf(each)))).toEqual([false, false, false])
    for (const length of [0, 31, 33]) expect(isSoundBoxKey(new Uint8Array(length).fill(9))).toBe(false)
  })
})

describe('a signing key', () => {
  it('that a device has is sound', () => {
    for (const key of keysOf('ed25519')) expect(isSoundSigningKey(key)).toBe(true)
  })

  it('of small order is refused in every spelling, with either sign', () => {
    for (const y of [0n, 1n, prime - 1n, ...orderEightY]) {
      expect(yIsOfSmallOrder(y)).toBe(true)
      for (const value of spellings(y)) expect(isSoundSigningKey(bytesOf(value)), value.toString(16)).toBe(false)
    }
    expect(yIsOfSmallOrder(3n)).toBe(false)
    expect(isSoundSigningKey(bytesOf(3n))).toBe(true)
    expect(isSoundSigningKey(bytesOf(3n + topBit))).toBe(true)
  })

  it('in a longer spelling or of another length is refused', () => {
    expect(isSoundSigningKey(bytesOf(3n + prime))).toBe(false)
    expect(isSoundSigningKey(bytesOf(prime - 2n))).toBe(true)
    for (const length of [0, 31, 33]) expect(isSoundSigningKey(new Uint8Array(length).fill(9))).toBe(false)
  })
})

describe('a signature', () => {
  const key = keysOf('ed25519')[0] as Uint8Array
  const withS = (s: bigint) => new Uint8Array([...key, ...bytesOf(s)])

  it('may be good only with an S below the order of the group', () => {
    expect([0n, 1n, order - 1n].map((s) => mayVerify(key, withS(s)))).toEqual([true, true, true])
    expect([order, order + 1n, 2n ** 256n - 1n].map((s) => mayVerify(key, withS(s)))).toEqual([false, false, false])
  })

  it('may be good only with 64 bytes, by a sound key and with a sound R', () => {
    expect(mayVerify(key, withS(1n).subarray(1))).toBe(false)
    expect(mayVerify(key, new Uint8Array([...withS(1n), 0]))).toBe(false)
    expect(mayVerify(bytesOf(1n), withS(1n))).toBe(false)
    expect(mayVerify(key, new Uint8Array([...bytesOf(1n), ...bytesOf(1n)]))).toBe(false)
  })

  it('that is good is never refused here', () => {
    for (const { name, publicKey, signature, isGood } of edgeSignatures) {
      if (isGood) expect(mayVerify(hexToBytes(publicKey), hexToBytes(signature)), name).toBe(true)
    }
  })
})

describe.skipIf(!hasSharedData('wycheproof'))('the Wycheproof vectors of X25519', () => {
  interface Group {
    readonly tests: readonly { readonly tcId: number; readonly public: string; readonly shared: string }[]
  }
  it('agree on which keys give a secret that everybody knows', () => {
    const file = readFileSync(sharedData('wycheproof/x25519_test.json'), 'utf8')
    const cases = (JSON.parse(file) as { testGroups: Group[] }).testGroups.flatMap(({ tests }) => tests)
    let known = 0
    for (const { tcId, public: key, shared } of cases) {
      const bytes = hexToBytes(key)
      const isKnown = /^0+$/.test(shared)
      if (isKnown) known++
      const value = BigInt(`0x${key.match(/../g)?.reverse().join('')}`)
      expect(isSoundBoxKey(bytes), `${tcId}`).toBe(!isKnown && value < prime)
    }
    expect(known).toBeGreaterThan(20)
  })
})
