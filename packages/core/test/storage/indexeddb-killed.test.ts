import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect } from 'vitest'
import { bundleForBrowser, itWithChromium, type OwnChromium, servePage, startChromium } from './chromium'
import { cutInRecord, damageDatabases, isCutInRecord } from './leveldb-log'

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

/** Starts Chromium on a profile, a new one or one that it was killed with, and reads what is there. */
async function startAgain(profile: string, acknowledged: number, name: string): Promise<number> {
  browser = await startChromium(profile, origin)
  const last = await browser.page.evaluate(() => storage.lastWholeBatch())
  expect(last, `${name}. ${browser.complaints().join(' ')}`).toBeGreaterThanOrEqual(acknowledged)
  return last
}

/** Writes behind batch `before`, and kills the browser `delayMs` after batch `enough` was acknowledged. */
async function writeAndKill(before: number, enough: number, delayMs: number): Promise<number> {
  const { page, kill } = browser!
  let acknowledged = before
  await new Promise<void>((resolve) => {
    void page
      .exposeFunction('acknowledge', (n: number) => {
        acknowledged = Math.max(acknowledged, n)
        if (n === enough) setTimeout(resolve, delayMs)
      })
      .then(() => page.evaluate((n) => storage.write(n), before))
      .catch(() => {
        // The kill ends the call that writes.
      })
  })
  await kill()
  return acknowledged
}

const kills = 6

itWithChromium(
  `a browser killed ${kills} times in mid-write loses nothing it acknowledged and leaves only whole batches`,
  async () => {
    let profile = join(folder, 'killed')
    let acknowledged = 0
    let written = 0
    const cuts: number[] = []
    for (let kill = 0; kill < kills; kill++) {
      let last = await startAgain(profile, acknowledged, `after kill ${kill}`)
      // It has just shown that nothing is lost; what Chromium does to it at the next start is not ours to test.
      if (cuts.includes(kill)) {
        await browser?.kill()
        profile = join(folder, `killed-${kill}`)
        last = await startAgain(profile, 0, 'new')
      }
      // Uneven, so that the kill meets batches of both durabilities in every phase.
      acknowledged = await writeAndKill(last, last + 10 + kill * 4, kill)
      written += acknowledged - last
      if (isCutInRecord(profile)) cuts.push(kill + 1)
    }
    await startAgain(profile, acknowledged, `after kill ${kills}`)
    expect(written).toBeGreaterThan(kills * 10)
    // Mostly one profile has seen several kills.
    expect(cuts.length).toBeLessThan(kills)
  },
  300_000,
)

itWithChromium(
  'a browser killed between header and payload of a record loses nothing it acknowledged',
  async () => {
    const profile = join(folder, 'cut')
    const last = await startAgain(profile, 0, 'new')
    const acknowledged = await writeAndKill(last, 20, 0)
    // By hand, since it takes hundreds of kills to meet that moment; nothing that was acknowledged is touched.
    if (!isCutInRecord(profile)) cutInRecord(profile)
    expect(isCutInRecord(profile)).toBe(true)
    await startAgain(profile, acknowledged, 'after the kill')
  },
  120_000,
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
    // While Chromium is still at it, it refuses to open anything; that can be tried again, as the engine does.
    let refusal = await page.evaluate(() => storage.put('small', 10))
    while (refusal.startsWith('storage-failed, retryable'))
      refusal = await page.evaluate(() => storage.put('small', 10))
    expect(refusal).toMatch(/^storage-failed, final/)
    expect(await page.evaluate(() => storage.databases())).toEqual([])
  },
  120_000,
)

itWithChromium(
  'a batch that is on its way while site data is cleared is stored or refused, and never left without an answer',
  async () => {
    browser = await startChromium(join(folder, 'clearing'), origin)
    const { page, devTools } = browser
    const answer = async (): Promise<string> => {
      await page.waitForFunction(() => 'storage' in globalThis)
      return await page.evaluate(() => storage.put('small', 10)).catch(String)
    }
    const answers = new Set<string>()
    for (let round = 0; round < 20; round++) {
      // Before this one, Chromium may still be at the clearing of the last round.
      while ((await answer()) !== 'stored') await page.reload()
      // As a person does it, with everything: a store that is cleared alone is missed afterwards.
      const storageTypes = 'indexeddb,local_storage'
      const clearing = devTools.send('Storage.clearDataForOrigin', { origin, storageTypes })
      answers.add((await answer()).replace(/,.*/, ''))
      await clearing
      await page.reload()
    }
    expect(['stored', 'storage-failed']).toEqual(expect.arrayContaining([...answers]))
  },
  120_000,
)

itWithChromium(
  'a database that Chromium finds damaged and throws away is said to be lost, and is not taken for a new one',
  async () => {
    const profile = join(folder, 'lost')
    await startAgain(profile, 0, 'new')
    await writeAndKill(0, 20, 0)
    damageDatabases(profile)
    browser = await startChromium(profile, origin)
    const said = await browser.page.evaluate(() => storage.opened())
    expect(said).toMatch(/^profile-lost: The browser has lost what the store killed held on this device \(.+\)/)
    await browser.page.reload()
    await browser.page.waitForFunction(() => 'storage' in globalThis)
    expect(await browser.page.evaluate(() => storage.opened())).toBe(said)
    await browser.page.evaluate(() => storage.deleteStore())
    expect(await browser.page.evaluate(() => storage.opened())).toBe('opened')
  },
  120_000,
)

itWithChromium(
  'a database that is cleared while the site is closed is missed, since something else remembers it',
  async () => {
    const profile = join(folder, 'evicted')
    browser = await startChromium(profile, origin)
    expect(await browser.page.evaluate(() => storage.put('small', 10))).toBe('stored')
    await browser.page.goto('about:blank')
    await browser.devTools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' })
    await browser.page.goto(origin)
    await browser.page.waitForFunction(() => 'storage' in globalThis)
    expect(await browser.page.evaluate(() => storage.opened())).toMatch(/^profile-lost/)
  },
  120_000,
)

itWithChromium(
  'a site asks for storage that the browser does not clear by itself, and is told what came of it',
  async () => {
    browser = await startChromium(join(folder, 'persistent'), origin)
    const [before, after] = await browser.page.evaluate(() => storage.persistence())
    expect([typeof before, typeof after]).toEqual(['boolean', 'boolean'])
  },
  120_000,
)
