import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright'
import { expect } from 'vitest'

/** Nobody is kept out of what the page shows now, and it does not scroll sideways. */
export async function checkScreen(page: Page, step: string): Promise<void> {
  expect(await accessibilityProblems(page), step).toEqual([])
  const [needed, shown] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])
  expect(needed, step).toBe(shown)
}

async function accessibilityProblems(page: Page): Promise<string[]> {
  // By the debugger: the page's own policy would not let a script in.
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'))
  const results = (await page.evaluate('axe.run(document)')) as AxeResults
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
  )
}
