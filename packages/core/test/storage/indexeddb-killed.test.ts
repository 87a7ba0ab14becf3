import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect } from 'vitest'
import { bundleForBrowser, itWithChromium, type OwnChromium, servePage, startChromium } from './chromium'

const folder = mkdtempSync(join(tmpdir(), 'owlivion-chromium-'))
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

let server: Server
let origin: string
let browser: OwnChromium | undefined
beforeEach(async () => {
  const bundle = await bundleForBrowser(new URL('indexeddb-page.ts', import.meta.url), folder)
  ;({ server, origin } = await servePage(readFileSync(bundle)))
})
afterEach(async () => {
  await browser?.kill()
  browser = undefined
  server.closeAllConnections()
  server.close()
})

const kills = 6

itWithChromium(
  `a browser killed ${kills} times in mid-write loses nothing it acknowledged and leaves only whole batches`,
  async () => {
    const profile = join(folder, 'killed')
    let acknowledged = 0
    for (let kill = 0; kill <= kills; kill++) {
      browser = await startChromium(profile, origin)
      const last = await browser.page.evaluate(() => storage.lastWholeBatch())
      expect(last, `after kill ${kill}`).toBeGreaterThanOrEqual(acknowledged)
      if (kill === kills) break

      const before = last
      const enough = new Promise<void>((resolve) => {
        void browser!.page
          .exposeFunction('acknowledge', (n: number) => {
            acknowledged = Math.max(acknowledged, n)
            // Uneven, so that the kill meets batches of both durabilities in every phase.
            if (n === before + 10 + kill * 4) setTimeout(resolve, kill)
          })
          .then(() => browser!.page.evaluate((n) => storage.write(n), before))
          .catch(() => {
            // The kill ends the call that writes.
          })
      })
      await enough
      await browser.kill()
    }
    expect(acknowledged).toBeGreaterThan(kills * 10)
  },
  300_000,
)

itWithChromium(
  'a browser that gives the site no more storage refuses the batch and works on',
  async () => {
    browser = await startChromium(join(folder, 'quota'), origin)
    const { page, devTools } = browser
    // Before the first commit: Chromium remembers for a while how much space was left.
    await devTools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 100_000 })
    expect(await page.evaluate(() => storage.put('small', 10))).toBe('stored')
    expect(await page.evaluate(() => storage.put('large', 4_000_000))).toBe(
      'storage-failed, retryable, QuotaExceededError',
    )
    expect(await page.evaluate(() => storage.names())).toEqual(['small'])
    await devTools.send('Storage.overrideQuotaForOrigin', { origin })
    expect(await page.evaluate(() => storage.put('large', 4_000_000))).toBe('stored')
    expect(await page.evaluate(() => storage.names())).toEqual(['large', 'small'])
  },
  120_000,
)

itWithChromium(
  'site data that is cleared under an open store is noticed, and no empty store takes its place',
  async () => {
    browser = await startChromium(join(folder, 'cleared'), origin)
    const { page, devTools } = browser
    expect(await page.evaluate(() => storage.put('small', 10))).toBe('stored')
    await devTools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' })
    expect(await page.evaluate(() => storage.put('small', 10))).toMatch(/^storage-failed, final/)
    expect(await page.evaluate(() => storage.databases())).toEqual([])
  },
  120_000,
)
