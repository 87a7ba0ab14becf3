import { createHash } from 'node:crypto'
import {
  decodeEnvelope,
  decodeLargeEnvelope,
  domain,
  type EnvelopeHeader,
  type EnvelopePlace,
  encodeEnvelope,
  envelopeKinds,
  headerBytes,
  MAX_ENVELOPE_BYTES,
  MAX_INFLATED_BYTES,
} from '@owlivion/sync-protocol'
import fc from 'fast-check'
import { deflateSync } from 'fflate'
import nacl from 'tweetnacl'
import { describe, expect, it } from 'vitest'
import { hashEntry, type Opened, openEntry, pad, sealEntry } from '../../src/crypto'
import { bytesOf, countingRandom, filled, header, hexOf, key, place, sha512 } from './fixtures'
import golden from './golden/sealed-entries.json'

const random = (length: number) => nacl.randomBytes(length)
const text = (value: string) => new TextEncoder().encode(value)
const content = text('Ann Example, ann@example.com')

const seal = (overrides: Partial<Parameters<typeof sealEntry>[0]> = {}) =>
  sealEntry({ sha512, random, key, header, place, content, ...overrides })

/** As a device receives it: the keyring knows one epoch, whose key and key id are those of `place`. */
function receive(bytes: Uint8Array, where: EnvelopePlace = place, epochKey = key): Opened | { refused: string } {
  try {
    const envelope = decodeEnvelope(bytes)
    if (envelope.epoch !== header.epoch) return { refused: 'unknown epoch' }
    return openEntry({ sha512, key: epochKey, bytes, envelope, place: where })
  } catch (error) {
    return { refused: (error as Error).message }
  }
}

/** Seals anything, as a member with a broken or hostile app could. */
function sealRaw(padded: Uint8Array): Uint8Array {
  const nonce = random(24)
  const digest = createHash('sha512')
    .update(domain('binding'))
    .update(headerBytes(header, place))
    .update(nonce)
    .digest()
  const box = nacl.secretbox(Buffer.concat([digest.subarray(0, 32), padded]), nonce, key)
  return encodeEnvelope({ ...header, nonce, box })
}

describe('a sealed entry', () => {
  it('opens to what was sealed, compressed or not', () => {
    const repetitive = fc
      .tuple(fc.string({ maxLength: 20 }), fc.nat(400))
      .map(([unit, times]) => text(unit.repeat(times)))
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 3_000, size: 'max' }), repetitive),
        fc.boolean(),
        (sealed, compress) => {
          expect(receive(seal({ content: sealed, compress }).envelope)).toEqual({ ok: true, content: sealed })
        },
      ),
    )
  })

  it('hides which of two short contents is longer', () => {
    expect(seal({ content: text('+49 30 1234567') }).envelope.length).toBe(
      seal({ content: text('a note of fifty letters, more or less, in a row') }).envelope.length,
    )
  })

  it('is smaller when compressed, and not compressed when told so', () => {
    const note = text('the same again. '.repeat(500))
    expect(seal({ content: note }).envelope.length).toBeLessThan(512)
    expect(seal({ content: note, compress: false }).envelope.length).toBeGreaterThan(note.length)
  })

  it('holds the hash of its header and nonce in front of the padded content', () => {
    const { nonce, box } = decodeEnvelope(seal().envelope)
    const opened = nacl.secretbox.open(box, nonce, key) as Uint8Array
    const binding = createHash('sha512')
      .update(domain('binding'))
      .update(headerBytes(header, place))
      .update(nonce)
      .digest()
    expect(hexOf(opened.subarray(0, 32))).toBe(binding.toString('hex', 0, 32))
    expect(opened.subarray(32)).toEqual(pad({ compressed: false, content }))
  })

  it('has the hashes that a receiver finds', () => {
    const { envelope, hash, envelopeHash } = seal()
    expect(hashEntry(sha512, envelope, decodeEnvelope(envelope), place)).toEqual({ hash, envelopeHash })
  })

  it('is refused when any single byte of it is another', () => {
    const { envelope, hash } = seal()
    for (let i = 0; i < envelope.length; i++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const altered = Uint8Array.from(envelope, (byte, j) => (j === i ? byte ^ flip : byte))
        expect(receive(altered), `byte ${i} ^ ${flip}`).not.toHaveProperty('content')
        expect(altered.length === envelope.length && safeHash(altered), `hash, byte ${i}`).not.toEqual(hash)
      }
    }
  })

  it('is refused when it is cut off or goes on', () => {
    const { envelope } = seal()
    for (let length = 0; length < envelope.length; length++) {
      expect(receive(envelope.subarray(0, length)), `${length} bytes`).not.toHaveProperty('content')
    }
    expect(receive(Uint8Array.of(...envelope, 0))).toEqual({ ok: false, reason: 'not-authentic' })
  })

  it('does not open under another key', () => {
    expect(receive(seal().envelope, place, filled(32, 9))).toEqual({ ok: false, reason: 'not-authentic' })
  })

  const elsewhere = (field: keyof EnvelopePlace, length: number): [string, EnvelopePlace] => [
    field,
    { ...place, [field]: filled(length, 99) },
  ]
  it.each([elsewhere('account', 32), elsewhere('document', 16), elsewhere('keyId', 32), elsewhere('previous', 32)])(
    'is misplaced under another %s',
    (_, where) => {
      expect(receive(seal().envelope, where)).toEqual({ ok: false, reason: 'misplaced' })
    },
  )

  const moves: [string, Partial<EnvelopeHeader>][] = [
    ['version', { version: 2 }],
    ['suite', { suite: 2 }],
    ['kind', { kind: envelopeKinds.seen }],
    ['document epoch', { documentEpoch: 1 }],
    ['device', { device: filled(16, 99) }],
    ['incarnation', { incarnation: 8 }],
    ['sequence', { sequence: 2 }],
  ]
  it.each(moves)('is misplaced as if of another %s', (_, move) => {
    const envelope = decodeEnvelope(seal().envelope)
    const moved = encodeEnvelope({ ...envelope, ...move })
    expect(receive(moved)).toEqual({ ok: false, reason: 'misplaced' })
  })

  it('is damaged, and nothing is thrown, when its author padded or deflated it wrong', () => {
    const padded = pad({ compressed: false, content })
    expect(receive(sealRaw(Uint8Array.from(padded, (byte, i) => (i === 60 ? 1 : byte))))).toEqual({
      ok: false,
      reason: 'damaged',
    })
    expect(receive(sealRaw(pad({ compressed: true, content })))).toEqual({ ok: false, reason: 'damaged' })
    expect(receive(sealRaw(pad({ compressed: true, content: new Uint8Array() })))).toEqual({
      ok: false,
      reason: 'damaged',
    })
  })

  it('is too large when it would inflate beyond the limit', () => {
    const bomb = deflateSync(new Uint8Array(MAX_INFLATED_BYTES + 1))
    expect(receive(sealRaw(pad({ compressed: true, content: bomb })))).toEqual({ ok: false, reason: 'too-large' })
  })

  it('is not made when nobody would take it', () => {
    const noise = nacl.randomBytes(MAX_ENVELOPE_BYTES)
    expect(() => seal({ content: noise })).toThrow(
      expect.objectContaining({ name: 'SyncError', code: 'entry-too-large' }),
    )
    expect(() => seal({ content: new Uint8Array(MAX_INFLATED_BYTES + 1) })).toThrow(
      expect.objectContaining({ code: 'entry-too-large' }),
    )
  })

  it('may be larger as a snapshot', () => {
    const noise = nacl.randomBytes(MAX_ENVELOPE_BYTES)
    const { envelope } = seal({ content: noise, header: { ...header, kind: envelopeKinds.snapshot } })
    const opened = openEntry({ sha512, key, bytes: envelope, envelope: decodeLargeEnvelope(envelope), place })
    expect(opened.ok && hexOf(opened.content) === hexOf(noise)).toBe(true)
  })
})

describe('the nonce', () => {
  const nonceOf = (overrides: Parameters<typeof seal>[0]) => hexOf(decodeEnvelope(seal(overrides).envelope).nonce)

  it('is another for every content, place and key although a cloned machine draws the same random bytes', () => {
    const cloned = countingRandom()
    const note = text('the same again. '.repeat(500))
    const nonces = [
      nonceOf({ random: cloned }),
      nonceOf({ random: cloned, content: text('something else') }),
      nonceOf({ random: cloned, header: { ...header, sequence: 2 } }),
      nonceOf({ random: cloned, place: { ...place, previous: filled(32, 1) } }),
      nonceOf({ random: cloned, key: filled(32, 2) }),
      nonceOf({ random: cloned, content: note }),
      nonceOf({ random: cloned, content: note, compress: false }),
    ]
    expect(new Set(nonces).size).toBe(nonces.length)
  })

  it('is another each time for one content', () => {
    const nonces = Array.from({ length: 100 }, () => nonceOf({}))
    expect(new Set(nonces).size).toBe(100)
  })
})

describe('the format', () => {
  const goldenPlace = (entry: (typeof golden)[number]) =>
    Object.fromEntries(
      Object.entries(entry.place).map(([field, hex]) => [field, bytesOf(hex)]),
    ) as unknown as EnvelopePlace

  it.each(golden)('still opens the golden entry: $name', (entry) => {
    const bytes = bytesOf(entry.envelope)
    const envelope = decodeEnvelope(bytes)
    const place = goldenPlace(entry)
    const opened = openEntry({ sha512, key: bytesOf(entry.key), bytes, envelope, place })
    expect(opened.ok && hexOf(opened.content)).toBe(entry.content)
    const hashes = hashEntry(sha512, bytes, envelope, place)
    expect([hexOf(hashes.hash), hexOf(hashes.envelopeHash)]).toEqual([entry.hash, entry.envelopeHash])
  })

  // What deflate makes of a content may change with the library; everything else may not.
  it.each(golden.filter(({ name }) => !name.includes('deflated')))('still makes the golden entry: $name', (entry) => {
    const sealed = sealEntry({
      sha512,
      random: () => bytesOf(entry.random),
      key: bytesOf(entry.key),
      header: { ...entry.header, device: bytesOf(entry.header.device) } as EnvelopeHeader,
      place: goldenPlace(entry),
      content: bytesOf(entry.content),
    })
    expect(hexOf(sealed.envelope)).toBe(entry.envelope)
    expect([hexOf(sealed.hash), hexOf(sealed.envelopeHash)]).toEqual([entry.hash, entry.envelopeHash])
  })
})

function safeHash(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return hashEntry(sha512, bytes, decodeEnvelope(bytes), place).hash
  } catch {
    return undefined
  }
}
