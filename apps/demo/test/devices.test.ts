// Devices that are locked out, that sign out, and what becomes of what they had not sent.
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright'
import { expect } from 'vitest'
import { eventually, itInChromium, openPair, withDemo } from './support/demo'

withDemo()

async function download(page: Page, press: () => Promise<void>): Promise<{ name: string; text: string }> {
  const [file] = await Promise.all([page.waitForEvent('download'), press()])
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), 'utf8') }
}

itInChromium('the devices are listed with name, platform, times and address, and this one is marked', async () => {
  const { laptop } = await openPair()
  await laptop.openSection('Devices')
  const rows = laptop.view.getByRole('list', { name: 'Devices of the account' }).getByRole('listitem')
  await eventually(() => rows.count()).toBe(2)
  await eventually(async () => (await rows.allInnerTexts()).join()).toMatch(/127\.0\.0\.1|::1/)
  const own = rows.filter({ hasText: 'Laptop' })
  const text = await own.innerText()
  expect(text).toContain('This device')
  expect(text).toContain('Chrome on Linux')
  expect(text).toMatch(/First seen\s+.*\d/)
  expect(text).toMatch(/Last seen\s+.*\d/)
  expect(await own.getByRole('button').count()).toBe(0)
  expect(await rows.filter({ hasText: 'Phone' }).innerText()).not.toContain('This device')
})

itInChromium(
  'a device that is locked out says so at once, gives what it had not sent as a file, and another device takes it in',
  async () => {
    const { page, laptop, phone } = await openPair()
    await laptop.add({ Name: 'Ida Berg', 'E-mail 1': 'ida@berg.example' })
    await phone.contact('Ida Berg').waitFor()
    await phone.goOffline()
    await phone.edit('Ida Berg', 'Notes', 'Said on the train')

    await laptop.openSection('Devices')
    await laptop.press('Lock out Phone', 'Cancel')
    expect(await laptop.button('Lock out Phone').isVisible()).toBe(true)
    await laptop.press('Lock out Phone', 'Lock it out')
    await laptop.view.getByText('1 not in the account any more').waitFor()

    await phone.goOnline()
    await phone.view.getByText('This device was locked out').waitFor()
    await phone.view.getByText('1 change was not sent').waitFor()
    await phone.view.getByText('notes: Said on the train').waitFor()
    expect(await laptop.view.innerText()).not.toContain('Said on the train')
    const file = await download(page, () => phone.button('Save them as a file').click())
    expect(file.name).toBe('unsent-edits.json')
    await phone.press('Wipe this device', 'Wipe it')
    await phone.field('Recovery phrase').waitFor()

    const take = (text: string) =>
      laptop
        .field('Open a file of unsent edits')
        .setInputFiles({ name: 'edits.json', mimeType: 'application/json', buffer: Buffer.from(text) })
    await take('{"format":"something else"}')
    await laptop.view.getByText('This file holds no edits of a locked-out device.').waitFor()
    await take(file.text)
    await laptop.view.getByText('1 edits that were not sent').waitFor()
    await laptop.view.getByText('notes: Said on the train').waitFor()
    await laptop.button('Take them in').click()
    await laptop.view.getByText('1 taken in, 0 left out.').waitFor()
    await laptop.button('Back to the contacts').click()
    await laptop.contact('Ida Berg').click()
    await laptop.view.getByText('Said on the train').waitFor()
  },
)

itInChromium(
  'a device that is online is shut out while somebody looks at it, and still is after a reload',
  async () => {
    const { page, laptop, phone } = await openPair()
    await laptop.openSection('Devices')
    await laptop.press('Lock out all others', 'Lock out all others')
    await phone.view.getByText('This device was locked out').waitFor()
    await phone.view.getByText('Everything that was written here is in the account.').waitFor()
    await laptop.view.getByText('Only this device is in the account now.').waitFor()
    await page.reload()
    await phone.view.getByText('This device was locked out').waitFor()
    expect(await phone.view.getByRole('switch').count()).toBe(0)
  },
)

itInChromium('what waits for the relay is shown until it is done, also after a reload', async () => {
  const { page, laptop, phone } = await openPair()
  await laptop.goOffline()
  await laptop.openSection('Devices')
  await laptop.press('Lock out Phone', 'Lock it out')
  await laptop.view.getByText('Lock out Phone', { exact: true }).waitFor()
  await page.reload()
  await laptop.openSection('Devices')
  await laptop.view.getByText('Still to be done').waitFor()
  await laptop.goOnline()
  await laptop.view.getByText('Still to be done').waitFor({ state: 'detached' })
  await phone.view.getByText('This device was locked out').waitFor()
})

itInChromium('keys are rotated by a click, and a device that signs out is as new', async () => {
  const { laptop, phone } = await openPair()
  await laptop.openSection('Devices')
  await laptop.button('Rotate keys').click()
  await laptop.view.getByText('The account has a new key.').waitFor()
  await laptop.button('Back to the contacts').click()
  await laptop.add({ Name: 'Ida Berg', 'E-mail 1': 'ida@berg.example' })
  await phone.contact('Ida Berg').waitFor()

  await phone.openSection('Devices')
  await phone.press('Sign out', 'Sign out')
  await phone.field('Recovery phrase').waitFor()
  expect(await phone.view.innerText()).not.toContain('Ida Berg')
  await laptop.openSection('Devices')
  await laptop.view.getByText('1 not in the account any more').waitFor()
})
