// What a simulator may look at that an app does not see.
import type { Collection, RecordFields } from '../collection'
import type { Registers } from '../document'

/** The records under a collection, with every value that stands, as they are now: another object after they were written again. */
export function registersOf<T extends RecordFields<T>>(collection: Collection<T>): Registers {
  // biome-ignore lint/complexity/useLiteralKeys: the only way to what an app may not see
  return collection['sync']().registers
}
