// Pages of a real Chromium that are devices of one account, and a person who types in them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startRelayServer } from '@owlivion/relay'
import type { Page } from 'playwright'
import { expect, onTestFinished } from 'vitest'
import { bundleForBrowser, servePage, startChromium } from '../../../packages/core/test/storage/chromium'
import { temporaryFolder } from '../../support/temporary-folder'
// What `page.evaluate` finds in the pages.
import type {} from './device-page'

export interface Pages {
  readonly relay: string
  newPage(): Promise<Page>
}

/** @param script of the pages */
export async function pagesWith(script: URL): Promise<Pages> {
  const server = await startRelayServer({ data: temporaryFolder(), port: 0 })
  onTestFinished(() => server.stop())
  const bundle = await bundleForBrowser(script, temporaryFolder())
  const { server: http, origin } = await servePage(readFileSync(bundle))
  onTestFinished(() => {
    http.closeAllConnections()
    http.close()
  })
  const browser = await startChromium(join(temporaryFolder(), 'profile'), origin, 'device')
  onTestFinished(() => browser.kill())
  let first: Page | undefined = browser.page
  return {
    relay: server.url.replace('http', 'ws'),
    async newPage() {
      const page = first ?? (await browser.page.context().newPage())
      if (first === undefined) {
        await page.goto(origin)
        await page.waitForFunction(() => 'device' in globalThis)
      }
      first = undefined
      return page
    },
  }
}

/** Two devices of a new account, in step. */
export async function annAndBob(pages: Pages): Promise<{ readonly ann: Page; readonly bob: Page }> {
  const ann = await pages.newPage()
  const phrase = await ann.evaluate((relay) => device.create(relay), pages.relay)
  // What is made when a document is opened for the first time is made by one.
  await soon(() => ann.evaluate(() => device.isSynced())).toBe(true)
  const bob = await pages.newPage()
  await bob.evaluate(([relay, words]) => device.join(relay!, words!), [pages.relay, phrase])
  await soon(() => bob.evaluate(() => device.isSynced())).toBe(true)
  return { ann, bob }
}

/** Says what it came to instead when it does not come to what is wanted. */
export const soon = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 30_000, interval: 20 })

type Caret = () => Promise<{ readonly fromStart: number; readonly fromEnd: number }>

/** @param caret where the editor itself knows its cursor to be */
export async function typeInto(page: Page, editor: string, keys: readonly string[], caret: Caret): Promise<void> {
  await page.bringToFront()
  await page.focus(editor)
  for (const key of keys) {
    if (key === 'Control+Home' || key === 'Control+End') await goTo(page, key, caret)
    else if (/^(Control\+|Enter$)/.test(key)) await page.keyboard.press(key)
    else await page.keyboard.type(key)
  }
}

/**
 * A person sees where the cursor is before typing on, and presses again where it is not: a key that comes while the editor takes in what another
 * device wrote may be gone with the selection of before.
 */
async function goTo(page: Page, key: 'Control+Home' | 'Control+End', caret: Caret): Promise<void> {
  const press = async () => {
    await page.keyboard.press(key)
    return caret()
  }
  await soon(press).toMatchObject(key === 'Control+Home' ? { fromStart: 0 } : { fromEnd: 0 })
}

/** Presses it until what is read on this very page is as wanted: what is typed within half a second is taken back in one step. */
export async function pressUntil(
  press: () => Promise<void>,
  read: () => Promise<string>,
  isEnough: (html: string) => boolean,
): Promise<void> {
  for (let times = 0; !isEnough(await read()); times++) {
    expect(times, await read()).toBeLessThan(20)
    await press()
  }
}
