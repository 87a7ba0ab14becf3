// The picture of the demo in the README: made from the app itself, so that it can be made again when the app has changed.
//   pnpm --filter @owlivion/demo screenshot [file.png] [--dark] [--narrow]
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildApp } from '../test/support/build'
import { launchChromium } from '../test/support/chromium'
import { deviceView } from '../test/support/device-view'
import { startRelay } from '../test/support/relay'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { dark: { type: 'boolean', default: false }, narrow: { type: 'boolean', default: false } },
})
const path = positionals[0] ?? fileURLToPath(new URL('../../../docs/images/demo.png', import.meta.url))

const [app, browser] = await Promise.all([buildApp(), launchChromium()])
const relay = await startRelay(app.folder)
try {
  const page = await browser.newPage({
    viewport: values.narrow ? { width: 390, height: 844 } : { width: 1400, height: 900 },
    colorScheme: values.dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    locale: 'en-GB',
  })
  await page.goto(relay.url)
  const [laptop, phone] = [deviceView(page, 'laptop'), deviceView(page, 'phone')]
  await laptop.createAccount()
  await phone.button('Join with the phrase').click()
  await phone.field('Search contacts').waitFor()
  await laptop.button('Add nine sample contacts').click()
  await phone.contact('Tomasz Wrona').waitFor()

  await laptop.goOffline()
  await phone.goOffline()
  await laptop.edit('Amara Okafor', 'Title', 'Managing editor')
  await phone.edit('Amara Okafor', 'Title', 'Publisher')
  await laptop.goOnline()
  await phone.goOnline()
  await laptop.view.locator('.conflict').waitFor()
  await phone.edit('Greta Lindqvist', 'Phone 1', '+46 70 555 01 30')
  await phone.button('Back to the list').click()
  await phone.view.locator('[data-state=seen]').waitFor()
  // The panel asks the relay once a second.
  await page.waitForTimeout(2_000)
  await page.mouse.move(0, 0)
  await page.screenshot({ path, fullPage: true })
  console.log(path)
} finally {
  await browser.close()
  await relay.stop()
  app.remove()
}
