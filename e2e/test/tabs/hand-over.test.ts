// The lead goes from tab to tab in one Chromium while people write.
import { expect } from 'vitest'
import { itWithChromium } from '../../../packages/core/test/storage/chromium'
import { type Tab, type TabsWorld, tabsWorld, until, untilEqual } from './tabs-world'

async function twoTabs(): Promise<{ readonly world: TabsWorld; readonly first: Tab; readonly second: Tab }> {
  const world = await tabsWorld()
  const [first, second] = [await world.newTab(), await world.newTab()]
  await first.page.evaluate((relay) => tab.create(relay), world.relay)
  expect(await second.page.evaluate(() => tab.open())).toBe('open')
  return { world, first, second }
}

itWithChromium(
  'a leader that the browser freezes gives the lead up, and follows when it is woken',
  async () => {
    const { world, first, second } = await twoTabs()
    await first.page.evaluate(() => tab.add(['before'], 'Before'))
    await first.page.evaluate(() => tab.flush())
    // Some of it is on its way to the disk when the page is stopped.
    await first.page.evaluate(() => {
      tab.keepWriting('own', 30)
    })
    await first.devTools.send('Page.setWebLifecycleState', { state: 'frozen' })
    await second.page.evaluate(() => tab.add(['gap'], 'Gap'))
    await second.page.evaluate(() => tab.flush())
    await until(() => world.connections() === 1)
    await first.devTools.send('Page.setWebLifecycleState', { state: 'active' })
    await untilEqual([first, second], 32)
    await first.page.evaluate(() => tab.add(['woken'], 'Woken'))
    await untilEqual([first, second], 33)
    expect(await first.page.evaluate(() => tab.unsettled())).toEqual({ waiting: 0, failed: [] })
    await first.page.evaluate(() => tab.flush())
    expect(world.connections()).toBe(1)
    expect(await second.page.evaluate(() => tab.conflicts())).toBe(0)
  },
  120_000,
)

itWithChromium(
  'a leader that hangs is deposed; when it goes on it has written nothing more, and nobody has lost anything',
  async () => {
    const { world, first, second } = await twoTabs()
    await first.page.evaluate(() => tab.add(['before'], 'Before'))
    await untilEqual([first, second], 1)
    // Its edits lie in its memory while it hangs: the store is not asked before the loop ends.
    const hanging = first.page.evaluate(() => {
      tab.keepWriting('own', 20)
      tab.hang(25_000)
    })
    await second.page.evaluate(() => tab.add(['gap'], 'Gap'))
    await second.page.evaluate(() => tab.update('before', 'After'))
    await second.page.evaluate(() => tab.flush())
    await hanging
    await untilEqual([first, second], 22)
    expect(await first.page.evaluate(() => tab.unsettled())).toEqual({ waiting: 0, failed: [] })
    await Promise.all([first, second].map(({ page }) => page.evaluate(() => tab.flush())))
    expect(world.connections()).toBe(1)
    expect(await first.page.evaluate(() => tab.list())).toContain('before=After')
    expect(await first.page.evaluate(() => tab.conflicts())).toBe(0)
  },
  120_000,
)

itWithChromium(
  'tabs open and write while there is no relay, and a leader that is closed then loses nothing',
  async () => {
    const { world, first, second } = await twoTabs()
    await world.stopRelay()
    await until(async () => (await second.page.evaluate(() => tab.status())).connection !== 'online')
    const third = await world.newTab()
    expect(await third.page.evaluate(() => tab.open())).toBe('open')
    for (const [i, { page }] of [first, second, third].entries())
      await page.evaluate((id) => tab.add([id], 'Offline'), `tab${i}`)
    await first.page.close()
    await untilEqual([second, third], 3)
    await until(async () => (await third.page.evaluate(() => tab.status())).unsent === 3)
    await second.page.close()
    await until(async () => (await third.page.evaluate(() => tab.status())).unsent === 3)
    expect(await third.page.evaluate(() => tab.list())).toEqual(['tab0=Offline', 'tab1=Offline', 'tab2=Offline'])
  },
  120_000,
)
