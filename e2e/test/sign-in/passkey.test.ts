// Passkeys in Chromium, with the browser's own virtual authenticator: it makes the signatures and derives the secret.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RelayServer, startRelayServer } from '@owlivion/relay'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest'
import {
  bundleForBrowser,
  itWithChromium,
  type OwnChromium,
  startChromium,
} from '../../../packages/core/test/storage/chromium'

let folder: string
let server: RelayServer
let browser: OwnChromium
let authenticator: string

/** A site has to be named before its relay listens. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => probe.once('listening', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

async function attach(options: Partial<Record<'hasPrf' | 'isUserVerified', boolean>> = {}): Promise<void> {
  const { authenticatorId } = await browser.devTools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      hasPrf: true,
      automaticPresenceSimulation: true,
      ...options,
    },
  })
  authenticator = authenticatorId
}

const detach = () => browser.devTools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: authenticator })

async function reload(): Promise<void> {
  await browser.page.reload()
  await browser.page.waitForFunction(() => 'app' in globalThis)
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'owlivion-passkey-'))
  await bundleForBrowser(new URL('passkey-page.ts', import.meta.url), join(folder, 'site'))
  writeFileSync(join(folder, 'site', 'index.html'), '<!doctype html><script type="module" src="/page.js"></script>')
})
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

beforeEach(async ({ task }) => {
  const port = await freePort()
  const origin = task.name.includes('for another site') ? 'https://mail.example.com' : `http://localhost:${port}`
  const data = join(folder, task.id)
  server = await startRelayServer({
    data,
    port,
    static: join(folder, 'site'),
    signIn: { keyFile: `${data}.key`, passkeyOrigins: [origin] },
  })
  browser = await startChromium(join(folder, `${task.id}-profile`), `http://localhost:${port}`, 'app')
  await browser.devTools.send('WebAuthn.enable')
  await attach()
})
afterEach(async () => {
  await browser.kill()
  await server.stop()
})

describe('a passkey', () => {
  itWithChromium('unlocks the account on another device with what its authenticator derives', async () => {
    const { page } = browser
    await page.evaluate(() => app.create())
    const id = await page.evaluate(() => app.add('this browser'))
    const { passkeys, hasPassword } = await page.evaluate(() => app.state())
    expect(passkeys).toMatchObject([{ id, label: 'this browser', rpId: 'localhost' }])
    expect(hasPassword).toBe(false)
    await page.evaluate(() => app.close())
    // Nothing of the first device is in memory any more.
    await reload()
    expect(await page.evaluate(() => app.signIn())).toBe('written on the first device')
  })

  itWithChromium('sends nothing of what the authenticator derives to the relay', async () => {
    const { page, devTools } = browser
    const sent: string[] = []
    await devTools.send('Network.enable')
    devTools.on('Network.webSocketFrameSent', ({ response }) => {
      sent.push(Buffer.from(response.payloadData, 'base64').toString('latin1'))
    })
    await page.evaluate(() => app.create())
    await page.evaluate(() => app.add('this browser'))
    await page.evaluate(() => app.signIn())
    const calls = sent.filter((frame) => frame.includes('passkey'))
    expect(calls.length).toBeGreaterThanOrEqual(4)
    for (const call of calls) expect(call).not.toMatch(/prf|clientExtensionResults|results/)
  })

  itWithChromium('that was removed opens nothing, and its key is out of the account', async () => {
    const { page } = browser
    await page.evaluate(() => app.create())
    const id = await page.evaluate(() => app.add('this browser'))
    await page.evaluate((removed) => app.remove(removed), id)
    const devices = await page.evaluate(() => app.devices())
    expect(devices.find(({ name }) => name === 'this browser')).toMatchObject({ isRemoved: true })
    expect(await page.evaluate(() => app.signIn())).toBe('sign-in-failed')
  })

  itWithChromium('needs an authenticator that derives a secret, and leaves nothing behind without', async () => {
    const { page } = browser
    await detach()
    await attach({ hasPrf: false })
    await page.evaluate(() => app.create())
    expect(await page.evaluate(() => app.add('a plain key'))).toBe('passkey-unsupported')
    expect((await page.evaluate(() => app.state())).passkeys).toEqual([])
    expect((await page.evaluate(() => app.devices())).length).toBe(1)
  })

  itWithChromium('is not used while its owner is not verified', async () => {
    const { page, devTools } = browser
    await page.evaluate(() => app.create())
    await page.evaluate(() => app.add('this browser'))
    await devTools.send('WebAuthn.setUserVerified', { authenticatorId: authenticator, isUserVerified: false })
    expect(await page.evaluate(() => app.signIn())).toBe('passkey-cancelled')
  })

  itWithChromium('is made only where the relay takes them, not for another site', async () => {
    const { page } = browser
    await page.evaluate(() => app.create())
    expect(await page.evaluate(() => app.add('this browser'))).toBe('call-refused')
    expect(await page.evaluate(() => app.signIn())).toBe('call-refused')
  })
})
