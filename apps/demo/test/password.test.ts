// Sign-in with a password on the screen: set up with a second factor, used in a browser that has nothing of the account, and ended.
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { checkScreen } from './support/accessibility'
import { appCode } from './support/authenticator'
import { eventually, itInChromium, openDemo, relay, withDemo } from './support/demo'
import type { DeviceView } from './support/device-view'

withDemo()

const password = 'correct horse battery staple'

async function setPassword(device: DeviceView, email: string): Promise<void> {
  await device.openSection('Password')
  await device.field('E-mail address').fill(email)
  await device.field('New password').fill(password)
  await device.button('Set the password').click()
  await device.view.getByText('The password is set.').waitFor()
}

async function typePassword(device: DeviceView, email: string, typed = password): Promise<void> {
  await device.field('E-mail address').fill(email)
  await device.field('Password').fill(typed)
  await device.button(/^Sign in$/).click()
}

async function openSignIn(device: DeviceView): Promise<void> {
  await device.button('Join an account instead').click()
  await device.button('Sign in with e-mail and password').click()
}

itInChromium('another browser signs in with password and code, and not with either alone', async () => {
  const { page, laptop } = await openDemo()
  await laptop.createAccount()
  await laptop.add({ Name: 'Ada Lovelace', 'E-mail 1': 'ada@example.com' })
  await setPassword(laptop, 'ann@example.com')
  await laptop.button('Set up two-factor').click()
  await laptop.view.getByRole('img', { name: 'QR code for an authenticator app' }).waitFor()
  const key = await laptop.view.getByTestId('totp-key').innerText()
  await laptop.field('Code that the app shows').fill('abc')
  await laptop.button('Switch two-factor on').click()
  await laptop.view.getByRole('alert').waitFor()
  await laptop.field('Code that the app shows').fill(appCode(key))
  await laptop.button('Switch two-factor on').click()
  await laptop.view.getByText('On. 10 backup codes are left.').waitFor()
  const codes = await laptop.view.getByRole('list', { name: 'Backup codes' }).getByRole('listitem').allInnerTexts()
  expect(codes).toHaveLength(10)
  await checkScreen(page, 'two-factor is on')
  await page.setViewportSize({ width: 390, height: 900 })
  await checkScreen(page, 'two-factor is on, 390 pixels wide')
  const saved = page.waitForEvent('download')
  await laptop.button('Save as a file').click()
  expect(
    readFileSync(await (await saved).path(), 'utf8')
      .trim()
      .split('\n'),
  ).toEqual(codes)
  await laptop.button('I have kept them').click()

  const other = await openDemo()
  await openSignIn(other.laptop)
  await checkScreen(other.page, 'sign-in form')
  await typePassword(other.laptop, 'ann@example.com', 'incorrect horse battery')
  await eventually(() => other.laptop.view.getByRole('alert').innerText()).toContain('Check address and password')
  await typePassword(other.laptop, 'ann@example.com')
  await other.laptop.field('Code').fill('000')
  await other.laptop.button('Go on').click()
  await other.laptop.view.getByText('That code is wrong or was used before.').waitFor()
  // The code that switched it on counts no more: the next one.
  await other.laptop.field('Code').fill(appCode(key, 1))
  await other.laptop.button('Go on').click()
  await other.laptop.contact('Ada Lovelace').waitFor()

  await other.phone.button('Sign in with e-mail and password').click()
  await typePassword(other.phone, 'ANN@example.com')
  await other.phone.field('Code').fill(codes[0] ?? '')
  await other.phone.button('Go on').click()
  await other.phone.contact('Ada Lovelace').waitFor()
  await other.phone.openSection('Password')
  await other.phone.view.getByText('On. 9 backup codes are left.').waitFor()

  await other.phone.button('Switch two-factor off').click()
  await other.phone.field('Password').fill(password)
  await other.phone.field('Code').fill(codes[1] ?? '')
  await other.phone.button('Switch it off').click()
  await other.phone.button('Set up two-factor').waitFor()
})

itInChromium('a password that was changed or ended opens nothing', async () => {
  const { laptop } = await openDemo()
  await laptop.createAccount()
  await setPassword(laptop, 'ben@example.com')
  await laptop.field('New password').fill('short')
  await laptop.button('Change the password').click()
  await eventually(() => laptop.view.getByRole('alert').innerText()).toContain('at least 10 characters')
  await laptop.field('New password').fill('another horse, another battery')
  await laptop.button('Change the password').click()
  await laptop.view.getByText('The password was changed').waitFor()

  const { laptop: other } = await openDemo()
  await openSignIn(other)
  await typePassword(other, 'ben@example.com')
  await other.view.getByRole('alert').waitFor()

  await laptop.press('End the password', 'End it')
  await laptop.view.getByText('The password was ended.').waitFor()
  await typePassword(other, 'ben@example.com', 'another horse, another battery')
  await eventually(() => other.view.getByRole('alert').innerText()).toContain('Check address and password')
  expect(await other.button('Sign in').first().isEnabled()).toBe(true)
})

itInChromium('who guesses too often is told how long to wait', async () => {
  const { laptop } = await openDemo()
  await openSignIn(laptop)
  const alert = laptop.view.getByRole('alert')
  for (let attempt = 0; attempt < 10; attempt++) {
    // Pressed when the one before it has its answer: until then the button has another name.
    await typePassword(laptop, 'nobody@example.com', `a guess of a password ${attempt}`)
  }
  await typePassword(laptop, 'nobody@example.com', 'one guess more')
  await eventually(() => alert.innerText()).toMatch(/Try again in \d+ minutes\./)
})

itInChromium('a passkey opens the account until it is removed', async () => {
  await relay.allowPasskeys()
  const { page, laptop, phone } = await openDemo()
  const devTools = await page.context().newCDPSession(page)
  await devTools.send('WebAuthn.enable')
  await devTools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      hasPrf: true,
      automaticPresenceSimulation: true,
    },
  })
  await laptop.createAccount()
  await laptop.openSection('Password')
  await laptop.field('Name of the new passkey').fill('this finger')
  await laptop.button('Add a passkey').click()
  await laptop.button('Remove the passkey this finger').waitFor()
  await checkScreen(page, 'a passkey is listed')

  await phone.button('Sign in with e-mail and password').click()
  await phone.button('Sign in with a passkey').click()
  await phone.view.getByText('No contacts yet').waitFor()

  await laptop.press('Remove the passkey this finger', 'Remove it')
  await laptop.button('Remove the passkey this finger').waitFor({ state: 'detached' })
  await phone.openSection('Devices')
  await phone.press('Sign out', 'Sign out')
  await phone.button('Sign in with e-mail and password').click()
  await phone.button('Sign in with a passkey').click()
  await phone.view.getByRole('alert').waitFor()
})
