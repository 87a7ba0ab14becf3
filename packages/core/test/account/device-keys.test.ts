import { deviceIdOf } from '@owlivion/sync-protocol'
import nacl from 'tweetnacl'
import { describe, expect, it } from 'vitest'
import { createDeviceKeys, decodeDeviceKeys, encodeDeviceKeys } from '../../src/account'
import { tweetnaclSigning } from '../../src/platform'

const { sha512 } = tweetnaclSigning

describe('the keys of a device', () => {
  const keys = createDeviceKeys((length) => nacl.randomBytes(length), tweetnaclSigning)

  it('are named by their signing key and fit each other', async () => {
    expect(keys.id).toEqual(deviceIdOf(sha512, keys.signing))
    const signature = await tweetnaclSigning.sign(keys.signingSeed, Uint8Array.of(1))
    expect(await tweetnaclSigning.verify(keys.signing, Uint8Array.of(1), signature)).toBe(true)
    expect(nacl.box.keyPair.fromSecretKey(keys.boxSecret).publicKey).toEqual(keys.box)
  })

  it('come back from disk as they were', () => {
    expect(decodeDeviceKeys(encodeDeviceKeys(keys), tweetnaclSigning)).toEqual(keys)
  })

  it('are refused from disk when any bit has turned or a byte is missing', () => {
    const stored = encodeDeviceKeys(keys)
    const damaged = expect.objectContaining({ name: 'SyncError', code: 'profile-damaged' })
    for (let i = 0; i < stored.length; i += 5) {
      const altered = Uint8Array.from(stored, (byte, j) => (j === i ? byte ^ 0x40 : byte))
      // X25519 ignores three bits of the lowest and one or two of the highest byte of a secret; those say nothing.
      expect(() => decodeDeviceKeys(altered, tweetnaclSigning), `byte ${i}`).toThrow(damaged)
    }
    expect(() => decodeDeviceKeys(stored.subarray(1), tweetnaclSigning)).toThrow(damaged)
    expect(() => decodeDeviceKeys(Uint8Array.of(...stored, 0), tweetnaclSigning)).toThrow(damaged)
  })
})
