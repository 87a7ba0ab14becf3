// Lexical with its own collaboration plugin, in pages of a real Chromium that are devices of one account.
import type { Page } from 'playwright'
import { expect } from 'vitest'
import { itWithChromium } from '../../../packages/core/test/storage/chromium'
import { annAndBob, pagesWith, pressUntil, soon, typeInto } from './pages'

const html = (page: Page): Promise<string> => page.evaluate(() => editor.html())
const cursors = (page: Page) => page.evaluate(() => editor.cursors())
const type = (page: Page, ...keys: string[]): Promise<void> =>
  typeInto(page, '[contenteditable]', keys, () => page.evaluate(() => editor.caret()))

itWithChromium(
  'Lexical is edited on two devices and in two tabs at once, shows the cursors of others, and joins what was written without a network',
  async () => {
    const world = await pagesWith(new URL('lexical-page.tsx', import.meta.url))
    const { ann, bob } = await annAndBob(world)
    // Strict mode connects twice; the first paragraph is made once, by the one who may.
    for (const page of [ann, bob]) await soon(() => html(page)).toBe('<p><br></p>')

    await type(ann, 'Dear ', 'Control+b', 'Bob')
    await soon(() => html(bob)).toBe('<p><span>Dear </span><strong>Bob</strong></p>')
    await type(bob, 'Control+End', 'Enter', 'Control+b', 'thank you')
    const letter = '<p><span>Dear </span><strong>Bob</strong></p><p><span>thank you</span></p>'
    for (const page of [ann, bob]) await soon(() => html(page)).toBe(letter)
    await soon(() => cursors(ann)).toEqual(['Bob'])
    await type(ann, 'Control+Home')
    await soon(() => cursors(bob)).toEqual(['Ann'])

    // What one has written only that one takes back.
    await type(ann, 'Control+Home', 'My ')
    await type(bob, 'Control+End', ' all')
    const both = '<p><span>My Dear </span><strong>Bob</strong></p><p><span>thank you all</span></p>'
    for (const page of [ann, bob]) await soon(() => html(page)).toBe(both)
    await pressUntil(
      () => type(ann, 'Control+z'),
      () => html(ann),
      (shown) => !shown.includes('My'),
    )
    await soon(() => html(bob)).toMatch(/^(?!.*My).*thank you all/)
    await pressUntil(
      () => type(ann, 'Control+y'),
      () => html(ann),
      (shown) => shown.includes('My Dear'),
    )
    await soon(() => html(bob)).toBe(both)

    // Both go on without a network, and nobody's cursor stays on the other's screen; then they end equal.
    for (const page of [ann, bob]) await page.evaluate(() => device.goOffline())
    for (const page of [ann, bob]) await soon(() => cursors(page)).toEqual([])
    await type(ann, 'Control+Home', 'Oh ')
    await type(bob, 'Control+End', ' again')
    expect(await html(ann)).not.toContain('again')
    for (const page of [ann, bob]) await page.evaluate(() => device.goOnline())
    const joined = '<p><span>Oh My Dear </span><strong>Bob</strong></p><p><span>thank you all again</span></p>'
    for (const page of [ann, bob]) await soon(() => html(page)).toBe(joined)
    await soon(() => cursors(ann)).toEqual(['Bob'])

    // A second tab of one device: the same text, and cursors between all three.
    const elsewhere = await world.newPage()
    await elsewhere.evaluate(() => device.openAgain())
    await soon(() => html(elsewhere)).toBe(joined)
    await type(elsewhere, 'Control+End', '!')
    for (const page of [ann, bob]) await soon(() => html(page)).toBe(joined.replace('again', 'again!'))
    for (const page of [ann, bob]) await soon(() => cursors(page)).toEqual(expect.arrayContaining(['Ann, elsewhere']))
    for (const page of [ann, bob, elsewhere]) expect(await page.evaluate(() => device.problems())).toEqual([])
  },
  120_000,
)
