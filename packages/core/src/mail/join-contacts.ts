// Two records of one person made one.

import { SyncError } from '../errors'
import type { Contact } from './contact'
import { fitsField } from './field-size'
import { mergeContacts } from './merge-contacts'
import { canonicalText } from './text'

/** Of a collection of contacts what joining two of them needs. */
export interface JoinTarget {
  get(id: string): Contact | undefined
  update(id: string, fields: { readonly [K in keyof Contact]?: Contact[K] | undefined }): Promise<void>
  delete(id: string): Promise<void>
  counter(id: string, field: string): number
  increment(id: string, field: string, by: number): Promise<void>
  /** The same collection; what is written through it is part of one step to undo. Without it each write is one. */
  within?(step: { readonly label: string }): JoinTarget
}

/**
 * Makes one record of two of one person: one has what both say (`mergeContacts`) and how often mail was written to either, the other is
 * deleted and can be restored. Of values that there is one of (name, title), those of `first` are shown and the other's are kept in `extra`.
 *
 * The record that stays is the one with the lower id, whichever is `first`: two devices that join the same two offline must not each delete
 * what the other keeps. It is one step to undo.
 * @param label what a menu says behind "Undo"
 * @returns the id of the record that stays
 * @throws SyncError `record-missing` when one of them is not there; `field-too-large` when what both say does not fit a field; nothing is
 * written then
 *
 * @example
 * for (const [first, ...others] of sameContacts(contacts.list()))
 *   for (const other of others) await joinContacts(contacts, first as string, other)
 */
export async function joinContacts(
  contacts: JoinTarget,
  first: string,
  second: string,
  label = 'Join contacts',
): Promise<string> {
  const collection = contacts.within?.({ label }) ?? contacts
  const [here, there] = [collection.get(first), collection.get(second)]
  if (here === undefined || there === undefined)
    throw new SyncError('record-missing', 'One of the contacts to join is not there.')
  if (first === second) return first
  const merged = mergeContacts(here, there)
  if (!Object.values(merged).every(fitsField))
    throw new SyncError('field-too-large', 'What both contacts say does not fit one field.')
  const [stays, goes] = first < second ? [first, second] : [second, first]
  const before = collection.get(stays) as Contact
  const changed = Object.entries({ ...merged, lastUsedAt: latest(here, there) }).filter(
    ([field, value]) => canonicalText(value) !== canonicalText(before[field as keyof Contact]),
  )
  const uses = collection.counter(goes, 'uses')
  // Applied at once and in this order; a device that stops in the middle has two records, not none.
  const writes = [collection.update(stays, Object.fromEntries(changed))]
  if (uses !== 0) writes.push(collection.increment(stays, 'uses', uses))
  writes.push(collection.delete(goes))
  await Promise.all(writes)
  return stays
}

function latest(...contacts: readonly Contact[]): number | undefined {
  const times = contacts.flatMap(({ lastUsedAt }) => lastUsedAt ?? [])
  return times.length === 0 ? undefined : Math.max(...times)
}
