import { expect } from 'vitest'
import { eventually, itInChromium, openDemo, openPair, withDemo } from './support/demo'

withDemo()

itInChromium(
  'the laptop makes an account and shows 24 words once; the phone joins with them by one click',
  async () => {
    const { page, laptop, phone } = await openDemo()
    await laptop.button('Create an account').click()
    const words = laptop.view.getByRole('list', { name: 'Recovery phrase' }).getByRole('listitem')
    await eventually(() => words.count()).toBe(24)

    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await laptop.button('Copy').click()
    await laptop.button('Copied').waitFor()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    expect(copied.split(' ')).toHaveLength(24)
    expect(await phone.field('Recovery phrase').inputValue()).toBe(copied)

    await laptop.confirmPhrase()
    await phone.button('Join with the phrase').click()
    await phone.view.getByText('No contacts yet').waitFor()
    expect(await laptop.view.innerText()).not.toContain(copied.split(' ').slice(0, 3).join(' '))
  },
)

itInChromium(
  'a page that was loaded again does not know the phrase, and the phone joins with typed words',
  async () => {
    const { page, laptop, phone } = await openDemo()
    const phrase = await laptop.createAccount()
    await laptop.field('Search contacts').waitFor()
    await page.reload()
    expect(await phone.field('Recovery phrase').inputValue()).toBe('')
    await phone.field('Recovery phrase').fill(phrase.toUpperCase().replace(/ /g, '\n'))
    await phone.button('Join with the phrase').click()
    await phone.view.getByText('No contacts yet').waitFor()
  },
)

itInChromium('a word that is none is named, and what was typed stays to be corrected', async () => {
  const { laptop, phone } = await openDemo()
  const phrase = await laptop.createAccount()
  const [first, , ...rest] = phrase.split(' ')
  const wrong = [first, 'owlivion', ...rest].join(' ')
  await phone.field('Recovery phrase').fill(wrong)
  await phone.button('Join with the phrase').click()
  const message = await phone.view.getByRole('alert').innerText()
  expect(message).toContain('owlivion')
  expect(message).toMatch(/word 2|second/i)
  expect(await phone.field('Recovery phrase').inputValue()).toBe(wrong)

  await phone.field('Recovery phrase').fill(phrase)
  await phone.button('Join with the phrase').click()
  await phone.view.getByText('No contacts yet').waitFor()
})

itInChromium('what was there is there after the page is loaded again, the switched-off network included', async () => {
  const { page, laptop, phone } = await openPair()
  await laptop.add({ Name: 'Ida Berg', 'E-mail 1': 'ida@berg.example' })
  await phone.contact('Ida Berg').waitFor()
  await phone.goOffline()
  await phone.edit('Ida Berg', 'Notes', 'Said on the train')
  await page.reload()
  await laptop.contact('Ida Berg').waitFor()
  await phone.contact('Ida Berg').click()
  await phone.view.getByText('Said on the train').waitFor()
  expect(await phone.view.getByRole('switch').getAttribute('aria-checked')).toBe('false')
  expect(await phone.view.innerText()).toContain('1 change not sent')
  await phone.goOnline()
  await laptop.contact('Ida Berg').click()
  await laptop.view.getByText('Said on the train').waitFor()
})

itInChromium('starting over asks, then leaves both devices as new', async () => {
  const { page, laptop, phone } = await openPair()
  await laptop.add({ Name: 'Ida Berg', 'E-mail 1': 'ida@berg.example' })
  await phone.contact('Ida Berg').waitFor()

  await page.getByRole('button', { name: 'Start over' }).click()
  await page.getByRole('button', { name: 'Keep them' }).click()
  await laptop.contact('Ida Berg').waitFor()

  await page.getByRole('button', { name: 'Start over' }).click()
  await page.getByRole('button', { name: 'Wipe both' }).click()
  await laptop.button('Create an account').waitFor()
  await page.reload()
  await laptop.button('Create an account').waitFor()
  expect(await phone.view.innerText()).not.toContain('Ida Berg')
  const phrase = await laptop.createAccount()
  expect(phrase.split(' ')).toHaveLength(24)
  await laptop.view.getByText('No contacts yet').waitFor()
})
