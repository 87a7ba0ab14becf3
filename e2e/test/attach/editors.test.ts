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

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 20))
}

const html = (page: Page): Promise<string> => page.evaluate(() => editors.letterHtml())
const code = (page: Page): Promise<string> => page.evaluate(() => editors.code())

async function type(
  page: Page,
  editor: '#letter .ProseMirror' | '#code .cm-content',
  ...keys: string[]
): Promise<void> {
  await page.bringToFront()
  await page.focus(editor)
  for (const key of keys) await (/^(Control\+|Enter$)/.test(key) ? page.keyboard.press(key) : page.keyboard.type(key))
}

itWithChromium(
  'ProseMirror and CodeMirror, each with its own binding, are edited on two devices and in two tabs at once, and show each other’s cursors',
  async () => {
    const world = await pages()
    const ann = await world.newPage()
    const phrase = await ann.evaluate((relay) => editors.create(relay), world.relay)
    const bob = await world.newPage()
    await bob.evaluate(([relay, words]) => editors.join(relay!, words!), [world.relay, phrase])
    for (const page of [ann, bob]) await until(() => page.evaluate(() => editors.isSynced()))

    // Rich text: letters, a mark, a second paragraph.
    await type(ann, '#letter .ProseMirror', 'Dear ', 'Control+b', 'Bob')
    await until(async () => (await html(bob)) === '<p>Dear <strong>Bob</strong></p>')
    await type(bob, '#letter .ProseMirror', 'Control+End', 'Enter', 'thank you')
    await until(async () => (await html(ann)) === '<p>Dear <strong>Bob</strong></p><p>thank you</p>')
    // What one has written only that one takes back.
    await type(ann, '#letter .ProseMirror', 'Control+z')
    await until(async () => !(await html(bob)).includes('Dear') && (await html(bob)).includes('thank you'))
    await type(ann, '#letter .ProseMirror', 'Control+y')
    await until(async () => (await html(bob)) === '<p>Dear <strong>Bob</strong></p><p>thank you</p>')

    // Plain text, in the other editor.
    await type(ann, '#code .cm-content', 'keep;')
    await until(async () => (await code(bob)) === 'keep;')
    await type(bob, '#code .cm-content', 'Control+Home', '# spam', 'Enter')
    await until(async () => (await code(ann)) === '# spam\nkeep;')

    // Each sees where the other is.
    await until(async () => (await ann.evaluate(() => editors.cursors())).code.includes('Bob'))
    await type(ann, '#letter .ProseMirror', 'Control+Home')
    await until(async () => (await bob.evaluate(() => editors.cursors())).letter.includes('Ann'))

    // Both go on without a network, and end equal.
    for (const page of [ann, bob]) await page.evaluate(() => editors.goOffline())
    await type(ann, '#letter .ProseMirror', 'Control+Home', 'My ')
    await type(bob, '#letter .ProseMirror', 'Control+End', ' all')
    for (const page of [ann, bob]) await page.evaluate(() => editors.goOnline())
    const both = '<p>My Dear <strong>Bob</strong></p><p>thank you all</p>'
    for (const page of [ann, bob]) await until(async () => (await html(page)) === both)

    // A second tab of one device: no connection of its own, the same text, and cursors between all three.
    const elsewhere = await world.newPage()
    await elsewhere.evaluate(() => editors.openAgain())
    await until(async () => (await html(elsewhere)) === both)
    await type(elsewhere, '#letter .ProseMirror', 'Control+End', '!')
    for (const page of [ann, bob]) await until(async () => (await html(page)).endsWith('thank you all!</p>'))
    for (const page of [ann, bob])
      await until(async () => (await page.evaluate(() => editors.cursors())).letter.includes('Ann, elsewhere'))
    await type(bob, '#letter .ProseMirror', 'Control+End')
    await until(async () => (await elsewhere.evaluate(() => editors.cursors())).letter.includes('Bob'))

    // The tab that leads goes; the others go on through the one that is left.
    await ann.close()
    await type(elsewhere, '#code .cm-content', 'Control+End', ' stop;')
    await until(async () => (await code(bob)) === '# spam\nkeep; stop;')
    await elsewhere.evaluate(() => editors.flush())
    for (const page of [bob, elsewhere]) expect(await page.evaluate(() => editors.problems())).toEqual([])
  },
  120_000,
)
