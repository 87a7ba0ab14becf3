// The address book of one device: a list and, beside it or in its place, what was chosen there.
import { isSyncError } from '@owlivion/sync'
import { type Contact, contactKey } from '@owlivion/sync/mail'
import { useCollection, useConflicts, useDeletedIds } from '@owlivion/sync-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { Notice } from '../ui/notice'
import { ContactDetails } from './contact-details'
import { type ContactDraft, changesOf, contactOf, draftOf } from './contact-draft'
import { ContactForm } from './contact-form'
import { ContactList } from './contact-list'
import { sortByName } from './contact-text'
import { DropArea } from './drop-area'
import { type CardFile, type CardImport, importCards } from './import-cards'
import { ImportReport } from './import-report'
import { Message, type MessageContent } from './message'
import { RecentlyDeleted } from './recently-deleted'

type Pane =
  | { readonly show: 'nothing' | 'deleted' }
  | { readonly show: 'new'; readonly opened: ContactDraft }
  | { readonly show: 'contact'; readonly id: string }
  | { readonly show: 'edit'; readonly id: string; readonly name: string; readonly opened: ContactDraft }
  | { readonly show: 'import'; readonly imports: readonly CardImport[] }

const nothing: Pane = { show: 'nothing' }

export function AddressBook({ deviceName }: { readonly deviceName: string }) {
  const { records, collection, error } = useCollection<Contact>('contacts')
  const conflicts = useConflicts(collection)
  const deletedIds = useDeletedIds(collection)
  const contacts = useMemo(() => sortByName(records), [records])
  const [pane, setPane] = useState<Pane>(nothing)
  const [message, setMessage] = useState<MessageContent>()
  const frame = useFocusOnPane(pane)

  if (error !== undefined) {
    return (
      <Notice tone="danger" role="alert" title={error.message} className="m-auto">
        {error.action}
      </Notice>
    )
  }
  if (collection === undefined) {
    return (
      <p role="status" className="m-auto text-sm text-ink-soft">
        Opening the address book …
      </p>
    )
  }

  /** Does what was asked, at once, and says so when it is refused. */
  const run = async (action: () => Promise<unknown>): Promise<void> => {
    try {
      await action()
    } catch (refusal) {
      const text = isSyncError(refusal) ? `${refusal.message} ${refusal.action}` : String(refusal)
      setMessage({ text, isProblem: true })
    }
  }

  const addContact = (contact: Contact) => {
    const id = contactKey(contact)
    const known = collection.get(id)
    if (known !== undefined) setMessage({ text: `${known.name} is in the address book already.` })
    return run(() => {
      const stored = known === undefined ? collection.add(id, contact) : Promise.resolve()
      setPane({ show: 'contact', id })
      return stored
    })
  }
  const saveContact = (id: string, opened: ContactDraft, draft: ContactDraft) =>
    run(() => {
      const stored = collection.update(id, changesOf(opened, draft))
      setPane({ show: 'contact', id })
      return stored
    })
  const restore = (id: string) => run(() => collection.restore(id))
  const remove = (id: string, name: string) =>
    run(() => {
      const stored = collection.delete(id)
      setPane(nothing)
      setMessage({ text: `${name} was deleted.`, undo: () => void restore(id) })
      return stored
    })
  const importFiles = (files: readonly CardFile[]) =>
    run(async () => {
      const imports: CardImport[] = []
      for (const file of files) imports.push(await importCards(collection, file))
      setPane({ show: 'import', imports })
    })

  const close = () => setPane(nothing)
  const detail = () => {
    switch (pane.show) {
      case 'nothing':
        return undefined
      case 'new':
        return (
          <ContactForm
            title="New contact"
            opened={pane.opened}
            onCancel={close}
            onSave={(draft) => addContact(contactOf(draft))}
          />
        )
      case 'edit':
        return (
          <ContactForm
            key={pane.id}
            title={`Edit ${pane.name}`}
            opened={pane.opened}
            onCancel={() => setPane({ show: 'contact', id: pane.id })}
            onSave={(draft) => saveContact(pane.id, pane.opened, draft)}
          />
        )
      case 'contact': {
        const { id } = pane
        const contact = collection.get(id)
        if (contact === undefined) return undefined
        return (
          <ContactDetails
            id={id}
            contact={contact}
            conflicts={conflicts.filter((conflict) => conflict.id === id)}
            isDeletedElsewhere={collection.deleteConflicts().some((each) => each.id === id)}
            onChoose={(field, value) => run(() => collection.update(id, { [field]: value }))}
            onKeep={() => restore(id)}
            onEdit={() => setPane({ show: 'edit', id, name: contact.name, opened: draftOf(contact) })}
            onDelete={() => remove(id, contact.name)}
            onBack={close}
          />
        )
      }
      case 'deleted':
        return (
          <RecentlyDeleted
            contacts={collection.recentlyDeleted()}
            onRestore={restore}
            onPurge={(id) => run(() => collection.purge(id))}
            onBack={close}
          />
        )
      case 'import':
        return <ImportReport imports={pane.imports} onBack={close} />
    }
  }
  const content = detail()

  return (
    <DropArea deviceName={deviceName} onFiles={importFiles}>
      <div ref={frame} className="book" data-view={content === undefined ? 'list' : 'detail'}>
        <ContactList
          contacts={contacts}
          conflicted={new Set(conflicts.map(({ id }) => id))}
          selected={pane.show === 'contact' || pane.show === 'edit' ? pane.id : undefined}
          deletedCount={deletedIds.length}
          onSelect={(id) => setPane({ show: 'contact', id })}
          onAdd={() => setPane({ show: 'new', opened: draftOf(undefined) })}
          onShowDeleted={() => setPane({ show: 'deleted' })}
          onFiles={importFiles}
        />
        <div className="book-detail">
          {content ?? <p className="m-auto px-6 text-center text-sm text-ink-soft">Choose a contact to see it here.</p>}
        </div>
      </div>
      <Message content={message} onDismiss={() => setMessage(undefined)} />
    </DropArea>
  )
}

/**
 * Where the list and the detail take each other's place, the button that was pressed disappears with its side; the keyboard
 * goes on from what came instead.
 */
function useFocusOnPane(pane: Pane) {
  const frame = useRef<HTMLDivElement>(null)
  const latest = useRef<string>(undefined)
  useEffect(() => {
    const before = latest.current
    latest.current = pane.show === 'contact' || pane.show === 'edit' ? pane.id : undefined
    const isLost =
      document.activeElement === document.body || (document.activeElement as HTMLElement).offsetParent === null
    const wasHere = before !== undefined || pane.show !== 'nothing'
    if (!isLost || !wasHere) return
    const row =
      before === undefined ? undefined : frame.current?.querySelector(`[data-contact="${CSS.escape(before)}"]`)
    const target =
      pane.show === 'nothing'
        ? (row ?? frame.current?.querySelector('[type=search]'))
        : frame.current?.querySelector('.book-detail h3')
    if (target instanceof HTMLElement) target.focus()
  }, [pane])
  return frame
}
