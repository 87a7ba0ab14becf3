import { expect } from 'vitest'
import { itInChromium, openPair, withDemo } from './support/demo'

withDemo()

const card = (...lines: string[]) => ['BEGIN:VCARD', ...lines, 'END:VCARD', ''].join('\r\n')
const ida = card('VERSION:3.0', 'FN:Ida Berg', 'EMAIL;TYPE=HOME:ida@berg.example')
const jo = card('VERSION:2.1', 'FN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:J=C3=B8 Dahl', 'TEL;CELL:+45 5550 0100')
const photo = 'PHOTO;ENCODING=b;TYPE=TIFF:SUkqAA=='

itInChromium(
  'a vCard file that is picked arrives on both devices, with what was refused and left out, line by line',
  async () => {
    const { laptop, phone } = await openPair()
    const text = ida + card('VERSION:3.0') + card('VERSION:3.0', 'FN:Kim Sol', photo) + jo
    const file = { name: 'book.vcf', mimeType: 'text/vcard', buffer: Buffer.from(text) }
    await laptop.field('Import vCard files').setInputFiles(file)
    for (const name of ['Ida Berg', 'Kim Sol', 'Jø Dahl']) await phone.contact(name).waitFor()
    await laptop.view.getByText('3 added').waitFor()
    await laptop.view.getByText('1 refused').waitFor()
    await laptop.view.getByText(/^Line 6: /).waitFor()
    await laptop.view.getByText('1 left out of imported cards').click()
    await laptop.view.getByText(/^Line 12, PHOTO: /).waitFor()

    // The same again: nothing new, nothing twice.
    await laptop.field('Import vCard files').setInputFiles(file)
    await laptop.view.getByText('3 here already').waitFor()
    expect(await laptop.view.locator('.contact-row').count()).toBe(3)
  },
)

itInChromium('files that are dropped on a device are imported there, and joined with who is there', async () => {
  const { page, laptop, phone } = await openPair()
  const drop = async (files: readonly (readonly [name: string, text: string])[]) => {
    const dataTransfer = await page.evaluateHandle((each) => {
      const transfer = new DataTransfer()
      for (const [name, text] of each) transfer.items.add(new File([text], name, { type: 'text/vcard' }))
      return transfer
    }, files)
    const target = phone.view.locator('.book-list')
    await target.dispatchEvent('dragenter', { dataTransfer })
    await phone.view.getByText('Import into the address book on the phone').waitFor()
    await target.dispatchEvent('drop', { dataTransfer })
  }
  await drop([
    ['ida.vcf', ida],
    ['jo.vcf', jo],
  ])
  await laptop.contact('Jø Dahl').waitFor()
  await laptop.contact('Ida Berg').click()
  await drop([['more.vcf', card('VERSION:4.0', 'FN:Ida Berg', 'EMAIL:IDA@berg.example', 'TEL:+49 30 5550 0100')]])
  await phone.view.getByText('1 joined with contacts that were here').waitFor()
  await laptop.view.getByText('+49 30 5550 0100').waitFor()
  expect(await laptop.view.locator('.contact-row').count()).toBe(2)
})

itInChromium('a file that is no vCard is refused and changes nothing', async () => {
  const { laptop } = await openPair()
  const file = { name: 'letter.txt', mimeType: 'text/plain', buffer: Buffer.from('Dear Ida,\nall is well.\n') }
  await laptop.field('Import vCard files').setInputFiles(file)
  await laptop.view.getByText('Nothing was imported').waitFor()
  await laptop.view.getByText('1 refused').waitFor()
  expect(await laptop.view.locator('.contact-row').count()).toBe(0)
})
