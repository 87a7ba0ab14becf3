// The recovery phrase after the account was made: confirmed late, replaced with the old one, and asked for without it.
import { expect } from 'vitest'
import { eventually, itInChromium, openDemo, openPair, withDemo } from './support/demo'

withDemo()

itInChromium('an unconfirmed phrase is kept, and a banner says so until three words were right', async () => {
  const { page, laptop } = await openDemo()
  await laptop.button('Create an account').click()
  const phrase = await laptop.phrase()
  await laptop.button('Later').click()
  await laptop.view.getByText('Nobody has confirmed the recovery phrase yet').waitFor()
  await page.reload()
  await laptop.button('Show and confirm it').click()
  expect(await laptop.phrase()).toBe(phrase)

  await laptop.button('I have written them down').click()
  for (const each of await laptop.view.getByLabel(/^Word \d+$/).all()) await each.fill('owl')
  await laptop.button('Confirm').click()
  await eventually(() => laptop.view.getByRole('alert').innerText()).toMatch(/^Word \d+ is another one/)
  await laptop.button('Show the words again').click()
  await laptop.confirmPhrase()
  await laptop.field('Search contacts').waitFor()
  expect(await laptop.view.innerText()).not.toContain('Nobody has confirmed')
  await page.reload()
  await laptop.field('Search contacts').waitFor()
  expect(await laptop.view.innerText()).not.toContain('Nobody has confirmed')
})

itInChromium('a phrase that replaced the old one lets devices in, and the old one does not', async () => {
  const { laptop, phone } = await openDemo()
  const old = await laptop.createAccount()
  await laptop.openSection('Recovery phrase')
  await laptop.field('The phrase that counts now').fill(`${old.split(' ').slice(1).join(' ')} owl`)
  await laptop.button('Make a new phrase').click()
  await laptop.view.getByRole('alert').waitFor()
  await laptop.field('The phrase that counts now').fill(old)
  await laptop.button('Make a new phrase').click()
  const next = await laptop.confirmPhrase()
  expect(next).not.toBe(old)

  expect(await phone.field('Recovery phrase').inputValue()).toBe('')
  await phone.field('Recovery phrase').fill(old)
  await phone.button('Join with the phrase').click()
  await phone.view.getByRole('alert').waitFor()
  await phone.field('Recovery phrase').fill(next)
  await phone.button('Join with the phrase').click()
  await phone.view.getByText('No contacts yet').waitFor()
})

itInChromium(
  'a request without the old phrase stands on both devices, and a device that is new cannot grant it',
  async () => {
    const { page, laptop, phone } = await openPair()
    await phone.openSection('Recovery phrase')
    await phone.press('Ask for a new phrase', 'Ask for it')
    const next = await phone.confirmPhrase()
    await phone.view.getByText('You asked for a new recovery phrase').waitFor()
    expect(next.split(' ')).toHaveLength(24)
    expect(await phone.button('Approve').count()).toBe(0)
    await laptop.view.getByText('Phone asks for a new recovery phrase').waitFor()
    await laptop.press('Approve', 'Let it count')
    await laptop.view
      .getByRole('alert')
      .filter({ hasText: 'week' })
      .or(laptop.view.getByText(/seven days|7 days/))
      .first()
      .waitFor()
    await page.reload()
    await laptop.view.getByText('Phone asks for a new recovery phrase').waitFor()
    await phone.button('Withdraw').click()
    for (const { view } of [laptop, phone]) await view.getByText('new recovery phrase').waitFor({ state: 'detached' })
  },
)

itInChromium('a veto ends the request, and the old phrase goes on to count', async () => {
  const { laptop, phone } = await openPair()
  await phone.openSection('Recovery phrase')
  await phone.press('Ask for a new phrase', 'Ask for it')
  await phone.phrase()
  await phone.button('Later').click()
  await laptop.button('Veto').click()
  for (const { view } of [laptop, phone]) await view.getByText('new recovery phrase').waitFor({ state: 'detached' })
  await phone.openSection('Devices')
  await phone.press('Sign out', 'Sign out')
  // Still the words that were carried over when the account was made.
  await phone.button('Join with the phrase').click()
  await phone.view.getByText('No contacts yet').waitFor()
})
