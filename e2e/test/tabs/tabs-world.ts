// One Chromium with as many tabs of one origin as a test asks for, and the relay that their account is at.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RelayServer, startRelayServer } from '@owlivion/relay'
import type { CDPSession, Page } from 'playwright'
import { onTestFinished } from 'vitest'
import { bundleForBrowser, servePage, startChromium } from '../../../packages/core/test/storage/chromium'
import { temporaryFolder } from '../../support/temporary-folder'

export interface Tab {
  readonly page: Page
  readonly devTools: CDPSession
}

export interface TabsWorld {
  readonly relay: string
  newTab(): Promise<Tab>
  /** Connections that the relay has now. */
  connections(): number
  stopRelay(): Promise<void>
}

let bundle: Promise<Buffer> | undefined

export async function tabsWorld(): Promise<TabsWorld> {
  const relay: RelayServer = await startRelayServer({ data: temporaryFolder(), port: 0 })
  onTestFinished(() => relay.stop())
  bundle ??= bundleForBrowser(new URL('tabs-page.ts', import.meta.url), temporaryFolder()).then((path) =>
    readFileSync(path),
  )
  const { server, origin } = await servePage(await bundle)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const browser = await startChromium(join(temporaryFolder(), 'profile'), origin, 'tab')
  onTestFinished(() => browser.kill())
  let first: Page | undefined = browser.page
  return {
    relay: relay.url.replace('http', 'ws'),
    async newTab() {
      const page = first ?? (await browser.page.context().newPage())
      if (first === undefined) {
        await page.goto(origin)
        await page.waitForFunction(() => 'tab' in globalThis)
      }
      first = undefined
      return { page, devTools: await page.context().newCDPSession(page) }
    },
    connections: () => relay.relay.stats().connections,
    stopRelay: () => relay.stop(),
  }
}

/** Waits for as long as the test may take. */
export async function until(isTrue: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 20))
}

export async function untilEqual(tabs: readonly Tab[], size: number): Promise<void> {
  await until(async () => {
    const [first, ...others] = await Promise.all(tabs.map(({ page }) => page.evaluate(() => tab.list())))
    return first!.length === size && others.every((each) => each.join() === first!.join())
  })
}
