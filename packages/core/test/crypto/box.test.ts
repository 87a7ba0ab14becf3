import { createHash } from 'node:crypto'
import { domain, SEALED_KEY_BYTES, WRAPPED_KEY_BYTES } from '@owlivion/sync-protocol'
import nacl from 'tweetnacl'
import { describe, expect, it } from 'vitest'
import { boxKeysOf, ephemeralKeys, openSealedKey, sealKey, unwrapKey, wrapKey } from '../../src/crypto'
import { countingRandom, filled, hexOf, sha512 } from './fixtures'

const random = (length: number) => nacl.randomBytes(length)
const secret = filled(32, 42)
const member = boxKeysOf(filled(32, 1))
const other = boxKeysOf(filled(32, 2))

describe('a key sealed to a member', () => {
  const ephemeral = ephemeralKeys({ sha512 }, random, secret)
  const sealed = sealKey(sha512, ephemeral, member.box, secret)

  it('is opened by that member and by no other', () => {
    expect(sealed).toHaveLength(SEALED_KEY_BYTES)
    expect(openSealedKey(sha512, ephemeral.box, member, sealed)).toEqual(secret)
    expect(openSealedKey(sha512, ephemeral.box, other, sealed)).toBeUndefined()
  })

  it('does not open with another ephemeral key or any byte changed', () => {
    expect(openSealedKey(sha512, other.box, member, sealed)).toBeUndefined()
    expect(openSealedKey(sha512, ephemeral.box.subarray(1), member, sealed)).toBeUndefined()
    for (let i = 0; i < sealed.length; i++) {
      const altered = Uint8Array.from(sealed, (byte, j) => (j === i ? byte ^ 1 : byte))
      expect(openSealedKey(sha512, ephemeral.box, member, altered), `byte ${i}`).toBeUndefined()
    }
  })

  it('is a NaCl box whose nonce is the hash of both public keys', () => {
    const digest = createHash('sha512').update(domain('seal-nonce')).update(ephemeral.box).update(member.box).digest()
    const nonce = new Uint8Array(digest.subarray(0, 24))
    expect(nacl.box.open(sealed, nonce, ephemeral.box, member.boxSecret)).toEqual(secret)
  })

  it('comes from another pair for another key although a cloned machine draws the same random bytes', () => {
    const one = ephemeralKeys({ sha512 }, countingRandom(), secret)
    const two = ephemeralKeys({ sha512 }, countingRandom(), filled(32, 43))
    expect(hexOf(one.box)).not.toBe(hexOf(two.box))
  })
})

describe('a wrapped key', () => {
  const wrapping = filled(32, 7)
  const wrapped = wrapKey(random, wrapping, secret)

  it('is opened by the key it was wrapped under and by no other', () => {
    expect(wrapped).toHaveLength(WRAPPED_KEY_BYTES)
    expect(unwrapKey(wrapping, wrapped)).toEqual(secret)
    expect(unwrapKey(filled(32, 8), wrapped)).toBeUndefined()
  })

  it('does not open cut off or with any byte changed', () => {
    expect(unwrapKey(wrapping, wrapped.subarray(1))).toBeUndefined()
    for (let i = 0; i < wrapped.length; i++) {
      const altered = Uint8Array.from(wrapped, (byte, j) => (j === i ? byte ^ 1 : byte))
      expect(unwrapKey(wrapping, altered), `byte ${i}`).toBeUndefined()
    }
  })
})
