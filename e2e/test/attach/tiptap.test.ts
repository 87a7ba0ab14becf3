// Tiptap with its own extensions for collaboration and carets, in pages of a real Chromium that are devices of one account.
import type { Page } from 'playwright'
import { expect } from 'vitest'
import { itWithChromium } from '../../../packages/core/test/storage/chromium'
import { annAndBob, pagesWith, pressUntil, soon, typeInto } from './pages'

const html = (page: Page): Promise<string> => page.evaluate(() => editor.html())
const cursors = (page: Page) => page.evaluate(() => editor.cursors())
const type = (page: Page, ...keys: string[]): Promise<void> =>
  typeInto(page, '.ProseMirror', keys, () => page.evaluate(() => editor.caret()))

itWithChromium(
  'Tiptap is edited on two devices and in two tabs at once, shows the carets of others, and joins what was written without a network',
  async () => {
    const world = await pagesWith(new URL('tiptap-page.ts', import.meta.url))
    const { ann, bob } = await annAndBob(world)

    // Letters, a mark, what Tiptap makes of a line that begins with a dash, and the empty paragraph that it puts after that.
    await type(ann, 'Dear ', 'Control+b', 'Bob')
    await soon(() => html(bob)).toBe('<p>Dear <strong>Bob</strong></p>')
    await type(bob, 'Control+End', 'Enter', '- thank you')
    const list = '<p>Dear <strong>Bob</strong></p><ul><li><p>thank you</p></li></ul><p></p>'
    for (const page of [ann, bob]) await soon(() => html(page)).toBe(list)
    await soon(() => cursors(ann)).toEqual(['Bob'])
    await type(ann, 'Control+Home')
    await soon(() => cursors(bob)).toEqual(['Ann'])

    // Each at one end.
    await type(ann, 'Control+Home', 'My ')
    await type(bob, 'Control+End', 'so long')
    const both = '<p>My Dear <strong>Bob</strong></p><ul><li><p>thank you</p></li></ul><p>so long</p>'
    for (const page of [ann, bob]) await soon(() => html(page)).toBe(both)

    // What one has written only that one takes back.
    await pressUntil(
      () => type(ann, 'Control+z'),
      () => html(ann),
      (letter) => !letter.includes('My'),
    )
    await soon(() => html(bob)).toMatch(/^(?!.*My).*so long/)
    await pressUntil(
      () => type(ann, 'Control+y'),
      () => html(ann),
      (letter) => letter.includes('My Dear'),
    )
    await soon(() => html(bob)).toBe(both)

    // Both go on without a network, and nobody's cursor stays on the other's screen; then they end equal.
    for (const page of [ann, bob]) await page.evaluate(() => device.goOffline())
    for (const page of [ann, bob]) await soon(() => cursors(page)).toEqual([])
    await type(ann, 'Control+Home', 'Oh ')
    await type(bob, 'Control+End', ' again')
    expect(await html(ann)).not.toContain('again')
    for (const page of [ann, bob]) await page.evaluate(() => device.goOnline())
    const joined = '<p>Oh My Dear <strong>Bob</strong></p><ul><li><p>thank you</p></li></ul><p>so long again</p>'
    for (const page of [ann, bob]) await soon(() => html(page)).toBe(joined)
    await soon(() => cursors(ann)).toEqual(['Bob'])

    // A second tab of one device: the same text, and carets between all three.
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
