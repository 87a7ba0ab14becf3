// A thousand documents on one socket: what they cost in frames, and what they leave behind.
import { createAccount, joinAccount, openMemoryStore, type Platform, type Sync } from '@owlivion/sync'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type CountedPlatform, countedPlatform } from '../../support/counted-platform'
import { temporaryFolder } from '../../support/temporary-folder'
import { type PipeRelay, startPipeRelay } from '../../support/world'

const relay = 'ws://127.0.0.1:1'
const COUNT = 1_000
const names = Array.from({ length: COUNT }, (_, i) => `folder ${i}`)

let world: PipeRelay

beforeEach(() => {
  world = startPipeRelay(temporaryFolder())
})
afterEach(() => world.close())

/** A platform that knows which of its timers run. */
function timedPlatform(platform: Platform): Platform & { readonly running: Set<object> } {
  const running = new Set<object>()
  return {
    ...platform,
    running,
    setTimer(delayMs, callback) {
      const timer = {}
      running.add(timer)
      const cancel = platform.setTimer(delayMs, () => {
        running.delete(timer)
        callback()
      })
      return () => {
        running.delete(timer)
        cancel()
      }
    },
  }
}

const ofType = (platform: CountedPlatform, from: 'device' | 'relay', type: string): number =>
  platform.frames.filter((each) => each.from === from && each.frame.type === type).length

let noiseState = 1
/** Text that does not become smaller by compression. */
function noise(length: number): string {
  let text = ''
  for (; text.length < length; text += (noiseState >>> 8).toString(36))
    noiseState = (Math.imul(noiseState, 1_664_525) + 1_013_904_223) >>> 0
  return text.slice(0, length)
}

async function openAll(sync: Sync): Promise<void> {
  for (const name of names) await sync.open<{ text: string }>(name)
}

describe('a thousand documents', () => {
  it.each([
    ['that fit one answer', 100, 2],
    ['that do not fit one answer', 20_000, 24],
  ] as const)(
    '%s are pulled without a round trip for each, and leave nothing behind',
    async (_what, size, maxAsked) => {
      const writer = await createAccount({
        relay,
        platform: world.platform,
        store: openMemoryStore(),
        deviceName: 'laptop',
      })
      await writer.sync.flush()
      await openAll(writer.sync)
      await writer.sync.whenCaughtUp()
      for (const name of names) {
        const text = noise(size)
        void (await writer.sync.open<{ text: string }>(name)).add('one', { text })
      }
      await writer.sync.flush()
      const { recoveryPhrase } = writer
      await writer.sync.close()

      const timed = timedPlatform(world.platform)
      const platform = countedPlatform(timed)
      const options = { relay, platform, store: openMemoryStore(), deviceName: 'phone', recoveryPhrase, online: false }
      const reader = await joinAccount(options)
      await openAll(reader)
      platform.frames.splice(0)
      reader.goOnline()
      await reader.whenCaughtUp()
      for (const name of names) expect((await reader.open(name)).has('one')).toBe(true)
      const asked = ofType(platform, 'device', 'subscribe')
      const bytes = platform.frames.reduce((sum, each) => sum + (each.frame.type === 'page' ? each.sizeBytes : 0), 0)
      expect(bytes).toBeGreaterThan(COUNT * size * 0.6)
      expect(asked).toBeLessThanOrEqual(maxAsked)
      expect(ofType(platform, 'relay', 'page')).toBeLessThanOrEqual(COUNT * (size > 1_000 ? 8 : 1))
      // Each document tells once what was read; nothing else is sent.
      await vi.waitFor(() => expect(ofType(platform, 'device', 'seen-put')).toBe(COUNT), 60_000)
      await reader.refreshDevices()
      const others = platform.frames.filter(
        ({ from, frame }) =>
          from === 'device' && !['subscribe', 'seen-put', 'hello', 'auth', 'ping', 'call'].includes(frame.type),
      )
      expect(others.map(({ frame }) => frame.type)).toEqual([])
      await reader.close()
      expect(timed.running.size).toBe(0)
    },
  )
})
