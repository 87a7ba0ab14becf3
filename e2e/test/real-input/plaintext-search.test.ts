// A search that finds nothing proves nothing unless it is known to find.
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { PlaintextSearch, textsOf } from '../../support/plaintext-search'

const around = (bytes: Uint8Array): Buffer => Buffer.concat([randomBytes(50), bytes, randomBytes(50)])
const spellings = (search: PlaintextSearch, bytes: Uint8Array): string[] =>
  search.findIn(around(bytes)).map(({ spelling }) => spelling)

describe('the search for plaintext', () => {
  const text = 'Größe "Ann"\nLee'
  const search = new PlaintextSearch([text, 'Anna'])

  it('finds a text in every spelling, wherever the groups of base64 begin', () => {
    expect(spellings(search, Buffer.from(text))).toEqual(['utf-8'])
    expect(spellings(search, Buffer.from(JSON.stringify(text)))).toEqual(['json'])
    expect(spellings(search, Buffer.from(text, 'utf16le'))).toEqual(['utf-16'])
    for (const before of ['', 'x', 'xy', 'xyz']) {
      const encoded = Buffer.from(`${before}${text}after`).toString('base64')
      expect(spellings(search, Buffer.from(encoded))).toEqual([`base64+${before.length % 3}`])
    }
  })

  it('finds a short text as a JSON value, and anywhere when told that chance has no part', () => {
    expect(spellings(search, Buffer.from('{"name":"Anna"}'))).toEqual(['quoted'])
    expect(spellings(search, Buffer.from('["Anna"]'))).toEqual(['quoted'])
    expect(spellings(search, Buffer.from('Annabel'))).toEqual([])
    expect(spellings(new PlaintextSearch(['Anna'], 4), Buffer.from('Annabel'))).toEqual(['utf-8'])
  })

  it('looks for every text of a record, at any depth', () => {
    expect(textsOf({ name: 'Ann Lee', emails: [{ value: 'ann@example.com', label: 'me' }], port: 993 }, 4)).toEqual([
      'Ann Lee',
      'ann@example.com',
    ])
  })
})
