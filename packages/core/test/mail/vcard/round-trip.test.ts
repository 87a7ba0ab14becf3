// A card that is written and read again is the same contact, in every version.
import { readdirSync, readFileSync } from 'node:fs'
import type { Contact } from '@owlivion/sync/mail'
import { formatVCards, parseVCards, type VCardVersion } from '@owlivion/sync/vcard'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasSharedData, sharedData } from '../../../../../e2e/shared-data'
import { anyContact } from '../any-contact'

const versions: readonly VCardVersion[] = ['2.1', '3.0', '4.0']

describe.each(versions)('contacts written as vCard %s', (version) => {
  it('are read as they were', () => {
    fc.assert(
      fc.property(fc.array(anyContact, { minLength: 1, maxLength: 3 }), (contacts) => {
        const { contacts: read, refused, leftOut } = parseVCards(formatVCards(contacts, { version }))
        expect(read).toEqual(contacts)
        expect([refused, leftOut]).toEqual([[], []])
      }),
      { numRuns: 200, seed: 20_240_601 },
    )
  })

  it('have no line beyond the bound, no bare line end and no half character', () => {
    fc.assert(
      fc.property(anyContact, (contact) => {
        const file = formatVCards([contact], { version })
        for (const line of file.split('\r\n')) {
          expect(line).not.toMatch(/[\r\n]/)
          if (version !== '2.1') expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75)
          expect(Buffer.from(line).toString()).toBe(line)
        }
      }),
    )
  })

  it('keep a favourite, a delivery label of each of two addresses of one kind, and labels in own words', () => {
    const contact: Contact = {
      name: 'Ann',
      favourite: true,
      emails: [{ value: 'ann@example.com', label: 'Book club; "Tuesdays"' }],
      phones: [
        { value: '1', label: 'HomePage', preferred: true },
        { value: '2', label: '_$!<odd>!$_' },
      ],
      addresses: [
        { street: '1 Main St', label: 'home' },
        { street: '2 Side St', label: 'home', formatted: 'Ann\n2 Side St; "back" ^n C:\\new' },
        { formatted: 'Pier 3', label: 'Boat' },
      ],
    }
    expect(parseVCards(formatVCards([contact], { version }))).toEqual({ contacts: [contact], refused: [], leftOut: [] })
  })

  it('cannot be torn apart by what an app put into them', () => {
    const contact: Contact = {
      name: 'Ann\r\nEND:VCARD\r\nBEGIN:VCARD',
      notes: `${'x'.repeat(72)}END:VCARD`,
      extra: [
        ['END', 'VCARD'],
        ['X-A\r\nEND', 'VCARD'],
        ['X-B;TYPE="\nEND:VCARD', 'kept'],
        ['', ''],
        ['X-C', '\ud800\u0000'],
      ],
    }
    const { contacts, refused } = parseVCards(formatVCards([contact, { name: 'Bob' }], { version }))
    expect(refused).toEqual([])
    expect(contacts).toHaveLength(2)
    expect(contacts[0]?.notes).toBe(contact.notes)
    expect(contacts[1]).toEqual({ name: 'Bob' })
  })
})

describe.skipIf(!hasSharedData('vcards'))('address books of real programs', () => {
  const folder = sharedData('vcards')
  const files = hasSharedData('vcards') ? readdirSync(folder).filter((file) => file.endsWith('.vcf')) : []

  it.each(files.flatMap((file) => versions.map((version) => [file, version] as const)))(
    '%s written as vCard %s and read again is the same',
    (file, version) => {
      const { contacts } = parseVCards(readFileSync(`${folder}/${file}`))
      expect(contacts.length).toBeGreaterThan(0)
      expect(parseVCards(formatVCards(contacts, { version }))).toEqual({ contacts, refused: [], leftOut: [] })
    },
  )
})
