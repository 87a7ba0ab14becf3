import { expect } from 'vitest'
import { eventually, itInChromium, openPair, withDemo } from './support/demo'

withDemo()

itInChromium('what one device adds, changes, deletes and restores happens on the other', async () => {
  const { laptop, phone } = await openPair()
  await laptop.add({ Name: 'Ida Berg', 'E-mail 1': 'ida@berg.example', 'Phone 1': '+49 30 5550 0100' })
  await phone.contact('Ida Berg').click()
  await phone.view.getByText('+49 30 5550 0100').waitFor()
  await eventually(() => laptop.view.locator('[data-state]').getAttribute('data-state')).toBe('seen')

  await phone.button('Edit').click()
  await phone.field('Phone 1').fill('+49 30 5550 0199')
  await phone.button('Save').click()
  await laptop.view.getByText('+49 30 5550 0199').waitFor()

  await phone.button('Delete').click()
  await laptop.button('Recently deleted (1)').click()
  await laptop.button('Restore Ida Berg').click()
  await phone.contact('Ida Berg').waitFor()

  await laptop.contact('Ida Berg').click()
  await laptop.button('Delete').click()
  await phone.view.getByText('No contacts yet').waitFor()
  await laptop.button('Undo').click()
  await phone.contact('Ida Berg').waitFor()
})

itInChromium('what is deleted for good is gone from both, and asked about before', async () => {
  const { laptop, phone } = await openPair()
  await laptop.add({ Name: 'Ida Berg', 'E-mail 1': 'ida@berg.example' })
  await phone.contact('Ida Berg').click()
  await phone.button('Delete').click()
  await laptop.button('Recently deleted (1)').click()
  await laptop.view.getByText(/^Deleted .+ on .+, kept until /).waitFor()
  await laptop.button('Delete for good: Ida Berg').click()
  await laptop.button('Cancel').click()
  await laptop.button('Restore Ida Berg').waitFor()
  // Refused until the phone has shown that it holds no edit of hers.
  await eventually(async () => {
    const purge = laptop.button('Delete for good: Ida Berg')
    if ((await purge.count()) > 0) {
      await purge.click()
      await laptop.view.getByRole('dialog').getByRole('button', { name: 'Delete for good' }).click()
    }
    return laptop.view.getByText('Nothing is left to restore.').count()
  }).toBe(1)
  await eventually(() => phone.button('Recently deleted (1)').count()).toBe(0)
})

itInChromium('somebody who is in the book already is opened, not overwritten', async () => {
  const { laptop } = await openPair()
  await laptop.add({ Name: 'Ida Berg', 'E-mail 1': 'ida@berg.example', Notes: 'Plays the cello' })
  await laptop.add({ Name: 'I. Berg', 'E-mail 1': 'IDA@berg.example' })
  await laptop.view.getByText('Ida Berg is in the address book already.').waitFor()
  await laptop.view.getByText('Plays the cello').waitFor()
  expect(await laptop.view.locator('.contact-row').count()).toBe(1)
})

itInChromium('the search finds names without their accents, and parts of numbers', async () => {
  const { laptop } = await openPair()
  await laptop.button('Add nine sample contacts').click()
  await eventually(() => laptop.view.locator('.contact-row').count()).toBe(9)
  const search = laptop.field('Search contacts')
  for (const [query, name] of [
    ['nunez ines', 'Inés Núñez'],
    ['LUMEN', 'Amara Okafor'],
    ['0177', 'Chiyo Tanabe'],
    ['plum trees', 'Greta Lindqvist'],
  ] as const) {
    await search.fill(query)
    await expect
      .poll(() => laptop.view.locator('.contact-row').allInnerTexts())
      .toEqual([expect.stringContaining(name)])
  }
  await search.fill('nobody at all')
  await laptop.view.getByText('0 of 9 contacts').waitFor()
})

itInChromium(
  'a field that both devices changed offline shows both values on both, and one click decides for both',
  async () => {
    const { laptop, phone } = await openPair()
    await laptop.add({
      Name: 'Ida Berg',
      'E-mail 1': 'ida@berg.example',
      Organisation: 'Lumen',
      Title: 'Editor',
    })
    await phone.contact('Ida Berg').waitFor()
    await laptop.goOffline()
    await phone.goOffline()
    await laptop.edit('Ida Berg', 'Title', 'Publisher')
    await phone.edit('Ida Berg', 'Title', 'Printer')
    // Changed on one of them only: no conflict.
    await phone.edit('Ida Berg', 'Organisation', 'Lumen and Sons')
    await laptop.view.getByText('Kept on this device, 1 change not sent').waitFor()
    expect(await laptop.view.innerText()).not.toContain('Printer')

    await laptop.goOnline()
    await phone.goOnline()
    for (const { view } of [laptop, phone]) {
      await view.getByText('Title was changed on two devices. Which one stays?').waitFor()
      const values = await view.locator('.conflict-value').allInnerTexts()
      expect(values).toEqual([expect.stringContaining('Printer'), expect.stringContaining('Publisher')])
      await view.locator('.book-detail').getByText('Lumen and Sons').waitFor()
      expect(await view.locator('.conflict').count()).toBe(1)
    }
    await laptop.button(/Publisher.*Keep/s).click()
    for (const { view } of [laptop, phone]) {
      await view.locator('.conflict').waitFor({ state: 'detached' })
      await view.getByText('Publisher, Lumen and Sons').waitFor()
    }
  },
)

itInChromium(
  'a contact that one device deleted while the other changed it is asked about, and comes to one answer',
  async () => {
    const { laptop, phone } = await openPair()
    await laptop.add({ Name: 'Ida Berg', 'E-mail 1': 'ida@berg.example' })
    await phone.contact('Ida Berg').waitFor()
    await laptop.goOffline()
    await phone.goOffline()
    await laptop.contact('Ida Berg').click()
    await laptop.button('Delete').click()
    await phone.edit('Ida Berg', 'Notes', 'Moved to Lübeck')
    await laptop.goOnline()
    await phone.goOnline()
    await laptop.contact('Ida Berg').click()
    for (const { view } of [laptop, phone]) {
      await view.getByText('Deleted on one device while it was changed on another').waitFor()
      await view.getByText('Moved to Lübeck').waitFor()
    }
    await phone.button('Keep it').click()
    for (const { view } of [laptop, phone]) {
      await view.getByText('Deleted on one device').waitFor({ state: 'detached' })
      await view.getByText('Moved to Lübeck').waitFor()
    }
  },
)

itInChromium('an edit under way keeps what was typed when the same contact changes elsewhere', async () => {
  const { laptop, phone } = await openPair()
  await laptop.add({ Name: 'Ida Berg', 'E-mail 1': 'ida@berg.example', Title: 'Editor' })
  await phone.contact('Ida Berg').click()
  await phone.button('Edit').click()
  await phone.field('Notes').fill('Half a thou')
  await laptop.edit('Ida Berg', 'Title', 'Publisher')
  await eventually(() => laptop.view.locator('[data-state]').getAttribute('data-state')).toBe('seen')
  await phone.field('Notes').fill('Half a thought')
  await phone.button('Save').click()
  for (const { view } of [laptop, phone]) {
    await view.getByText('Half a thought').waitFor()
    await view.locator('.book-detail').getByText('Publisher').waitFor()
    expect(await view.locator('.conflict').count()).toBe(0)
  }
})
