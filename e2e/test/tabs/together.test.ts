// What tabs may and may not share.
import { expect } from 'vitest'
import { itWithChromium } from '../../../packages/core/test/storage/chromium'
import { tabsWorld, until, untilEqual } from './tabs-world'

itWithChromium(
  'two accounts of one origin do not mix, whichever tabs have them open',
  async () => {
    const world = await tabsWorld()
    const [first, second, third, fourth] = [
      await world.newTab(),
      await world.newTab(),
      await world.newTab(),
      await world.newTab(),
    ]
    await first!.page.evaluate((relay) => tab.create(relay, 'one'), world.relay)
    await second!.page.evaluate((relay) => tab.create(relay, 'two'), world.relay)
    expect(await third!.page.evaluate(() => tab.open('one'))).toBe('open')
    expect(await fourth!.page.evaluate(() => tab.open('two'))).toBe('open')
    await Promise.all([
      first!.page.evaluate(() => tab.add(['a', 'b'], 'One')),
      fourth!.page.evaluate(() => tab.add(['c'], 'Two')),
    ])
    await untilEqual([first!, third!], 2)
    await untilEqual([second!, fourth!], 1)
    expect(world.connections()).toBe(2)
    await first!.page.close()
    await third!.page.evaluate(() => tab.add(['d'], 'One'))
    await third!.page.evaluate(() => tab.flush())
    expect(await fourth!.page.evaluate(() => tab.list())).toEqual(['c=Two'])
    expect(world.connections()).toBe(2)
  },
  120_000,
)

itWithChromium(
  'a tab of a version with which there is no common language is told so, and so is one that a newer takes the profile from',
  async () => {
    const world = await tabsWorld()
    const [first, second, third] = [await world.newTab(), await world.newTab(), await world.newTab()]
    await first!.page.evaluate((relay) => tab.create(relay), world.relay)
    const device = await first!.page.evaluate(() => tab.deviceId())
    expect(await second!.page.evaluate(() => tab.open())).toBe('open')

    // Kinds that are not known, noise, and an older stranger do no harm.
    await third!.page.evaluate(() => tab.open())
    await third!.page.evaluate(() => tab.sayHelloAs(0))
    await second!.page.evaluate(() => tab.add(['ann'], 'Ann'))
    await untilEqual([first!, second!, third!], 1)
    expect(await first!.page.evaluate(() => tab.problems())).toEqual([])
    await third!.page.evaluate(() => tab.flush())

    // A newer one has the profile: it can read what the older wrote.
    const newer = 'profile-in-use: A newer version of this app is open in another window; reload this one.'
    await third!.page.evaluate(() => tab.sayHelloAs(99))
    for (const { page } of [first!, second!])
      await until(async () => (await page.evaluate(() => tab.problems())).includes(newer))
    await third!.page.evaluate(() => tab.close())
    await until(() => world.connections() === 0)
    await third!.page.evaluate((id) => tab.leadAs(id, 99), device)
    expect(await first!.page.evaluate(() => tab.open())).toBe(newer)
    expect(await first!.page.evaluate(() => tab.open())).toBe(newer)
    await third!.page.close()

    // An older leader gives way to this version, which finds everything.
    await second!.page.evaluate((id) => tab.leadAs(id, 0), device)
    expect(await first!.page.evaluate(() => tab.open())).toBe('open')
    await untilEqual([first!], 1)

    // One from before tabs shared does not answer at all.
    await first!.page.evaluate(() => tab.close())
    await second!.page.evaluate((id) => tab.leadAs(id, undefined), device)
    expect(await first!.page.evaluate(() => tab.open())).toBe(
      'profile-in-use: Another window has this account open and does not share it.',
    )
  },
  120_000,
)

itWithChromium(
  'a profile that a window has alone, or that an earlier version of the app has open, is refused with a word on what to do',
  async () => {
    const world = await tabsWorld()
    const [first, second] = [await world.newTab(), await world.newTab()]
    await first!.page.evaluate((relay) => tab.create(relay), world.relay)
    expect(await second!.page.evaluate(() => tab.open('mail', 'alone'))).toMatch(/^profile-in-use: /)
    await first!.page.evaluate(() => tab.close())
    expect(await second!.page.evaluate(() => tab.open('mail', 'alone'))).toBe('open')
    expect(await first!.page.evaluate(() => tab.open())).toBe(
      'profile-in-use: Another window has this account open and does not share it.',
    )
  },
  120_000,
)

itWithChromium(
  'what only the leader can do is done for a follower, and its refusals come back as what they are',
  async () => {
    const world = await tabsWorld()
    const [first, second] = [await world.newTab(), await world.newTab()]
    await first!.page.evaluate((relay) => tab.create(relay), world.relay)
    await second!.page.evaluate(() => tab.open())
    expect(await second!.page.evaluate(() => tab.refusalOf('removeUnknown'))).toBe('SyncError device-unknown')
    expect(await second!.page.evaluate(() => tab.refusalOf('wrongPhrase'))).toBe('SyncError phrase-length')
    await second!.page.evaluate(() => tab.add(['ann'], 'Ann'))
    await second!.page.evaluate(() => tab.rotateKeys())
    await second!.page.evaluate(() => tab.goOffline())
    await until(async () => (await first!.page.evaluate(() => tab.status())).connection === 'offline')
    expect(world.connections()).toBe(0)
    // Whoever leads next stays offline, too.
    await first!.page.close()
    await second!.page.evaluate(() => tab.add(['bob'], 'Bob'))
    await until(async () => (await second!.page.evaluate(() => tab.status())).unsent === 1)
    expect(world.connections()).toBe(0)
    await second!.page.evaluate(() => tab.goOnline())
    await second!.page.evaluate(() => tab.flush())
  },
  120_000,
)

itWithChromium(
  'a follower lets a device in: it takes the lead for that, and keeps it until it is done',
  async () => {
    const world = await tabsWorld()
    const [first, second, phone] = [await world.newTab(), await world.newTab(), await world.newTab()]
    await first.page.evaluate((relay) => tab.create(relay), world.relay)
    expect(await second.page.evaluate(() => tab.open())).toBe('open')
    await second.page.evaluate(() => tab.add(['ann'], 'Ann'))
    await second.page.evaluate(() => tab.flush())
    const code = await phone.page.evaluate((relay) => tab.offerPairing(relay, 'phone'), world.relay)
    expect(await second.page.evaluate((text) => tab.acceptPairing(text), code)).toBe('phone')
    expect(await first.page.evaluate((text) => tab.refusalToAccept(text), code)).toMatch(/^profile-in-use: /)
    await first.page.evaluate(() => tab.add(['bob'], 'Bob'))
    await second.page.evaluate(() => tab.approve())
    await until(async () => (await phone.page.evaluate(() => tab.isOpen())) === true)
    await untilEqual([first, second, phone], 2)
    expect(world.connections()).toBe(2)
    expect(await first.page.evaluate(() => tab.devices())).toEqual(['laptop (this)', 'phone'])
  },
  120_000,
)

itWithChromium(
  'an account that is wiped in one tab is closed in all of them',
  async () => {
    const world = await tabsWorld()
    const [first, second, third] = [await world.newTab(), await world.newTab(), await world.newTab()]
    await first!.page.evaluate((relay) => tab.create(relay), world.relay)
    for (const each of [second, third]) expect(await each!.page.evaluate(() => tab.open())).toBe('open')
    await second!.page.evaluate(() => tab.wipe())
    for (const each of [first, third])
      await until(async () =>
        (await each!.page.evaluate(() => tab.problems())).some((problem) => problem.startsWith('closed: ')),
      )
    expect(await third!.page.evaluate(() => tab.open())).toMatch(/^profile-missing: /)
    expect(world.connections()).toBe(0)
  },
  120_000,
)
