import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import {
  bundleForBrowser,
  itWithChromium,
  servePage,
  startChromium,
} from '../../../packages/core/test/storage/chromium'
import { startRelay } from '../../support/relay-process'
import { temporaryFolder } from '../../support/temporary-folder'
import { canaryContacts, collectionName, deviceName, filesBelow, findSecrets, searchFor } from './canaries'

itWithChromium(
  'the files that Chromium keeps of a device on IndexedDB hold no text of its account and no key, open, closed or killed',
  async () => {
    const relay = await startRelay({ data: temporaryFolder() })
    const bundle = await bundleForBrowser(new URL('indexeddb-page.ts', import.meta.url), temporaryFolder())
    const { server, origin } = await servePage(readFileSync(bundle))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const profile = join(temporaryFolder(), 'profile')
    let browser = await startChromium(profile, origin)
    onTestFinished(() => browser.kill())

    // Made here and handed over, so that no script on the disk has them.
    const contacts = canaryContacts(200)
    const { recoveryPhrase, keys } = await browser.page.evaluate(
      ([url, device, collection, all]) => storage.createAccount(url, device, collection, all),
      [relay.url, deviceName, collectionName, contacts] as const as [string, string, string, typeof contacts],
    )
    const words = recoveryPhrase.split(' ')
    const texts = searchFor([contacts, collectionName, deviceName, words.slice(0, 3).join(' ')])
    const secretKeys = keys.map((key) => Uint8Array.from(key))
    expect(secretKeys.length).toBeGreaterThan(3)
    const check = (): string[] =>
      filesBelow(profile).flatMap(({ name, content }) =>
        findSecrets(content, texts, secretKeys).map((found) => `${name}: ${found}`),
      )
    const databaseFiles = (): string[] =>
      filesBelow(profile).flatMap(({ name, content }) =>
        /IndexedDB.*\.log$/.test(name) && content.length > 10_000 ? [name] : [],
      )

    expect(databaseFiles()).not.toEqual([])
    expect(check()).toEqual([])
    await browser.page.evaluate(() => storage.close())
    expect(check()).toEqual([])
    await browser.kill()
    expect(check()).toEqual([])

    // The same search finds them in the rows once they are opened, and in the files when they are put there in clear.
    browser = await startChromium(profile, origin)
    const rows = await browser.page.evaluate(() => storage.rows())
    const inClear = rows.flatMap((row) => findSecrets(Buffer.from(row), texts, secretKeys))
    expect(inClear.some((found) => found.startsWith('canary-note-'))).toBe(true)
    expect(inClear.filter((found) => found.startsWith('key')).length).toBeGreaterThan(1)
    const first = contacts[0]![1].name
    await browser.page.evaluate((text) => storage.keepInClear(text), first)
    expect(check().map((found) => found.replace(/^.*: /, ''))).toContain(`${first} (utf-8)`)
  },
  120_000,
)
