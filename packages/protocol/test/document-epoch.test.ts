import { describe, expect, it } from 'vitest'
import { countRebases, nextDocumentEpoch } from '../src'

const MOST = 2 ** 32 - 1

describe('a document epoch', () => {
  it('counts the rebases, whatever was drawn for them', () => {
    let epoch = 0
    for (const [index, drawn] of [0, 1, MOST, 7].entries()) {
      const next = nextDocumentEpoch(epoch, drawn)
      expect([countRebases(next), next > epoch]).toEqual([index + 1, true])
      epoch = next
    }
  })

  it('is another for two rebases of the same log, and one of them is the later one for everybody', () => {
    expect(nextDocumentEpoch(0, 2)).toBeGreaterThan(nextDocumentEpoch(0, 1))
    expect(nextDocumentEpoch(nextDocumentEpoch(0, MOST), 0)).toBeGreaterThan(nextDocumentEpoch(0, MOST))
  })

  it('is a number that travels for two million rebases', () => {
    expect(Number.isSafeInteger(nextDocumentEpoch(2_000_000 * 2 ** 32, MOST))).toBe(true)
  })
})
