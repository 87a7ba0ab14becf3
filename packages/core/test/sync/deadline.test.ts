// The two clocks of a deadline, each of which may lie in its own way.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Deadline } from '../../src/sync/connection/deadline'

const start = 1_700_000_000_000

it('a deadline comes when the wall clock says so, though timers stood still', () => {
  const deadline = Deadline.after(60_000, start)
  expect(deadline.hasCome(start + 59_999)).toBe(false)
  expect(deadline.hasCome(start + 60_000)).toBe(true)
})

it('a deadline comes when timers have counted enough, though the wall clock was set back by years', () => {
  const deadline = Deadline.after(60_000, start)
  const longAgo = start - 300_000_000_000
  deadline.counted(30_000, longAgo)
  expect(deadline.waitMs(longAgo)).toBe(30_000)
  expect(deadline.atMs).toBe(longAgo + 30_000)
  deadline.counted(30_000, longAgo)
  expect(deadline.hasCome(longAgo)).toBe(true)
})

it('a stored deadline is never further away than it was when it was stored', () => {
  const stored = Deadline.after(60_000, start).toStored(start + 10_000)
  expect(Deadline.stored(stored, start + 20_000).waitMs(start + 20_000)).toBe(40_000)
  expect(Deadline.stored(stored, start - 1_000_000).waitMs(start - 1_000_000)).toBe(50_000)
  expect(Deadline.stored(stored, start + 1_000_000).hasCome(start + 1_000_000)).toBe(true)
})

it('whatever the clocks do, no deadline is put off beyond what timers count', () => {
  const step = fc.record({ elapsed: fc.nat(100_000), jump: fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }) })
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.array(step), (waitMs, steps) => {
      let now = start
      let elapsed = 0
      const deadline = Deadline.after(waitMs, now)
      for (const each of steps) {
        now += each.elapsed + each.jump
        elapsed += each.elapsed
        deadline.counted(each.elapsed, now)
        expect(deadline.waitMs(now)).toBeLessThanOrEqual(Math.max(0, waitMs - elapsed))
      }
    }),
  )
})
