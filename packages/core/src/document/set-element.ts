// The elements of a set field. Each is a register of its own, under a name that no field can have: `field U+0002 "element"`. So an
// element is added, removed, restored and folded as a field is. Only the reading differs: a field shows the latest of its candidates,
// an element is in the set if any candidate says so. An addition and a removal that did not know each other leave it in.
import { SyncError } from '../errors'
import { parseFrozen, utf8Length } from './json'
import { MAX_ELEMENT_BYTES } from './limits'

/** A control character: neither a field name nor JSON can hold it. */
const separator = '\u0002'

/** What a candidate of an element says that is in its set; a removed one is absent. */
export const PRESENT = true

interface SetElement {
  readonly field: string
  readonly element: string
}

/** The name under which rows and cells hold the element. */
export function elementName({ field, element }: SetElement): string {
  return field + separator + JSON.stringify(element)
}

/** True for the name of an element, also of one that this version cannot read. */
export function isElementName(name: string): boolean {
  return name.includes(separator)
}

/** What a name stands for. `element` is left out for a field, and for an element of a kind that a newer version may write. */
export function parseRegisterName(name: string): { readonly field: string; readonly element?: string } {
  const end = name.indexOf(separator)
  if (end < 0) return { field: name }
  const field = name.slice(0, end)
  const text = name.slice(end + 1)
  const element = parseFrozen(text)
  // One element has one name, or it would be two registers.
  return typeof element === 'string' && JSON.stringify(element) === text ? { field, element } : { field }
}

const loneSurrogate = /\p{Cs}/u

/** @throws SyncError `invalid-value` unless `element` is text of at most 1024 bytes without lone surrogates */
export function checkElement(element: unknown): asserts element is string {
  if (typeof element !== 'string') throw new SyncError('invalid-value', 'An element of a set is a text.')
  if (loneSurrogate.test(element))
    throw new SyncError('invalid-value', 'An element of a set has half of a surrogate pair.')
  if (element.length > MAX_ELEMENT_BYTES || utf8Length(element) > MAX_ELEMENT_BYTES)
    throw new SyncError('invalid-value', `An element of a set is larger than ${MAX_ELEMENT_BYTES} bytes.`)
}
