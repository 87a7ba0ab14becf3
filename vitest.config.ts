// One run and one summary for every package, in Node and in Chromium. Workspace packages are imported from source through an export
// condition, so that no test depends on a build.
import { existsSync, readFileSync } from 'node:fs'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { sharedData } from './e2e/shared-data'
import { chromiumArguments, findChromium } from './scripts/chromium.mjs'
import { type TestRoot, testRoots } from './scripts/test-projects.mjs'

const conditions = ['@owlivion/source', 'module', 'development|production']
const shared = {
  // Two copies of yjs do not know each other's types; see packages/core/src/yjs.ts.
  resolve: { conditions: [...conditions, 'browser'], dedupe: ['yjs', 'lib0', 'react', 'react-dom'] },
  ssr: { resolve: { conditions: [...conditions, 'node'] } },
}

const inNode = ({ name, root, timeoutMs }: TestRoot): TestProjectInlineConfiguration => ({
  ...shared,
  root: `./${root}`,
  test: { name, include: ['test/**/*.test.{ts,tsx}'], testTimeout: timeoutMs, hookTimeout: timeoutMs },
})

const inChromium = ({ name, root }: TestRoot, executablePath: string): TestProjectInlineConfiguration => ({
  ...shared,
  root: `./${root}`,
  test: {
    name: `${name} in a browser`,
    include: ['browser/**/*.test.{ts,tsx}'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { executablePath, args: chromiumArguments } }),
      // A page reads no files; the shared input lies outside what the server would give it.
      commands: {
        readSharedData: (_context, path: string) =>
          existsSync(sharedData(path)) ? readFileSync(sharedData(path), 'utf8') : null,
      },
      // Without its own name an instance would append the browser's a second time.
      instances: [{ browser: 'chromium', name: `${name} (chromium)` }],
    },
  },
})

const chromium = findChromium()
const present = testRoots.filter(({ root }) => existsSync(new URL(root, import.meta.url)))
const withBrowserTests = present.filter(({ root }) => existsSync(new URL(`${root}/browser`, import.meta.url)))

export default defineConfig({
  test: {
    projects: [...present.map(inNode), ...(chromium ? withBrowserTests.map((each) => inChromium(each, chromium)) : [])],
  },
})
