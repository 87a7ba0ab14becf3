import { readdirSync, readFileSync } from 'node:fs'
import { contactsByKey } from '@owlivion/sync/mail'
import { parseVCards } from '@owlivion/sync/vcard'
import { describe, expect, it } from 'vitest'
import { hasSharedData, sharedData } from '../../../../../e2e/shared-data'

// A second reader, as plain as it can be, which shares nothing with the importer: it only finds what must not be missing.
function scan(file: Buffer): { name: string; value: string }[] {
  const found: { name: string; value: string }[] = []
  let text = file.toString('latin1').replace(/\r+\n/g, '\n')
  text = text.replace(/=\n/g, '')
  if (!text.includes('VERSION:2.1')) text = text.replace(/\n[ \t]/g, '')
  for (const line of text.split('\n')) {
    const [, name = '', parameters = '', raw = ''] =
      /^(?:\w+\.)?(FN|N|EMAIL|TEL|NOTE)((?:;(?:"[^"]*"|[^:"])*)?):(.*)$/i.exec(line) ?? []
    let value = raw
    if (/QUOTED-PRINTABLE/i.test(parameters))
      value = unescape(value.replaceAll('%', '%25').replace(/=(?=[0-9A-F]{2})/gi, '%'))
    value = Buffer.from(value, 'latin1').toString('utf8').replaceAll('\r', '')
    const parts = name.toUpperCase() === 'N' ? value.split(/(?<!\\);/) : [value]
    for (const part of parts.filter((each) => each.trim() !== '')) {
      found.push({ name: name.toUpperCase(), value: part.replace(/\\n/gi, '\n').replace(/\\(.)/g, '$1').trim() })
    }
  }
  return found
}

function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value.trim()]
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(texts) : []
}

describe.skipIf(!hasSharedData('vcards'))('address books of real programs', () => {
  const folder = sharedData('vcards')
  const files = hasSharedData('vcards') ? readdirSync(folder).filter((file) => file.endsWith('.vcf')) : []
  const read = (file: string) => readFileSync(`${folder}/${file}`)

  it('are there', () => {
    expect(files.length).toBeGreaterThanOrEqual(11)
    expect(files.flatMap((file) => scan(read(file))).length).toBeGreaterThan(80)
  })

  it.each(files)('%s keeps every name, e-mail address, number and note', (file) => {
    const { contacts, refused, leftOut } = parseVCards(read(file))
    expect(refused).toEqual([])
    expect(leftOut.every(({ code }) => code === 'photo' || code === 'binary')).toBe(true)
    const values = {
      FN: contacts.map(({ name }) => name),
      N: contacts.flatMap(({ structuredName }) => texts(structuredName)),
      EMAIL: contacts.flatMap(({ emails }) => emails?.map(({ value }) => value) ?? []),
      TEL: contacts.flatMap(({ phones }) => phones?.map(({ value }) => value) ?? []),
      NOTE: contacts.flatMap(({ notes }) => notes?.trim() ?? []),
    }
    const expected = scan(read(file))
    for (const name of Object.keys(values) as (keyof typeof values)[]) {
      const scanned = expected.filter((each) => each.name === name).map(({ value }) => value)
      expect(values[name], name).toEqual(scanned)
    }
  })

  it('read as text give the same contacts as read as bytes', () => {
    for (const file of files) {
      expect(parseVCards(read(file).toString('utf8'))).toEqual(parseVCards(read(file)))
    }
  })

  it('merged by person into one book still hold every value', () => {
    const book = contactsByKey(files.flatMap((file) => parseVCards(read(file)).contacts))
    const held = texts([...book.values()])
    for (const { name, value } of files.flatMap((file) => scan(read(file)))) {
      expect(
        held.some((each) => each.includes(value)),
        `${name} ${value}`,
      ).toBe(true)
    }
  })
})
