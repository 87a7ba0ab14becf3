import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson, parseFrozen, toCanonicalJson } from '../../src/document/json'
import { checkFieldName, checkRecordId, createWriter, isWriter } from '../../src/document/names'

const json = fc.jsonValue({ maxDepth: 4 }).filter((value) => !/\\u[dD]/.test(JSON.stringify(value)))

describe('canonical JSON', () => {
  test('carries every JSON value exactly and does not depend on the order of keys', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = toCanonicalJson(value)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(toCanonicalJson(reversed(value))).toBe(text)
        expect(canonicalJson(parseFrozen(text)!)).toBe(text)
      }),
      { seed: 1, numRuns: 300 },
    )
  })

  test('refuses what JSON cannot carry', () => {
    const holdsItself: unknown[] = []
    holdsItself.push(holdsItself)
    const refused = [
      undefined,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      1n,
      Symbol('x'),
      () => 1,
      new Date(0),
      new Map(),
      new Uint8Array(1),
      [undefined],
      new Array(2),
      { a: undefined },
      'half \ud83d',
      { '\udc00': 1 },
      holdsItself,
    ]
    for (const value of refused) {
      expect(() => toCanonicalJson(value)).toThrow(expect.objectContaining({ code: 'invalid-value' }))
    }
  })

  test('a small value that mentions a large part many times is refused before it is written out', () => {
    let value: unknown = 'x'.repeat(1000)
    for (let level = 0; level < 60; level++) value = [value, value]
    expect(() => toCanonicalJson(value)).toThrow(expect.objectContaining({ code: 'field-too-large' }))
  })
})

describe('names', () => {
  test('ids and fields are NFC text of 1 to 256 bytes without control characters', () => {
    for (const name of ['a', 'ann@example.com', '\u00e9', 'x'.repeat(256), 'é'.repeat(128), '__proto__', '*', ' ']) {
      expect(() => checkRecordId(name)).not.toThrow()
      expect(() => checkFieldName(name)).not.toThrow()
    }
    for (const name of [
      '',
      'e\u0301',
      'a\u0001b',
      'a\u007f',
      'a\u0085',
      'x'.repeat(257),
      'é'.repeat(129),
      '\ud800',
      1,
      null,
    ]) {
      expect(() => checkRecordId(name)).toThrow(expect.objectContaining({ code: 'invalid-id' }))
      expect(() => checkFieldName(name)).toThrow(expect.objectContaining({ code: 'invalid-field' }))
    }
  })

  test('a writer is 48 random bits', () => {
    expect(createWriter(() => new Uint8Array([0, 16, 131, 251, 255, 191]))).toBe('ABCD-_-_')
    expect(isWriter('ABCD-_-_')).toBe(true)
    for (const text of ['*', 'ABCD+/+/', 'ABCD-_-', '', 7]) expect(isWriter(text)).toBe(false)
  })
})

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, each]) => [key, reversed(each)]),
  )
}
