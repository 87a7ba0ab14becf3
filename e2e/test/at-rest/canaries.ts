// An account whose every text and key would be recognised, wherever on a disk it turned up.
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { PlaintextSearch, textsOf } from '../../support/plaintext-search'

export type CanaryContact = { name: string; note: string; emails: { value: string; label: string }[] }

const canary = (of: string): string => `canary-${of}-${randomBytes(9).toString('base64url')}`

export const collectionName = canary('collection')
export const deviceName = canary('device')

export function canaryContacts(count: number): (readonly [id: string, contact: CanaryContact])[] {
  return Array.from({ length: count }, () => [
    canary('id'),
    {
      name: canary('name'),
      // Long enough that some rows are compressed, and so random that a text is whole in them all the same.
      note: Array.from({ length: 8 }, () => canary('note')).join('\n'),
      emails: [{ value: canary('email'), label: canary('label') }],
    },
  ])
}

/** Where a text or a key was found, at most one line for each. */
export function findSecrets(haystack: Buffer, texts: PlaintextSearch, keys: readonly Uint8Array[]): string[] {
  const found = texts.findIn(haystack).map(({ text, spelling }) => `${text} (${spelling})`)
  for (const [index, key] of keys.entries())
    for (const spelling of ['latin1', 'hex', 'base64'] as const)
      if (haystack.includes(Buffer.from(key).toString(spelling), 0, 'latin1')) found.push(`key ${index} (${spelling})`)
  return [...new Set(found)]
}

export function searchFor(values: readonly unknown[]): PlaintextSearch {
  // Lines too: what is read by line would be found by line.
  return new PlaintextSearch(textsOf(values, 8).flatMap((text) => [text, ...text.split('\n')]))
}

/** Every file below a folder, with what is in it. */
export function filesBelow(folder: string): { readonly name: string; readonly content: Buffer }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile())
    .map((name) => ({ name, content: readFileSync(join(folder, name)) }))
}
