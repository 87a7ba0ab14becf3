// What is kept of a schedule comes back as it was, and nothing else is taken for one.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeSchedule, defaultSchedule, encodeSchedule, type SyncMode } from '../../src/sync/schedule/schedule-row'

const time = fc.nat(Number.MAX_SAFE_INTEGER)
const deadline = fc.record({ atMs: time, leftMs: time })
const schedule = fc.record({
  settings: fc.record({
    mode: fc.constantFrom<SyncMode>('live', 'manual', 15, 30, 60, 120, 240),
    onStart: fc.boolean(),
    onNetworkReturn: fc.boolean(),
  }),
  paused: fc.oneof(fc.boolean(), deadline),
  next: fc.option(deadline, { nil: undefined }),
  hold: fc.option(deadline, { nil: undefined }),
  failures: fc.nat(),
  lastRun: fc.option(
    fc.record({
      startedAtMs: time,
      endedAtMs: time,
      failed: fc.option(fc.constantFrom('relay-unreachable', 'sync-unfinished'), { nil: undefined }),
    }),
    { nil: undefined },
  ),
  lastDoneMs: fc.option(time, { nil: undefined }),
})

it('a schedule comes back as it was stored', () => {
  fc.assert(
    fc.property(schedule, (each) => {
      expect(decodeSchedule(encodeSchedule(each))).toEqual(each)
    }),
  )
  expect(decodeSchedule(encodeSchedule(defaultSchedule))).toEqual(defaultSchedule)
})

it('a row that is cut short, too long, or of another version is damaged', () => {
  const row = encodeSchedule(defaultSchedule)
  const unknownMode = row.slice()
  unknownMode[1] = 99
  const newer = row.slice()
  newer[0] = 2
  for (const damaged of [row.subarray(1), row.subarray(0, -1), new Uint8Array([...row, 0]), unknownMode, newer])
    expect(() => decodeSchedule(damaged)).toThrow(expect.objectContaining({ code: 'profile-damaged' }))
})
