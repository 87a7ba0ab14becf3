// Real tabs of one Chromium, on one account.
import { expect } from 'vitest'
import { itWithChromium } from '../../../packages/core/test/storage/chromium'
import { type Tab, tabsWorld, until, untilEqual } from './tabs-world'

const numbered = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${prefix}-${n}`)

async function openIn(tab: Tab): Promise<void> {
  expect(await tab.page.evaluate(() => globalThis.tab.open())).toBe('open')
}

itWithChromium(
  'three tabs that edit at once end equal, over one connection, and the relay gets all of it',
  async () => {
    const world = await tabsWorld()
    const tabs = [await world.newTab(), await world.newTab(), await world.newTab()]
    const [first, second, third] = tabs as [Tab, Tab, Tab]
    const phrase = await first.page.evaluate((relay) => tab.create(relay), world.relay)
    await Promise.all([openIn(second), openIn(third)])
    await first.page.evaluate(() => tab.add(['shared'], 'Shared'))
    await untilEqual(tabs, 1)
    await Promise.all(
      tabs.map(({ page }, i) =>
        page.evaluate(
          async ([ids, name]) => {
            await Promise.all([tab.add(ids, name), tab.count('shared', 10), tab.update('shared', name)])
          },
          [numbered(`tab${i}`, 30), `Tab ${i}`] as const as [string[], string],
        ),
      ),
    )
    await untilEqual(tabs, 91)
    await Promise.all(tabs.map(({ page }) => page.evaluate(() => tab.flush())))
    expect(await Promise.all(tabs.map(({ page }) => page.evaluate(() => tab.counter('shared'))))).toEqual([30, 30, 30])
    await until(async () =>
      (await Promise.all(tabs.map(({ page }) => page.evaluate(() => tab.status())))).every(({ isGreen }) => isGreen),
    )
    expect(world.connections()).toBe(1)
    expect(await third.page.evaluate(() => tab.devices())).toEqual(['laptop (this)'])

    // Another device gets the same.
    const other = await world.newTab()
    await other.page.evaluate(([relay, words]) => tab.join(relay!, words!, 'other'), [world.relay, phrase])
    await untilEqual([...tabs, other], 91)
    expect(world.connections()).toBe(2)
    await other.page.evaluate(() => tab.update('shared', 'From afar'))
    await until(async () => (await third.page.evaluate(() => tab.list())).includes('shared=From afar'))
    expect(await first.page.evaluate(() => tab.problems())).toEqual([])
  },
  120_000,
)

itWithChromium(
  'leaders that are closed or whose renderers are killed are followed by others, and nothing acknowledged is lost',
  async () => {
    const world = await tabsWorld()
    const tabs = [await world.newTab(), await world.newTab(), await world.newTab(), await world.newTab()]
    const [first, second, third, fourth] = tabs as [Tab, Tab, Tab, Tab]
    await first.page.evaluate((relay) => tab.create(relay), world.relay)
    for (const each of [second, third, fourth]) await openIn(each)

    // Closed, while the others write.
    for (const { page } of [second, third])
      await page.evaluate((at) => tab.keepWriting(at, 40), page === second.page ? 'b' : 'c')
    await first.page.evaluate(() => tab.add(['a'], 'A'))
    await first.page.close()
    await untilEqual([second, third, fourth], 81)
    expect(await second.page.evaluate(() => tab.unsettled())).toEqual({ waiting: 0, failed: [] })

    // Killed, whichever leads now; the others go on writing through it.
    for (const { page } of [third, fourth])
      await page.evaluate((at) => tab.keepWriting(at, 40), page === third.page ? 'd' : 'e')
    await second.page.evaluate(() => tab.add(['f'], 'F'))
    second.devTools.send('Page.crash').catch(() => {})
    await untilEqual([third, fourth], 162)
    expect(await third.page.evaluate(() => tab.unsettled())).toEqual({ waiting: 0, failed: [] })
    await fourth.page.evaluate(() => tab.flush())
    await third.page.evaluate(() => tab.flush())
    await until(() => world.connections() === 1)

    // The last one has it all on disk.
    await Promise.all([third.page.close(), fourth.page.close()])
    const again = await world.newTab()
    await openIn(again)
    await untilEqual([again], 162)
    expect(await again.page.evaluate(() => tab.conflicts())).toBe(0)
  },
  120_000,
)
