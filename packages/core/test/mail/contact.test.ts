import { type Contact, contactKey } from '@owlivion/sync/mail'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

describe('the id of a contact', () => {
  it('is the first e-mail address, whatever its spelling', () => {
    expect(contactKey({ name: 'Ann', emails: [{ value: ' ANN@Example.com ' }, { value: 'b@example.com' }] })).toBe(
      'ann@example.com',
    )
  })

  it('is the same for an address in composed and decomposed letters', () => {
    const key = (value: string) => contactKey({ name: '', emails: [{ value }] })
    expect(key('ame\u0301lie@example.com')).toBe(key('am\u00e9lie@example.com'))
  })

  it('passes over an address that cannot be an id', () => {
    const emails = [{ value: ' ' }, { value: `${'a'.repeat(260)}@example.com` }, { value: 'ann@example.com' }]
    expect(contactKey({ name: 'Ann', emails })).toBe('ann@example.com')
  })

  it('comes from name and number without an address, and does not change with their spelling', () => {
    const key = contactKey({ name: 'Ann Lee', phones: [{ value: '+49 30 123-456' }] })
    expect(key).toMatch(/^contact:[0-9a-f]{32}$/)
    expect(contactKey({ name: ' ann  LEE ', phones: [{ value: '+4930123456' }], notes: 'other' })).toBe(key)
    expect(contactKey({ name: 'Ann Lee', phones: [{ value: '+4930123457' }] })).not.toBe(key)
  })

  it('comes from the whole content when there is neither name nor number nor address', () => {
    expect(contactKey({ name: '', notes: 'a' })).not.toBe(contactKey({ name: '', notes: 'b' }))
  })

  it('is always 1 to 256 bytes without control characters or halves of characters', () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 })
    const halves = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) })
    const value = fc.oneof(text, halves, fc.emailAddress())
    fc.assert(
      fc.property(
        value,
        fc.array(value, { maxLength: 2 }),
        fc.array(value, { maxLength: 2 }),
        (name, emails, phones) => {
          const id = contactKey({
            name,
            emails: emails.map((value) => ({ value })),
            phones: phones.map((value) => ({ value })),
          })
          const bytes = Buffer.from(id)
          expect(bytes.length).toBeGreaterThan(0)
          expect(bytes.length).toBeLessThanOrEqual(256)
          expect(bytes.toString()).toBe(id)
          expect(id).not.toMatch(/\p{Cc}/u)
          expect(id).toBe(id.normalize('NFC'))
        },
      ),
      { numRuns: 500 },
    )
  })
})

it('a contact is accepted where a record of JSON values is asked for', () => {
  type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
  const fields = (record: { readonly [field: string]: Json }) => Object.keys(record)
  const contact: Contact = {
    name: 'Ann',
    emails: [{ value: 'ann@example.com', preferred: true }],
    extra: [['UID', '1']],
  }
  expect(fields(contact)).toEqual(['name', 'emails', 'extra'])
})
