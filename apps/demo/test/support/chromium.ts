// The Chromium of this machine, found the way every browser test finds it.
import { type Browser, chromium } from 'playwright'

interface ChromiumLookup {
  findChromium(): string | undefined
  readonly chromiumArguments: readonly string[]
}

const { findChromium, chromiumArguments }: ChromiumLookup = await import(
  new URL('../../../../scripts/chromium.mjs', import.meta.url).href
)
const executablePath = findChromium()

export const hasChromium = executablePath !== undefined

export function launchChromium(): Promise<Browser> {
  if (executablePath === undefined) throw new Error('No Chromium found; set CHROMIUM_PATH or install one.')
  return chromium.launch({ executablePath, args: [...chromiumArguments] })
}
