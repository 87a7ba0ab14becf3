// Records that seem to be one person: two devices that add somebody offline, each with another of her addresses first, make two.
import type { Contact } from '../contact'
import { emailId } from '../record-id'

/**
 * Ids of records that share an e-mail address, directly or through others between them: each list is likely one person. Whether it is,
 * a person decides: families and offices share addresses too.
 * @param contacts what `collection.list()` answers
 * @returns lists of two and more ids, in order
 *
 * @example
 * sameContacts([
 *   ['ann@work.example', { name: 'Ann', emails: [{ value: 'ann@work.example' }, { value: 'ann@home.example' }] }],
 *   ['ann@home.example', { name: 'Ann Lee', emails: [{ value: 'ann@home.example' }] }],
 * ]) // [ [ 'ann@home.example', 'ann@work.example' ] ]
 */
export function sameContacts(contacts: Iterable<readonly [id: string, contact: Contact]>): string[][] {
  // Each id points to another of its list, the first one to itself.
  const parentById = new Map<string, string>()
  const firstOf = (id: string): string => {
    let first = id
    for (let parent = parentById.get(first); parent !== undefined && parent !== first; parent = parentById.get(first))
      first = parent
    // The way is shortened for the next one who asks.
    for (let each = id; each !== first; ) {
      const next = parentById.get(each) as string
      parentById.set(each, first)
      each = next
    }
    return first
  }

  const idByEmail = new Map<string, string>()
  for (const [id, { emails = [] }] of contacts) {
    parentById.set(id, id)
    for (const { value } of emails) {
      const address = emailId(value)
      if (address === undefined) continue
      const other = idByEmail.get(address)
      if (other === undefined) idByEmail.set(address, id)
      else parentById.set(firstOf(other), firstOf(id))
    }
  }

  const idsByFirst = new Map<string, string[]>()
  for (const id of parentById.keys()) {
    const first = firstOf(id)
    const ids = idsByFirst.get(first)
    if (ids === undefined) idsByFirst.set(first, [id])
    else ids.push(id)
  }
  return [...idsByFirst.values()]
    .filter((ids) => ids.length > 1)
    .map((ids) => ids.sort())
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
}
