import { describe, expect, test } from 'vitest'
import { baselineOf, regressions } from '../src/report/baseline'
import { verdicts } from '../src/report/ratios'
import type { Measured } from '../src/rounds'

const measure = (engine: string, workload: string, figure: string, ...values: number[]): Measured => ({
  engine,
  workload,
  figures: values.map((value) => ({ [figure]: value })),
  failed: [],
})

describe('what a run says', () => {
  test('ratios are of one round each, and their median counts', () => {
    // The machine was ten times slower in the second round, for both.
    const run = [measure('owlivion', 'W2', 'p50 ms', 1, 10, 3), measure('ywebsocket', 'W2', 'p50 ms', 2, 20, 2)]
    const verdict = verdicts(run).find(({ against, figure }) => against === 'ywebsocket' && figure === 'p50 ms')
    expect(verdict).toMatchObject({ ratio: 0.5, spread: [0.5, 1.5], isMet: true })
  })

  test('a rate has to be high, a time low, and what was not measured is not called met', () => {
    const slow = [measure('owlivion', 'W3', 'updates/s', 10), measure('floor', 'W3', 'updates/s', 100)]
    const verdict = (against: string) =>
      verdicts(slow).find((each) => each.workload === 'W3' && each.against === against)?.isMet
    expect(verdict('floor')).toBe(false)
    expect(verdict('ywebsocket')).toBeUndefined()
  })
})

describe('the baseline', () => {
  const before = baselineOf([
    measure('owlivion', 'W2', 'p50 ms', 2, 2.2, 2),
    measure('floor', 'W2', 'p50 ms', 1, 1, 1),
    measure('owlivion', 'W3', 'updates/s', 40, 50, 40),
    measure('floor', 'W3', 'updates/s', 100, 100, 100),
  ])
  const after = (p50: number, rate: number) =>
    regressions(before, [
      measure('owlivion', 'W2', 'p50 ms', p50),
      measure('floor', 'W2', 'p50 ms', 1),
      measure('owlivion', 'W3', 'updates/s', rate),
      measure('floor', 'W3', 'updates/s', 100),
    ])

  test('says nothing of noise, nor of what became better', () => {
    expect(after(2.5, 35)).toEqual([])
    expect(after(0.1, 1_000)).toEqual([])
  })

  test('names what became worse by more than that', () => {
    expect(after(3.5, 40)).toEqual(['W2, p50 ms: 3.50× of the floor, was 2.00× (noise 1.5)'])
    expect(after(2, 20)).toEqual(['W3, updates/s: 0.200× of the floor, was 0.400× (noise 1.5)'])
  })
})
