// A relay in league with a thief: it forgets how long a wish for another recovery phrase has to wait.
import { REISSUE_WAIT_MS } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { KeyWorld } from '../../support/key-world'

describe('a relay that puts a thief’s phrase in force at once', () => {
  it.each(['granted by the device that asked', 'granted by a device that came in lately'])(
    'finds no device that takes it before a week is over by its own clock: %s',
    async (how) => {
      const world = new KeyWorld()
      const laptop = await world.create('laptop')
      const phone = await world.join('phone', laptop.phrase)
      const tablet = await world.join('tablet', laptop.phrase)
      await laptop.notes.add('1', { text: 'before' })
      await world.until(() => laptop.sync.status.isGreen && tablet.texts.length === 1)
      const puppet = await world.join('puppet', laptop.phrase)
      await world.outcomeOf(phone.sync.requestReissue())
      await world.until(() => laptop.sync.reissue !== undefined && tablet.sync.reissue !== undefined)

      // To the relay and the thief the week is over; to everybody else a minute has passed.
      for (const honest of [laptop, tablet]) honest.kill()
      world.timeMs += REISSUE_WAIT_MS
      const before = world.keyringLength
      const thief = how === 'granted by the device that asked' ? phone : puppet
      for (const each of [phone, puppet]) each.sync.goOffline()
      thief.sync.goOnline()
      if (thief === puppet) expect(await world.codeOf(puppet.sync.approveReissue())).toBe('done')
      await world.until(() => world.keyringLength > before)
      for (const each of [phone, puppet]) each.kill()
      world.timeMs -= REISSUE_WAIT_MS

      for (const honest of [laptop, tablet]) await honest.reopen()
      for (const honest of [laptop, tablet]) {
        await world.until(() => honest.problems.includes('reissue-early'))
        expect(honest.sync.reissue).toMatchObject({ requestedBy: phone.sync.deviceId })
      }
    },
  )
})
