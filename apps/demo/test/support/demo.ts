// The built app in a browser with empty storage, served by a relay with an empty database: what a person gets who starts the demo.
import { AssertionError } from 'node:assert'
import type { Browser, BrowserContextOptions, Page } from 'playwright'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { type BuiltApp, buildApp } from './build'
import { hasChromium, launchChromium } from './chromium'
import { type DeviceView, deviceView } from './device-view'
import { type RelayProcess, startRelay } from './relay'

/** A net against a wait without end: as wide as a busy machine may need. */
const WITHIN_MS = 60_000

let browser: Browser
let app: BuiltApp
export let relay: RelayProcess

/** A test that runs where there is a Chromium, and is counted as skipped elsewhere. */
export const itInChromium = it.skipIf(!hasChromium)

/** What Chromium says of a device that signs out, or goes offline, while it dials: nothing is wrong. */
const hungUp = /^WebSocket connection to '\S+' failed: WebSocket is closed before the connection is established/

/** What it says of a relay that is gone for a while. */
const unreachable = /^(WebSocket connection to '\S+' failed|Failed to load resource)/

/** Builds the app and starts browser and relay for the tests of this file. */
export function withDemo(): void {
  if (!hasChromium) return
  beforeAll(async () => {
    ;[app, browser] = await Promise.all([buildApp(), launchChromium()])
    relay = await startRelay(app.folder)
  })
  afterAll(async () => {
    await browser?.close()
    await relay?.stop()
    app?.remove()
  })
}

export interface Demo {
  readonly page: Page
  readonly laptop: DeviceView
  readonly phone: DeviceView
}

export interface DemoOptions extends BrowserContextOptions {
  /** A script that runs before the page's own. */
  readonly prepare?: string
  /** The network is to fail, of which the console tells. */
  readonly isTroubled?: boolean
}

/** Opens the page. The test fails when the browser's console says anything that should not be there. */
export async function openDemo({ prepare, isTroubled = false, ...options }: DemoOptions = {}): Promise<Demo> {
  const viewport = { width: 1440, height: 1000 }
  const context = await browser.newContext({ baseURL: relay.url, viewport, ...options })
  if (prepare !== undefined) await context.addInitScript(prepare)
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    const isProblem = message.type() === 'error' || message.type() === 'warning'
    const isExpected = hungUp.test(message.text()) || (isTroubled && unreachable.test(message.text()))
    if (isProblem && !isExpected) problems.push(message.text())
  })
  onTestFinished(async () => {
    await context.close()
    if (problems.length > 0) throw new AssertionError({ message: `The console says:\n${problems.join('\n')}` })
  })
  page.setDefaultTimeout(WITHIN_MS)
  await page.goto('/')
  return { page, laptop: deviceView(page, 'laptop'), phone: deviceView(page, 'phone') }
}

/** Opens the page, makes an account on the laptop and lets the phone join by a click. */
export async function openPair(options: DemoOptions = {}): Promise<Demo> {
  const demo = await openDemo(options)
  await demo.laptop.createAccount()
  await demo.phone.button('Join with the phrase').click()
  await demo.phone.field('Search contacts').waitFor()
  return demo
}

/** `expect(await read())`, asked until it holds: what comes over the network comes when it comes. */
export function eventually<Value>(read: () => Value | Promise<Value>) {
  return expect.poll(read, { timeout: WITHIN_MS })
}
