// How the parts of a name are said together.
import type { StructuredName } from './contact'

/** The name to show, in the order in which it is said. */
export function spokenName({ prefix, given, additional, family, suffix }: StructuredName): string {
  return [prefix, given, additional, family, suffix].filter((part) => part !== undefined).join(' ')
}
