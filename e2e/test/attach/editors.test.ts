// Two editors that people use, bound to attached documents as their makers say, in pages of a real Chromium that are devices of one account.
import type { Page } from 'playwright'
import { expect } from 'vitest'
import { itWithChromium } from '../../../packages/core/test/storage/chromium'
import { annAndBob, pagesWith, pressUntil, soon, typeInto } from './pages'

const html = (page: Page): Promise<string> => page.evaluate(() => editors.letterHtml())
const cursors = (page: Page) => page.evaluate(() => editors.cursors())
const code = (page: Page): Promise<string> => page.evaluate(() => editors.code())

type Editor = '#letter .ProseMirror' | '#code .cm-content'

async function type(page: Page, editor: Editor, ...keys: string[]): Promise<void> {
  const name = editor.startsWith('#code') ? ('code' as const) : ('letter' as const)
  await typeInto(page, editor, keys, () => page.evaluate((each) => editors.caret(each), name))
}

const typeUntil = (page: Page, key: string, isEnough: (letter: string) => boolean): Promise<void> =>
  pressUntil(
    () => type(page, '#letter .ProseMirror', key),
    () => html(page),
    isEnough,
  )

itWithChromium(
  'ProseMirror and CodeMirror, each with its own binding, are edited on two devices and in two tabs at once, and show each other’s cursors',
  async () => {
    const world = await pagesWith(new URL('editors-page.ts', import.meta.url))
    const { ann, bob } = await annAndBob(world)

    // Rich text: letters, a mark, a second paragraph.
    await type(ann, '#letter .ProseMirror', 'Dear ', 'Control+b', 'Bob')
    await soon(() => html(bob)).toBe('<p>Dear <strong>Bob</strong></p>')
    await type(bob, '#letter .ProseMirror', 'Control+End', 'Enter', 'thank you')
    await soon(() => html(ann)).toBe('<p>Dear <strong>Bob</strong></p><p>thank you</p>')
    // What one has written only that one takes back; in one step or several: what is typed within half a second is one.
    await typeUntil(ann, 'Control+z', (letter) => !letter.includes('Dear'))
    await soon(() => html(bob)).toMatch(/^(?!.*Dear).*thank you/)
    await typeUntil(ann, 'Control+y', (letter) => letter.includes('<strong>Bob</strong>'))
    await soon(() => html(bob)).toBe('<p>Dear <strong>Bob</strong></p><p>thank you</p>')

    // Plain text, in the other editor.
    await type(ann, '#code .cm-content', 'keep;')
    await soon(() => code(bob)).toBe('keep;')
    await type(bob, '#code .cm-content', 'Control+Home', '# spam', 'Enter')
    await soon(() => code(ann)).toBe('# spam\nkeep;')

    // Each sees where the other is.
    await soon(() => cursors(ann)).toMatchObject({ code: expect.arrayContaining(['Bob']) })
    await type(ann, '#letter .ProseMirror', 'Control+Home')
    await soon(() => cursors(bob)).toMatchObject({ letter: expect.arrayContaining(['Ann']) })

    // Both go on without a network, and end equal.
    for (const page of [ann, bob]) await page.evaluate(() => device.goOffline())
    await type(ann, '#letter .ProseMirror', 'Control+Home', 'My ')
    await type(bob, '#letter .ProseMirror', 'Control+End', ' all')
    for (const page of [ann, bob]) await page.evaluate(() => device.goOnline())
    const both = '<p>My Dear <strong>Bob</strong></p><p>thank you all</p>'
    for (const page of [ann, bob]) await soon(() => html(page)).toBe(both)

    // A second tab of one device: no connection of its own, the same text, and cursors between all three.
    const elsewhere = await world.newPage()
    await elsewhere.evaluate(() => device.openAgain())
    await soon(() => html(elsewhere)).toBe(both)
    await type(elsewhere, '#letter .ProseMirror', 'Control+End', '!')
    for (const page of [ann, bob]) await soon(() => html(page)).toMatch(/thank you all!<\/p>$/)
    for (const page of [ann, bob])
      await soon(() => cursors(page)).toMatchObject({ letter: expect.arrayContaining(['Ann, elsewhere']) })
    await type(bob, '#letter .ProseMirror', 'Control+End')
    await soon(() => cursors(elsewhere)).toMatchObject({ letter: expect.arrayContaining(['Bob']) })

    // The tab that leads goes; the others go on through the one that is left.
    await ann.close()
    await type(elsewhere, '#code .cm-content', 'Control+End', ' stop;')
    await soon(() => code(bob)).toBe('# spam\nkeep; stop;')
    await elsewhere.evaluate(() => device.flush())
    for (const page of [bob, elsewhere]) expect(await page.evaluate(() => device.problems())).toEqual([])
  },
  120_000,
)
