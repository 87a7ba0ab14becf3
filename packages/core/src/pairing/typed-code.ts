// Eight characters that a person reads off one screen and types on the other. They only say where the two meet, so they need not be
// many; a typing mistake must be noticed here, before the person is told that no device shows this code.
import { SyncError } from '../errors'

/** Without the characters that look like others: 0 and O, 1, I and L. 31 is prime, which the check needs. */
const alphabet = '23456789ABCDEFGHJKMNPQRSTUVWXYZ'
const RANDOM_CHARACTERS = 7
const CODE_CHARACTERS = RANDOM_CHARACTERS + 1
const GROUP_CHARACTERS = 4

/** The code as it is sent into the hash: eight characters, nothing between them. */
export function createTypedCode(random: (length: number) => Uint8Array): string {
  const values: number[] = []
  while (values.length < RANDOM_CHARACTERS) {
    // Beyond the greatest multiple of 31 some characters would come more often than others.
    for (const byte of random(RANDOM_CHARACTERS))
      if (byte < 248 && values.length < RANDOM_CHARACTERS) values.push(byte % alphabet.length)
  }
  const check = alphabet.split('').findIndex((_, value) => weightedSum([...values, value]) === 0)
  return [...values, check].map((value) => alphabet[value]).join('')
}

/** In groups, for reading. */
export function showTypedCode(code: string): string {
  return `${code.slice(0, GROUP_CHARACTERS)}-${code.slice(GROUP_CHARACTERS)}`
}

/**
 * The code that a person typed. Case, spaces, hyphens and characters that nobody sees do not matter.
 * @throws SyncError `pairing-code`
 */
export function parseTypedCode(text: string): string {
  const code = text
    .normalize('NFKC')
    .replace(/[\s\p{Cf}\p{Pd}._]/gu, '')
    .toUpperCase()
  const foreign = [...code].find((character) => !alphabet.includes(character))
  if (foreign !== undefined) {
    const hint = '01OIL'.includes(foreign) ? '; 0, O, 1, I and L are never used' : ''
    throw new SyncError('pairing-code', `"${foreign}" is not a character of such a code${hint}.`)
  }
  if (code.length !== CODE_CHARACTERS)
    throw new SyncError('pairing-code', `The code has ${CODE_CHARACTERS} characters; this one has ${code.length}.`)
  if (weightedSum([...code].map((character) => alphabet.indexOf(character))) !== 0)
    throw new SyncError('pairing-code', 'One character of the code is another one, or two have changed places.')
  return code
}

/** Modulo a prime and with a weight for each place: one wrong character, or two that changed places, never give 0. */
function weightedSum(values: readonly number[]): number {
  return values.reduce((sum, value, place) => sum + value * (place + 1), 0) % alphabet.length
}
