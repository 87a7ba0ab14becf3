// Registers for examples: writers with names that can be read, and a look at what is stored.
import { openRegisters, type Registers, type Writer } from '../../src/document'
import { createDoc, takeClientId, Y } from '../../src/yjs'

let draws = 0
/** Different at every draw. */
export const countingRandom = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  new DataView(bytes.buffer).setUint32(length - 4, ++draws)
  return bytes
}

export const annWriter = 'ann-----' as Writer
export const bobWriter = 'bob-----' as Writer
export const eveWriter = 'eve-----' as Writer

export function open(writer: Writer, now: number | (() => number) = 1000, state?: Uint8Array, lastN = 0): Registers {
  const doc = createDoc('registers')
  if (state) Y.applyUpdateV2(doc, state)
  takeClientId(doc, countingRandom)
  return openRegisters({ doc, writer, lastN, now: typeof now === 'number' ? () => now : now })
}

/** Hands everything that one has to the other. */
export function bring(from: Registers, to: Registers): void {
  to.apply([from.encodeState()], 'v2')
}

export function exchange(a: Registers, b: Registers): void {
  bring(a, b)
  bring(b, a)
}

/** The stored slots, with ~ for the separator. */
export function stored(registers: Registers): Record<string, unknown> {
  const entries = [...registers.doc.getMap('r').entries()].map(([key, value]) => [key.replaceAll('\u0001', '~'), value])
  return Object.fromEntries(entries.sort(([a], [b]) => (a! < b! ? -1 : 1)))
}

/** Stores slots as another version or a rebase would have, with ~ for the separator. */
export function store(registers: Registers, slots: { readonly [key: string]: unknown }): void {
  registers.doc.transact(() => {
    for (const [key, value] of Object.entries(slots))
      registers.doc.getMap('r').set(key.replaceAll('~', '\u0001'), value)
  })
}
