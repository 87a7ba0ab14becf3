// The clock that writes are dated by.
import { expect, it } from 'vitest'
import { openMemoryStore } from '../../src'
import { RelayClock } from '../../src/sync/connection/relay-clock'
import { StoreWriter } from '../../src/sync/store-writer'
import { FakePlatform } from './support/fake-platform'

const HOUR_MS = 3_600_000

function clockAt(): { readonly platform: FakePlatform; readonly clock: RelayClock } {
  const platform = new FakePlatform()
  return { platform, clock: new RelayClock(platform, new StoreWriter(openMemoryStore(), platform, () => {}), 0) }
}

it('a millisecond that has ended is over, though time stands still', () => {
  const { platform, clock } = clockAt()
  const ended = clock.endMillisecond()
  expect([ended, clock.now()]).toEqual([platform.timeMs, platform.timeMs + 1])
  expect(clock.endMillisecond()).toBe(ended + 1)
  platform.timeMs += 10
  expect(clock.now()).toBe(platform.timeMs)
})

it('a clock that is put back is believed all the same', () => {
  const { platform, clock } = clockAt()
  clock.endMillisecond()
  platform.timeMs -= HOUR_MS
  expect(clock.now()).toBe(platform.timeMs)
})
