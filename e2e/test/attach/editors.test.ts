// Two editors that people use, bound to attached documents as their makers say, in pages of a real Chromium that are devices of one account.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startRelayServer } from '@owlivion/relay'
import type { Page } from 'playwright'
import { expect, onTestFinished } from 'vitest'
import {
  bundleForBrowser,
  itWithChromium,
  servePage,
  startChromium,
} from '../../../packages/core/test/storage/chromium'
import { temporaryFolder } from '../../support/temporary-folder'

async function pages(): Promise<{ readonly relay: string; newPage(): Promise<Page> }> {
  const server = await startRelayServer({ data: temporaryFolder(), port: 0 })
  onTestFinished(() => server.stop())
  const bundle = await bundleForBrowser(new URL('editors-page.ts', import.meta.url), temporaryFolder())
  const { server: http, origin } = await servePage(readFileSync(bundle))
  onTestFinished(() => {
    http.closeAllConnections()
    http.close()
  })
  const browser = await startChromium(join(temporaryFolder(), 'profile'), origin, 'editors')
  onTestFinished(() => browser.kill())
  let first: Page | undefined = browser.page
  return {
    relay: server.url.replace('http', 'ws'),
    async newPage() {
      const page = first ?? (await browser.page.context().newPage())
      if (first === undefined) {
        await page.goto(origin)
        await page.waitForFunction(() => 'editors' in globalThis)
      }
      first = undefined
      return page
    },
  }
}

/** Says what it came to instead when it does not come to what is wanted. */
const soon = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 30_000, interval: 20 })

const html = (page: Page): Promise<string> => page.evaluate(() => editors.letterHtml())
const cursors = (page: Page) => page.evaluate(() => editors.cursors())
const code = (page: Page): Promise<string> => page.evaluate(() => editors.code())

type Editor = '#letter .ProseMirror' | '#code .cm-content'

async function type(page: Page, editor: Editor, ...keys: string[]): Promise<void> {
  await page.bringToFront()
  await page.focus(editor)
  for (const key of keys) {
    if (key === 'Control+Home' || key === 'Control+End') await goTo(page, editor, key)
    else if (/^(Control\+|Enter$)/.test(key)) await page.keyboard.press(key)
    else await page.keyboard.type(key)
  }
}

/**
 * A person sees where the cursor is before typing on, and presses again where it is not: a key that comes while the editor takes in what another
 * device wrote may be gone with the selection of before.
 */
async function goTo(page: Page, editor: Editor, key: 'Control+Home' | 'Control+End'): Promise<void> {
  const name = editor.startsWith('#code') ? ('code' as const) : ('letter' as const)
  const press = async () => {
    await page.keyboard.press(key)
    return page.evaluate((each) => editors.caret(each), name)
  }
  await soon(press).toMatchObject(key === 'Control+Home' ? { fromStart: 0 } : { fromEnd: 0 })
}

/** Presses it until the letter is as wanted on this very page. */
async function typeUntil(page: Page, key: string, isEnough: (letter: string) => boolean): Promise<void> {
  for (let times = 0; !isEnough(await html(page)); times++) {
    expect(times, await html(page)).toBeLessThan(20)
    await type(page, '#letter .ProseMirror', key)
  }
}

itWithChromium(
  'ProseMirror and CodeMirror, each with its own binding, are edited on two devices and in two tabs at once, and show each other’s cursors',
  async () => {
    const world = await pages()
    const ann = await world.newPage()
    const phrase = await ann.evaluate((relay) => editors.create(relay), world.relay)
    const bob = await world.newPage()
    await bob.evaluate(([relay, words]) => editors.join(relay!, words!), [world.relay, phrase])
    for (const page of [ann, bob]) await soon(() => page.evaluate(() => editors.isSynced())).toBe(true)

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
    for (const page of [ann, bob]) await page.evaluate(() => editors.goOffline())
    await type(ann, '#letter .ProseMirror', 'Control+Home', 'My ')
    await type(bob, '#letter .ProseMirror', 'Control+End', ' all')
    for (const page of [ann, bob]) await page.evaluate(() => editors.goOnline())
    const both = '<p>My Dear <strong>Bob</strong></p><p>thank you all</p>'
    for (const page of [ann, bob]) await soon(() => html(page)).toBe(both)

    // A second tab of one device: no connection of its own, the same text, and cursors between all three.
    const elsewhere = await world.newPage()
    await elsewhere.evaluate(() => editors.openAgain())
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
    await elsewhere.evaluate(() => editors.flush())
    for (const page of [bob, elsewhere]) expect(await page.evaluate(() => editors.problems())).toEqual([])
  },
  120_000,
)
