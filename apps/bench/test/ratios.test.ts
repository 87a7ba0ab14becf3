import { describe, expect, test } from 'vitest'
import { baselineOf, regressions } from '../src/report/baseline'
import { markdownOf } from '../src/report/markdown'
import { reasons } from '../src/report/misses'
import { verdicts } from '../src/report/ratios'
import { marks, withTargets } from '../src/report/readme'
import type { Measured } from '../src/rounds'

const measure = (engine: string, workload: string, figure: string, ...values: number[]): Measured => ({
  engine,
  workload,
  figures: values.map((value) => ({ [figure]: value })),
  failed: [],
})

const machine = { cpu: 'any', cores: 1, memoryGiB: 1, node: 'v20' }
const report = { machine, date: '2026-01-01T00:00:00Z', rounds: 1 }

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

  test('what was lost counts as it is', () => {
    const lost = (...values: number[]) =>
      verdicts([measure('owlivion', 'W7', 'lost', ...values)]).find(({ workload }) => workload === 'W7')
    expect(lost(0, 0, 0)).toMatchObject({ ratio: 0, spread: [0, 0], isMet: true })
    expect(lost(0, 1, 1)?.isMet).toBe(false)
  })

  test('a missed target is there with its reason, a met one without', () => {
    const workload = { name: 'W2', title: 'Live', run: async () => ({}) }
    const markdown = (ours: number) =>
      markdownOf({ ...report, measured: [measure('owlivion', 'W2', 'p50 ms', ours), floorsW2] }, [workload])
    const floorsW2 = measure('floor', 'W2', 'p50 ms', 1)
    expect(markdown(1)).not.toContain('What is missed')
    expect(markdown(5)).toContain(`### What is missed, and why\n\n- **W2.** ${reasons.W2}`)
    expect(reasons.W2).toBeDefined()
  })

  test('the targets take the place of those that the README had', () => {
    const page = `before\n${marks.start}\nold\n${marks.end}\nafter`
    const written = withTargets(page, [measure('owlivion', 'W7', 'lost', 0)])
    expect(written).toMatch(/^before\n.*\n\n\| workload.*met.*\n\n.*\nafter$/s)
    expect(written).not.toContain('old')
    expect(withTargets(written, [measure('owlivion', 'W7', 'lost', 0)])).toBe(written)
    expect(() => withTargets('a page without a place', [])).toThrow('has no lines')
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
    ]).map(({ sentence }) => sentence)

  test('says nothing of noise, nor of what became better', () => {
    expect(after(2.5, 35)).toEqual([])
    expect(after(0.1, 1_000)).toEqual([])
  })

  test('names what became worse by more than that', () => {
    expect(after(4, 40)).toEqual(['W2, p50 ms: 4.00× of the floor, was 2.00× (noise 1.8)'])
    expect(after(2, 20)).toEqual(['W3, updates/s: 0.200× of the floor, was 0.400× (noise 1.8)'])
  })

  test('names what was lost, what failed, and what was not measured, but no workload that was not run', () => {
    const found = regressions(before, [
      { engine: 'owlivion', workload: 'W2', figures: [], failed: ['it stood still'] },
      measure('owlivion', 'W7', 'lost', 0, 2),
    ])
    expect(found.map(({ sentence }) => sentence)).toEqual([
      'W2: it stood still',
      'W7: 2 acknowledged edits were lost',
      'W2, p50 ms: not measured',
    ])
  })

  test('allows bytes little noise', () => {
    const bytesOf = (ours: number) => [
      measure('owlivion', 'W1', 'disk kB', ours),
      measure('floor', 'W1', 'disk kB', 100),
    ]
    expect(regressions(baselineOf(bytesOf(50)), bytesOf(56))).toEqual([])
    expect(regressions(baselineOf(bytesOf(50)), bytesOf(60))).toHaveLength(1)
  })
})
