// The JSON of account calls, and the bytes in it.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { base64urlToBytes, bytesToBase64url } from '../src/base64url'
import { decodeCallBody, encodeCallBody } from '../src/calls'
import { MAX_CALL_BYTES } from '../src/limits'

describe('base64url', () => {
  test('is that of RFC 4648, without padding', () => {
    for (const text of ['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar']) {
      const bytes = new TextEncoder().encode(text)
      expect(bytesToBase64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
    }
    expect(bytesToBase64url(new Uint8Array([0xfb, 0xff, 0xfe]))).toBe('-__-')
  })

  test('of any bytes leads back to them, and to nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = bytesToBase64url(bytes)
        expect(text).toBe(Buffer.from(bytes).toString('base64url'))
        expect(base64urlToBytes(text)).toEqual(bytes)
      }),
    )
  })

  test('has one spelling for each sequence of bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'AB-_zQgw9='), maxLength: 8 }), (text) => {
        let bytes: Uint8Array
        try {
          bytes = base64urlToBytes(text)
        } catch (error) {
          expect(error).toMatchObject({ name: 'ProtocolFailure', code: 'call-refused' })
          return
        }
        expect(bytesToBase64url(bytes)).toBe(text)
      }),
    )
    for (const text of ['A', 'AAAAA', 'AB', 'AAB', 'AA==', 'A A', 'AA+/', 'ÄÄ'])
      expect(() => base64urlToBytes(text)).toThrow()
  })
})

describe('the body of a call', () => {
  test('is a JSON object in UTF-8', () => {
    const body = { text: 'ümlaut 電話', list: [1, null, true] }
    expect(decodeCallBody(encodeCallBody(body))).toEqual(body)
  })

  test('that is anything else is refused', () => {
    const bad = ['', '[]', '1', 'null', '"x"', '{', '{}{}', '{"a":1,}', '\ufeff{}'].map((text) =>
      new TextEncoder().encode(text),
    )
    for (const bytes of [...bad, new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])])
      expect(() => decodeCallBody(bytes)).toThrow(expect.objectContaining({ code: 'call-refused' }))
  })

  test('fits its frame', () => {
    const overhead = encodeCallBody({ text: '' }).length
    expect(encodeCallBody({ text: 'x'.repeat(MAX_CALL_BYTES - overhead) }).length).toBe(MAX_CALL_BYTES)
    expect(() => encodeCallBody({ text: 'x'.repeat(MAX_CALL_BYTES - overhead + 1) })).toThrow(
      expect.objectContaining({ code: 'frame-too-large' }),
    )
  })
})
