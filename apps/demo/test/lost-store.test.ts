import type { Page } from 'playwright'
import { expect } from 'vitest'
import { checkScreen } from './support/accessibility'
import { itInChromium, openDemo, openPair, withDemo } from './support/demo'

withDemo()

/** As a browser does it that is short of room: while the page is closed, and without a word. */
async function throwAway(page: Page, ...devices: readonly ('laptop' | 'phone')[]): Promise<void> {
  // A page of the same site that has none of it open.
  await page.goto('/no-such-page')
  await page.evaluate(
    async (names) => {
      for (const name of names)
        await new Promise((resolve, reject) => {
          const deleting = indexedDB.deleteDatabase(name)
          deleting.onsuccess = resolve
          deleting.onerror = deleting.onblocked = reject
        })
    },
    devices.map((device) => `owlivion-demo-${device}`),
  )
  await page.goto('/')
}

itInChromium('a device whose data the browser threw away says what is gone, and joins again by pairing', async () => {
  const { page, laptop, phone } = await openPair({ isTroubled: true })
  await laptop.add({ Name: 'Ida Berg', 'E-mail 1': 'ida@berg.example' })
  await phone.contact('Ida Berg').waitFor()
  await throwAway(page, 'phone')
  const alert = phone.view.getByRole('alert')
  await alert.waitFor()
  expect(await alert.innerText()).toContain('thrown this device’s data away')
  expect(await phone.view.innerText()).toContain('Whatever was sent is safe')
  // The other device of this browser has a store of its own.
  await laptop.contact('Ida Berg').waitFor()
  await checkScreen(page, 'a lost store')
  // It says so until somebody decides.
  await page.reload()
  await phone.button('Join again').click()
  const code = await phone.pairingCode('scanned')
  await laptop.openSection('Devices')
  await laptop.button('Add a device').click()
  await laptop.field('Pairing code').fill(code)
  await laptop.button('Find the device').click()
  await laptop.button('Let it in').click()
  await phone.contact('Ida Berg').waitFor()
  await page.reload()
  await phone.contact('Ida Berg').waitFor()
})

itInChromium(
  'when all devices of an account lost theirs, the 24 words bring everything back from the relay',
  async () => {
    const { page, laptop, phone } = await openDemo({ isTroubled: true })
    const phrase = await laptop.createAccount()
    await phone.button('Join with the phrase').click()
    await laptop.add({ Name: 'Ida Berg', 'E-mail 1': 'ida@berg.example' })
    await phone.contact('Ida Berg').waitFor()
    await throwAway(page, 'laptop', 'phone')
    await laptop.button('Join again').click()
    // Whoever had an account is not offered another one.
    await laptop.field('Recovery phrase').fill(phrase)
    await laptop.button('Join with the phrase').click()
    await laptop.contact('Ida Berg').waitFor()
  },
)
