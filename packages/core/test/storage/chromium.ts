// A Chromium as a process of its own, with a profile that outlives it: for what cannot be done to the browser one runs in.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CDPSession, chromium, type Page } from 'playwright'
import { build } from 'tsup'
import { it } from 'vitest'

interface ChromiumLookup {
  findChromium(): string | undefined
  readonly chromiumArguments: readonly string[]
}

// The same lookup as for the browser tests, so that both run or both are counted as skipped.
const { findChromium, chromiumArguments }: ChromiumLookup = await import(
  new URL('../../../../scripts/chromium.mjs', import.meta.url).href
)
const executable = findChromium()

/** A test that runs where there is a Chromium. */
export const itWithChromium = it.skipIf(executable === undefined)

/** Bundles a script for the browser, into `folder`; answers the path of the bundle. */
export async function bundleForBrowser(script: URL, folder: string): Promise<string> {
  await build({
    config: false,
    silent: true,
    entry: { page: fileURLToPath(script) },
    outDir: folder,
    format: 'esm',
    platform: 'browser',
    // One file, whatever is loaded late elsewhere: one is what is served.
    splitting: false,
    noExternal: [/./],
    esbuildOptions(options) {
      options.conditions = ['@owlivion/source']
    },
  })
  return join(folder, 'page.js')
}

/** Serves one page with one script. The port, and with it the origin that owns the database, stays while the server lives. */
export async function servePage(script: Buffer): Promise<{ readonly server: Server; readonly origin: string }> {
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

export interface OwnChromium {
  readonly page: Page
  readonly devTools: CDPSession
  /** What the browser has said of its IndexedDB so far; all of it is bad news. */
  complaints(): string[]
  /** SIGKILL to the browser and every process it started; resolves when all of them are gone. */
  kill(): Promise<void>
}

/** @param ready a global name that the page has once it is ready */
export async function startChromium(profileFolder: string, url: string, ready = 'storage'): Promise<OwnChromium> {
  const child = spawn(
    executable!,
    [
      ...chromiumArguments,
      '--headless',
      '--no-default-browser-check',
      '--enable-logging=stderr',
      '--remote-debugging-port=0',
      `--user-data-dir=${profileFolder}`,
      'about:blank',
    ],
    // A process group of its own, so that the kill reaches the renderer and the storage service too.
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  )
  let output = ''
  // Read for as long as it writes: a full pipe would stop the browser.
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const complaints = () => output.split('\n').filter((line) => line.includes('indexed_db'))
  try {
    const browser = await chromium.connectOverCDP(await devToolsAddress(child, () => output))
    const context = browser.contexts()[0]!
    const page = context.pages()[0] ?? (await context.newPage())
    await page.goto(url)
    await page.waitForFunction((name) => name in globalThis, ready)
    return { page, devTools: await context.newCDPSession(page), complaints, kill: () => killGroup(child) }
  } catch (error) {
    await killGroup(child)
    throw error
  }
}

function devToolsAddress(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stderr!.on('data', () => {
      const address = /DevTools listening on (ws:\S+)/.exec(output())?.[1]
      if (address) resolve(address)
    })
    child.once('exit', () => reject(new Error(`Chromium did not start: ${output()}`)))
  })
}

async function killGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  process.kill(-child.pid!, 'SIGKILL')
  await exited
  // On a busy machine the others come to their end after the browser itself; they have files of the profile open.
  while (isGroupAlive(child.pid!)) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** Where the system says so in /proc. Dead processes that nobody has collected do not count: they have let go of everything. */
function isGroupAlive(group: number): boolean {
  if (!existsSync('/proc/self/stat')) return false
  return readdirSync('/proc').some((entry) => {
    if (!/^\d+$/.test(entry)) return false
    try {
      // Behind the name, which may hold anything: state, parent, group.
      const [, state, ofGroup] = /.*\) (\S) \d+ (\d+)/s.exec(readFileSync(`/proc/${entry}/stat`, 'latin1')) ?? []
      return Number(ofGroup) === group && state !== 'Z' && state !== 'X'
    } catch {
      // It ended meanwhile.
      return false
    }
  })
}
