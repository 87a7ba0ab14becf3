// Seeded contacts of ten text fields, about 145 bytes of values each: the same on every run and machine.

export type BenchContact = Record<(typeof fields)[number], string>

export const fields = [
  'name',
  'email',
  'phone',
  'company',
  'title',
  'street',
  'city',
  'country',
  'birthday',
  'note',
] as const
const syllables = [
  'an',
  'be',
  'co',
  'da',
  'el',
  'fi',
  'go',
  'ha',
  'in',
  'jo',
  'ka',
  'lu',
  'me',
  'no',
  'or',
  'pa',
  'ri',
  'so',
  'ta',
  'ul',
]

/** mulberry32: a small generator whose whole state is the seed. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export function createContacts(count: number, seed = 1): (readonly [id: string, contact: BenchContact])[] {
  const random = createRandom(seed)
  const word = (length: number): string =>
    Array.from({ length }, () => syllables[Math.floor(random() * syllables.length)]).join('')
  return Array.from({ length: count }, (_, i) => {
    const name = `${word(3)} ${word(4)}`
    const contact = Object.fromEntries(fields.map((field) => [field, word(field === 'note' ? 14 : 6)])) as BenchContact
    const email = `${name.replace(' ', '.')}.${i}@example.com`
    return [email, { ...contact, name, email, phone: `+49 ${Math.floor(random() * 1e9)}` }] as const
  })
}
