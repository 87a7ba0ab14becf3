import { type Contact, parseVCards, type VCardImport } from '@owlivion/sync/vcard'
import { expect } from 'vitest'

export const card = (version: string, ...lines: readonly string[]) =>
  ['BEGIN:VCARD', `VERSION:${version}`, ...lines, 'END:VCARD', ''].join('\r\n')

/** Bytes of a text whose characters all have a code below 256. */
export const latin1 = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))

/** The contact of a file that holds one, from which nothing is left out. */
export function onlyContact(input: Uint8Array | string): Contact {
  const result = parseVCards(input)
  expect(result).toMatchObject({ refused: [], leftOut: [] })
  expect(result.contacts).toHaveLength(1)
  return result.contacts[0]!
}

export const refusals = ({ refused }: VCardImport) => refused.map(({ line, code }) => [line, code])
export const omissions = ({ leftOut }: VCardImport) => leftOut.map(({ line, property, code }) => [line, property, code])
