// What the reader of an example has at hand without being told: an open account, its address book, a file that was dropped.
import type { Collection, Sync } from '@owlivion/sync'
import type { Contact } from '@owlivion/sync/mail'
import type { ReactNode } from 'react'
import type { Root } from 'react-dom/client'

declare global {
  const sync: Sync
  const contacts: Collection<Contact>
  const file: Uint8Array
  const root: Root
  function AddressBook(): ReactNode
  function assertEqual(actual: unknown, expected: unknown): void
}
