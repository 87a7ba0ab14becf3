import { decodeEnvelope, type EnvelopePlace, hexToBytes } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { createRecoveryPhrase, parseRecoveryPhrase } from '../../src/account'
import { openEntry } from '../../src/crypto'
import { browserPlatform, tweetnaclPublicKey, tweetnaclSigning } from '../../src/platform'
import { webSigning } from '../../src/platform/web-signing'
import golden from '../../test/crypto/golden/sealed-entries.json'

const { signing, random } = browserPlatform()
const seed = Uint8Array.from({ length: 32 }, (_, i) => i)
const publicKey = tweetnaclPublicKey(seed)
const messages = [0, 1, 300, 70_000].map((length) => Uint8Array.from({ length }, (_, i) => i * 7))

describe('signing in a browser', () => {
  it('is done by WebCrypto here, not by the fallback', async () => {
    let chosen: string | undefined
    const provider = webSigning(crypto.subtle, (implementation) => {
      chosen = implementation
    })
    await provider.sign(seed, Uint8Array.of(1))
    expect(chosen).toBe('webcrypto')
  })

  it('makes the signatures that tweetnacl makes and verifies them', async () => {
    for (const message of messages) {
      const signature = await signing.sign(seed, message)
      expect(signature).toEqual(await tweetnaclSigning.sign(seed, message))
      expect(await signing.verify(publicKey, message, signature)).toBe(true)
      expect(await signing.verify(publicKey, Uint8Array.of(...message.subarray(0, 9), 1), signature)).toBe(false)
    }
  })

  it('gives the verdicts of tweetnacl on keys and signatures at the edges', async () => {
    const signature = await signing.sign(seed, Uint8Array.of(1))
    const neutral = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0))
    const keys = [
      publicKey,
      neutral,
      new Uint8Array(32),
      new Uint8Array(32).fill(255),
      new Uint8Array(32).fill(2),
      new Uint8Array(),
    ]
    const signatures = [
      signature,
      new Uint8Array(64),
      new Uint8Array(64).fill(255),
      signature.subarray(1),
      Uint8Array.from(signature, (byte, i) => (i === 63 ? byte | 0x10 : byte)),
    ]
    for (const key of keys) {
      for (const each of signatures) {
        const expected = await tweetnaclSigning.verify(key, Uint8Array.of(1), each)
        expect(await signing.verify(key, Uint8Array.of(1), each), `${key} ${each}`).toBe(expected)
      }
    }
  })

  it('hashes as WebCrypto does', async () => {
    for (const message of messages) {
      expect(signing.sha512(message)).toEqual(new Uint8Array(await crypto.subtle.digest('SHA-512', message)))
    }
  })
})

describe('sealing in a browser', () => {
  it.each(golden)('opens what was sealed elsewhere: $name', (entry) => {
    const bytes = hexToBytes(entry.envelope)
    const place = Object.fromEntries(Object.entries(entry.place).map(([field, hex]) => [field, hexToBytes(hex)]))
    const envelope = decodeEnvelope(bytes)
    const opened = openEntry({
      sha512: signing.sha512,
      key: hexToBytes(entry.key),
      bytes,
      envelope,
      place: place as unknown as EnvelopePlace,
    })
    expect(opened).toEqual({ ok: true, content: hexToBytes(entry.content) })
  })

  it('loads the words of a phrase when one is made', async () => {
    const { text, entropy } = await createRecoveryPhrase(random)
    expect(await parseRecoveryPhrase(text)).toEqual(entropy)
  })
})
