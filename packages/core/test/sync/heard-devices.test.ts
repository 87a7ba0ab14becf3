// When devices were heard of: what counts, what is kept, and whose silence is told.
import type { DeviceId } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { MemoryDisk, openMemoryStore } from '../../src/storage'
import { HeardDevices, isSilentSince, SILENT_AFTER_MS } from '../../src/sync/account/heard-devices'
import { LifeSigns } from '../../src/sync/account/life-signs'
import { FakePlatform } from './support/fake-platform'

const phone = new Uint8Array(16).fill(1) as DeviceId
const phoneId = '01'.repeat(16)

describe('when a device was heard of', () => {
  it('is the latest that it said, whatever comes afterwards, and never later than now', async () => {
    const heard = await HeardDevices.read(openMemoryStore())
    heard.heard(phone, 2_000, 9_000)
    heard.heard(phone, 1_000, 9_000)
    expect(heard.lastHeardMs(phoneId)).toBe(2_000)
    heard.heard(phone, 90_000, 9_500)
    expect(heard.lastHeardMs(phoneId)).toBe(9_500)
  })

  it('outlives a restart, and is written only when there is news', async () => {
    const disk = new MemoryDisk()
    const heard = await HeardDevices.read(openMemoryStore(disk))
    expect(heard.toKeep()).toBeUndefined()
    heard.heard(phone, 2_000, 9_000)
    await openMemoryStore(disk).commit(heard.toKeep() ?? {})
    heard.heard(phone, 2_000, 9_000)
    expect(heard.toKeep()).toBeUndefined()
    expect((await HeardDevices.read(openMemoryStore(disk))).lastHeardMs(phoneId)).toBe(2_000)
  })

  it('makes the profile damaged when it cannot be read', async () => {
    const store = openMemoryStore()
    await store.commit({ put: [[['heard'], Uint8Array.of(9, 9)]] })
    await expect(HeardDevices.read(store)).rejects.toMatchObject({ code: 'profile-damaged' })
  })

  it('is told once for each silence', async () => {
    const heard = await HeardDevices.read(openMemoryStore())
    expect(heard.newlySilent([phoneId])).toEqual([phoneId])
    expect(heard.newlySilent([phoneId])).toEqual([])
    heard.heard(phone, 5_000, 9_000)
    expect(heard.newlySilent([phoneId])).toEqual([phoneId])
  })

  it('is long ago after three days, and says nothing of a device that nobody knows the time of', () => {
    expect(isSilentSince(1_000, 1_000 + SILENT_AFTER_MS)).toBe(false)
    expect(isSilentSince(1_000, 1_001 + SILENT_AFTER_MS)).toBe(true)
    expect(isSilentSince(undefined, Number.MAX_SAFE_INTEGER)).toBe(false)
  })
})

describe('signs of life', () => {
  it('go out hourly, of one collection after another, while there is a connection, and leave no timer', async () => {
    const platform = new FakePlatform()
    const signs: string[] = []
    const documents = ['contacts', 'notes'].map((name) => ({ tellSeen: () => void signs.push(name) }))
    const life = new LifeSigns({ platform, documents: () => documents, look: () => void signs.push('look') })
    life.connected()
    await platform.advance(60_000)
    expect(signs).toEqual(['look'])
    for (let hour = 0; hour < 3; hour++) await platform.advance(3_600_000)
    expect(signs).toEqual(['look', 'contacts', 'look', 'notes', 'look', 'contacts', 'look'])
    life.disconnected()
    expect(platform.timers).toEqual([])
  })

  it('of a device without a collection are none', async () => {
    const platform = new FakePlatform()
    const life = new LifeSigns({ platform, documents: () => [], look: () => {} })
    life.connected()
    await platform.advance(60_000)
    await platform.advance(3_600_000)
    expect(platform.timers.length).toBe(1)
  })
})
