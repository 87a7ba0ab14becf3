import { MAX_DEVICE_INFO_BYTES } from '@owlivion/sync-protocol'
import nacl from 'tweetnacl'
import { describe, expect, it } from 'vitest'
import { openDeviceInfo, sealDeviceInfo } from '../../src/account'
import { tweetnaclSigning } from '../../src/platform'

const { sha512 } = tweetnaclSigning
const random = (length: number) => nacl.randomBytes(length)
const epochKey = new Uint8Array(32).fill(1)
const keys = new Map([[3, epochKey]])
const device = new Uint8Array(32).fill(2)
const info = { name: 'Ann’s laptop', platform: 'Firefox on Linux', addedAtMs: 1_700_000_000_000 }
const seal = (overrides: Partial<typeof info> = {}, source = random) =>
  sealDeviceInfo(sha512, source, { position: 3, epochKey }, device, { ...info, ...overrides })

describe('what a device is known by', () => {
  it('opens for its device with the key of its epoch', () => {
    expect(openDeviceInfo(keys, device, seal())).toEqual(info)
    expect(openDeviceInfo(keys, device, seal({ name: '', platform: '', addedAtMs: 0 }))).toEqual({
      name: '',
      platform: '',
      addedAtMs: 0,
    })
  })

  it('does not open for another device, with another key or with any byte changed', () => {
    const sealed = seal()
    expect(openDeviceInfo(keys, new Uint8Array(32).fill(3), sealed)).toBeUndefined()
    expect(openDeviceInfo(new Map([[3, device]]), device, sealed)).toBeUndefined()
    expect(openDeviceInfo(new Map(), device, sealed)).toBeUndefined()
    expect(openDeviceInfo(keys, device, new Uint8Array())).toBeUndefined()
    for (let i = 0; i < sealed.length; i++) {
      const altered = Uint8Array.from(sealed, (byte, j) => (j === i ? byte ^ 1 : byte))
      expect(openDeviceInfo(keys, device, altered), `byte ${i}`).toBeUndefined()
    }
  })

  it('tells its length to nobody and always fits a record', () => {
    const sizes = [
      seal({ name: 'a' }),
      seal({ name: 'b'.repeat(80) }),
      seal({ name: '😀'.repeat(5_000), platform: '漢'.repeat(5_000) }),
    ]
    for (const { length } of sizes) expect(length).toBeLessThanOrEqual(MAX_DEVICE_INFO_BYTES)
    expect(seal({ name: 'Ann' }).length).toBe(seal({ name: 'Bartholomew' }).length)
  })

  it('is cut at whole characters when it is long, and half a character is left out', () => {
    const opened = openDeviceInfo(keys, device, seal({ name: `x${'😀'.repeat(100)}`, platform: 'a\ud800b' }))
    expect(opened?.name).toBe(`x${'😀'.repeat(29)}`)
    expect(opened?.platform).toBe('ab')
  })

  it('has another nonce for another text although a cloned machine draws the same random bytes', () => {
    const cloned = (length: number) => new Uint8Array(length)
    const nonceOf = (sealed: Uint8Array) => Buffer.from(sealed.subarray(2, 26)).toString('hex')
    expect(nonceOf(seal({}, cloned))).not.toBe(nonceOf(seal({ name: 'Bob' }, cloned)))
  })
})
