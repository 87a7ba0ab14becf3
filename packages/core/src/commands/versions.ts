// The number of a data type's newest change, which the old client calls its version.
import type { Collection } from '../collection'
import type { Fields } from '../document'

export async function versionOf(_collection: Collection<Fields>): Promise<number> {
  return 0
}
