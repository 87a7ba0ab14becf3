import { describe, expect, it } from 'vitest'
import { backoffMs } from '../../src/sync/connection/backoff'

const fixed = (value: number) => (length: number) => new Uint8Array(length).fill(value)

describe('the wait after failures', () => {
  it('lies at random below a ceiling that doubles from half a second to half a minute, and is never nothing', () => {
    const ceilings = [1, 2, 3, 4, 5, 6, 7, 8, 50, 1_000].map((failures) => backoffMs(failures, fixed(255)))
    expect(ceilings).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000])
    for (const failures of [1, 5, 1_000]) expect(backoffMs(failures, fixed(0))).toBe(1)
    expect(backoffMs(7, fixed(127))).toBeCloseTo(15_000, -3)
  })
})
