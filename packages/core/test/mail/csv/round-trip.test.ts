// What is written for one of the programs is read again without losing a name, an address, a number or a note.
import { readdirSync, readFileSync } from 'node:fs'
import { type CsvProgram, formatContactsCsv, parseContactsCsv } from '@owlivion/sync/csv'
import { type Contact, contactsByKey } from '@owlivion/sync/mail'
import { parseVCards } from '@owlivion/sync/vcard'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasSharedData, sharedData } from '../../../../../e2e/shared-data'
import { anyContact } from '../any-contact'

const programs: readonly CsvProgram[] = ['google', 'outlook', 'thunderbird']

/** What a table is for, without what it has no room for: labels, which of several comes first, the text for the envelope, photos. */
function essence(contact: Contact) {
  const values = (items: Contact['emails']) => items?.map(({ value }) => value).sort()
  const { name, organisation, department, title, notes, birthday, nicknames, groups, favourite, extra } = contact
  const addresses = contact.addresses?.map(({ label: _, preferred: __, formatted, ...parts }) =>
    Object.keys(parts).length > 0 ? parts : { street: formatted },
  )
  return {
    ...{
      name,
      organisation,
      department,
      title,
      notes,
      birthday,
      nicknames,
      groups,
      favourite,
      extra: extra
        ?.filter(([name]) => name !== 'PHOTO')
        .map(String)
        .sort(),
    },
    addresses: addresses?.map((each) => JSON.stringify(each, Object.keys(Object(each)).sort())).sort(),
    emails: values(contact.emails),
    phones: values(contact.phones),
    urls: values(contact.urls),
  }
}

describe.each(programs)('a table for %s', (program) => {
  it('is read as it was written', () => {
    // A cell that holds several things cannot hold one with what stands between them.
    const plain = (contact: Contact): Contact => {
      const text = JSON.stringify(contact).replaceAll(' ::: ', ' ').replaceAll(':::', ':').replaceAll(';', ',')
      const { nicknames, groups, ...rest } = JSON.parse(text) as Contact
      return {
        ...rest,
        ...(nicknames && { nicknames: [...new Set(nicknames)] }),
        ...(groups && { groups: [...new Set(groups)] }),
      }
    }
    fc.assert(
      fc.property(fc.array(anyContact.map(plain), { minLength: 1, maxLength: 4 }), (contacts) => {
        const result = parseContactsCsv(formatContactsCsv(contacts, { program }))
        expect([result.program, result.refused, result.leftOut]).toEqual([program, [], []])
        expect(result.contacts.map(essence)).toEqual(contacts.map(essence))
        // Written once more it does not change any further.
        const again = parseContactsCsv(formatContactsCsv(result.contacts, { program }))
        expect(again.contacts.map(essence)).toEqual(result.contacts.map(essence))
      }),
      { numRuns: 150, seed: 20_240_601 },
    )
  })
})

describe.skipIf(!hasSharedData('vcards'))('address books of real programs', () => {
  const folder = sharedData('vcards')
  const files = hasSharedData('vcards') ? readdirSync(folder).filter((file) => file.endsWith('.vcf')) : []

  it.each(programs)('written as tables for %s lose no name, address, number, mail or note', (program) => {
    const book = [
      ...contactsByKey(files.flatMap((file) => parseVCards(readFileSync(`${folder}/${file}`)).contacts)).values(),
    ]
    expect(book.length).toBeGreaterThan(3)
    const { contacts, refused, leftOut } = parseContactsCsv(formatContactsCsv(book, { program }))
    expect([refused, leftOut]).toEqual([[], []])
    expect(contacts.map(essence)).toEqual(book.map(essence))
    expect(contacts.map(({ structuredName }) => structuredName)).toEqual(
      book.map(({ structuredName }) => structuredName),
    )
  })
})
