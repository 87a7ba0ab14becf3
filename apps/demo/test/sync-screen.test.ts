// When a device syncs, what of it, who holds copies, and what is shown while a relay gets back what it lost.
import { expect } from 'vitest'
import { checkScreen } from './support/accessibility'
import { eventually, itInChromium, openPair, relay, withDemo } from './support/demo'

withDemo()

itInChromium('a device that syncs by hand keeps its edits until it is asked, and says when it ran', async () => {
  const { page, laptop, phone } = await openPair()
  await laptop.openSync()
  await laptop.field('When to sync').selectOption('By hand')
  await laptop.view.getByRole('switch').getByText('Resting').waitFor()
  await laptop.button('Back to the contacts').click()
  await laptop.add({ Name: 'Ida Berg', 'E-mail 1': 'ida@berg.example' })
  await laptop.view.getByText('Kept on this device, 1 change not sent').waitFor()
  expect(await phone.contact('Ida Berg').count()).toBe(0)

  // It is kept: the page that is loaded again has not forgotten, and syncs when it starts unless that is switched off.
  await laptop.openSync()
  await laptop.field('Also when the app starts').uncheck()
  await page.reload()
  await laptop.openSync()
  expect(await laptop.field('When to sync').inputValue()).toBe('manual')
  expect(await laptop.view.getByTestId('runs').innerText()).toMatch(/Next\s+By hand/)
  await laptop.button('Sync now').click()
  await phone.contact('Ida Berg').waitFor()
  await laptop.view.getByText('Everything is sent and read.').waitFor({ state: 'attached' })
  expect(await laptop.view.getByTestId('runs').innerText()).toMatch(/Last run\s+.*\d/)
})

itInChromium('a device that is paused says so and stays away until it is resumed', async () => {
  const { laptop, phone } = await openPair()
  await laptop.openSync()
  await laptop.button('Pause for an hour').click()
  await laptop.view.getByRole('switch').getByText('Paused').waitFor()
  await eventually(() => laptop.view.getByTestId('runs').innerText()).toMatch(/Next\s+After .*\d/)
  await laptop.button('Sync now').click()
  await laptop.view.getByText('Syncing is paused.').waitFor()
  await phone.add({ Name: 'Ida Berg', 'E-mail 1': 'ida@berg.example' })
  await laptop.button('Resume').click()
  await laptop.button('Back to the contacts').click()
  await laptop.contact('Ida Berg').waitFor()
})

itInChromium('a data type is switched off and on, and it says which other device has all of it', async () => {
  const { laptop, phone } = await openPair()
  await laptop.add({ Name: 'Ida Berg', 'E-mail 1': 'ida@berg.example' })
  await laptop.openSync()
  await laptop.view.getByText('Phone has all of it').waitFor()
  await eventually(() => laptop.view.getByTestId('last-heard').innerText()).toMatch(/Phone\s+.*\d/)

  await phone.openSync()
  await phone.field('Sync Contacts').uncheck()
  await laptop.button('Back to the contacts').click()
  await laptop.add({ Name: 'Jo Tal', 'E-mail 1': 'jo@tal.example' })
  await laptop.openSync()
  await laptop.view.getByText('No other device has all of it.').waitFor()
  await laptop.view.getByText('Phone has some of it').waitFor()
  await phone.field('Sync Contacts').check()
  await laptop.view.getByText('Phone has all of it').waitFor()
  await phone.button('Back to the contacts').click()
  await phone.contact('Jo Tal').waitFor()
})

itInChromium('a relay that has lost everything gets it back, and people are told while it does', async () => {
  // Two devices that find it empty at once say so in the console, and so does a browser whose connection is refused.
  const { page, laptop, phone } = await openPair({ isTroubled: true })
  await laptop.add({ Name: 'Ida Berg', 'E-mail 1': 'ida@berg.example' })
  await phone.contact('Ida Berg').waitFor()
  const banner = 'The relay has lost something, and gets it back'
  // However short it is shown.
  await page.evaluate((text) => {
    new MutationObserver(() => {
      if (document.body.innerText.includes(text)) document.body.dataset.hasHealed = 'yes'
    }).observe(document.body, { childList: true, subtree: true })
  }, banner)
  await relay.loseEverything()
  await page.locator('body[data-has-healed]').waitFor()
  await eventually(() => laptop.view.getByText(banner).count()).toBe(0)
  await eventually(() => phone.view.getByText(banner).count()).toBe(0)
  await phone.add({ Name: 'Jo Tal', 'E-mail 1': 'jo@tal.example' })
  await laptop.contact('Jo Tal').waitFor()
  await laptop.contact('Ida Berg').waitFor()
})

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1440, 390]) {
    itInChromium(`the screen is accessible, ${colorScheme} and ${width} pixels wide`, async () => {
      const viewport = { width, height: 900 }
      const { page, laptop, phone } = await openPair({ colorScheme, viewport, reducedMotion: 'reduce' })
      await laptop.add({ Name: 'Ida Berg', 'E-mail 1': 'ida@berg.example' })
      await phone.contact('Ida Berg').waitFor()
      await laptop.openSync()
      await laptop.field('When to sync').selectOption('Every 30 minutes')
      await laptop.button('Pause').first().click()
      await laptop.button('Sync now').click()
      await laptop.view.getByText('Syncing is paused.').waitFor()
      await phone.openSync()
      await phone.view.getByText('has all of it').waitFor()
      await checkScreen(page, 'both devices show when they sync')
    })
  }
}
