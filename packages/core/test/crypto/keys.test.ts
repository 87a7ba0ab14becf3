import { hkdfSync } from 'node:crypto'
import { type DocumentId, domain } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { deviceInfoKey, documentIdOf, documentKey, epochKeyId } from '../../src/crypto'
import { filled, hexOf, sha512 } from './fixtures'

const epochKey = filled(32, 1)
const document = filled<DocumentId>(16, 2)

describe('derived keys', () => {
  it('are those of HKDF-SHA-512 with the purpose as info', () => {
    const info = Buffer.concat([domain('document-key'), document])
    const expected = hkdfSync('sha512', epochKey, new Uint8Array(), info, 32)
    expect(hexOf(documentKey(epochKey, document))).toBe(Buffer.from(expected).toString('hex'))
  })

  it('are others for every document, epoch and purpose', () => {
    const keys = [
      documentKey(epochKey, document),
      documentKey(epochKey, filled(16, 3)),
      documentKey(filled(32, 9), document),
      deviceInfoKey(epochKey, filled(32, 2)),
      deviceInfoKey(epochKey, filled(32, 3)),
      epochKeyId(sha512, epochKey),
      epochKey,
    ].map(hexOf)
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('do not change', () => {
    expect(hexOf(documentKey(epochKey, document))).toMatchInlineSnapshot(
      `"2d23870afcba4f0975eec72f7b97d7442d0a82b5c65fcc5b94a6dc20bfa0cf8e"`,
    )
    expect(hexOf(documentIdOf(epochKey, 'contacts'))).toMatchInlineSnapshot(`"53aed0c31c191457ba745566f6aa1bde"`)
    expect(hexOf(epochKeyId(sha512, epochKey))).toMatchInlineSnapshot(
      `"9ed18b83cd6a3bad0a48ae829df750922445f77f978c472e5693415c75266e90"`,
    )
    expect(hexOf(deviceInfoKey(epochKey, filled(32, 2)))).toMatchInlineSnapshot(
      `"8da585aa1f1792de1043b2a035da8afd2f64b7f6333c263a675a0843d648a751"`,
    )
  })
})

describe('a document id', () => {
  it('is 16 bytes that another account does not share', () => {
    expect(documentIdOf(epochKey, 'contacts')).toHaveLength(16)
    expect(documentIdOf(epochKey, 'contacts')).not.toEqual(documentIdOf(filled(32, 9), 'contacts'))
    expect(documentIdOf(epochKey, 'contacts')).not.toEqual(documentIdOf(epochKey, 'accounts'))
  })

  it('is the same however the name is composed', () => {
    expect(documentIdOf(epochKey, 'Entwu\u0308rfe')).toEqual(documentIdOf(epochKey, 'Entw\u00fcrfe'))
  })
})
