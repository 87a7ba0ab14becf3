// Who can use the screens about devices and keys, and on which displays.
import { expect } from 'vitest'
import { checkScreen } from './support/accessibility'
import { eventually, itInChromium, openDemo, openPair, relay, withDemo } from './support/demo'

withDemo()

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1440, 390]) {
    itInChromium(
      `devices and keys are accessible at every step, ${colorScheme} and ${width} pixels wide, and never scroll sideways`,
      async () => {
        const { page, laptop, phone } = await openDemo({
          colorScheme,
          viewport: { width, height: 900 },
          reducedMotion: 'reduce',
        })
        const check = (step: string) => checkScreen(page, step)
        await laptop.button('Create an account').click()
        await laptop.phrase()
        await laptop.button('Later').click()
        await check('a phrase that nobody has confirmed')
        await laptop.button('Show and confirm it').click()
        await laptop.confirmPhrase()
        await laptop.add({ Name: 'Ida Berg', 'E-mail 1': 'ida@berg.example' })

        const code = await phone.pairingCode('typed')
        await laptop.openSection('Devices')
        await laptop.button('Add a device').click()
        await check('a code on the new device, a field for it on the other')
        await laptop.field('Pairing code').fill(code)
        await laptop.button('Find the device').click()
        await phone.view.getByTestId('digits').waitFor()
        await check('digits on both screens')
        await laptop.button('The same').click()
        await check('waiting for the other person')
        await phone.button('The same').click()
        await laptop.view.getByText('Phone has joined the account.').waitFor()
        await phone.contact('Ida Berg').waitFor()
        await laptop.button('Back to the devices').click()
        await laptop.button('Lock out Phone').waitFor()
        await phone.openSection('Recovery phrase')
        await check('devices, and the recovery phrase')

        await phone.press('Ask for a new phrase', 'Ask for it')
        await phone.phrase()
        await phone.button('Later').click()
        await laptop.button('Veto').waitFor()
        await check('a request for a new phrase on both devices')
        await laptop.button('Veto').click()
        await phone.view.getByText('You asked for').waitFor({ state: 'detached' })
        await phone.openSection('Security log')
        await phone.view.getByRole('table').waitFor()
        await check('the security log')
        relay.dropAuditRow(3)
        await phone.button('Read again').click()
        await phone.view.getByText('The log is not as it was').waitFor()
        await check('a log that was changed')

        await phone.goOffline()
        await phone.button('Back to the contacts').click()
        await phone.edit('Ida Berg', 'Notes', 'Said on the train')
        await laptop.goOffline()
        await laptop.button('Lock out Phone').click()
        await check('the question before a device is locked out')
        await laptop.view.getByRole('button', { name: 'Lock it out' }).click()
        await laptop.view.getByText('Still to be done').waitFor()
        await check('what is owed')
        await laptop.goOnline()
        await laptop.view.getByText('Still to be done').waitFor({ state: 'detached' })
        await phone.goOnline()
        await phone.view.getByText('notes: Said on the train').waitFor()
        await check('a device that was locked out')
      },
    )
  }
}

itInChromium('devices and keys can be reached and left by keyboard, and the focus is never lost', async () => {
  const { page, laptop } = await openPair({ viewport: { width: 390, height: 900 } })
  const focused = () => page.evaluate(() => document.activeElement?.textContent || document.activeElement?.ariaLabel)
  const press = async (name: string) => {
    await laptop.view.getByRole('button', { name, exact: true }).focus()
    await page.keyboard.press('Enter')
  }
  await press('Devices and keys')
  await eventually(focused).toBe('Devices')
  await press('Add a device')
  await eventually(focused).toBe('Add a device')
  await press('Cancel')
  await eventually(focused).toBe('Devices')
  await press('Lock out Phone')
  await laptop.view.locator('dialog[open]').waitFor()
  await page.keyboard.press('Escape')
  await eventually(focused).toBe('Lock out')
  await press('Recovery phrase')
  await eventually(focused).toBe('Recovery phrase')
  await press('Security log')
  await eventually(focused).toBe('Security log')
  await press('Back to the contacts')
  await eventually(focused).toBe('Laptop')
  expect(await laptop.field('Search contacts').isVisible()).toBe(true)
})
