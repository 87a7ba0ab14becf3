import { FileUp, Plus, Search, Trash2, UsersRound } from 'lucide-react'
import { memo, useDeferredValue, useId, useMemo, useState } from 'react'
import { Button, IconButton } from '../ui/button'
import { Avatar } from './avatar'
import { readCardFiles } from './card-files'
import { type ContactEntry, findContacts, secondLine } from './contact-text'
import type { CardFile } from './import-cards'

/** Rows drawn at first and added by each "show more": thousands of contacts must not slow the page down. */
const ROWS = 100

interface ContactListProps {
  readonly contacts: readonly ContactEntry[]
  /** Ids of contacts with a field that holds two values. */
  readonly conflicted: ReadonlySet<string>
  readonly selected: string | undefined
  readonly deletedCount: number
  readonly onSelect: (id: string) => void
  readonly onAdd: () => void
  readonly onShowDeleted: () => void
  readonly onFiles: (files: readonly CardFile[]) => Promise<void>
}

export function ContactList({ contacts, conflicted, selected, deletedCount, onFiles, ...on }: ContactListProps) {
  const [query, setQuery] = useState('')
  const [limit, setLimit] = useState(ROWS)
  const search = useDeferredValue(query)
  const found = useMemo(() => findContacts(contacts, search), [contacts, search])
  const results = useId()
  return (
    <div className="book-list">
      <div className="flex items-center gap-1 p-2.5 pb-2">
        <div className="relative min-w-0 flex-1">
          <Search size={15} aria-hidden="true" className="absolute top-1/2 left-2.5 -translate-y-1/2 text-ink-soft" />
          <input
            type="search"
            aria-label="Search contacts"
            aria-controls={results}
            placeholder="Search"
            value={query}
            onChange={(event) => {
              setQuery(event.target.value)
              setLimit(ROWS)
            }}
            className="field h-9 pl-8"
          />
        </div>
        <IconButton label="Add a contact" icon={<Plus size={18} />} onClick={on.onAdd} />
        <ImportButton onFiles={onFiles} />
      </div>
      <p id={results} role="status" className="px-4 pb-1 text-xs text-ink-soft">
        {search.trim() === '' ? countText(contacts.length) : `${found.length} of ${countText(contacts.length)}`}
      </p>
      {contacts.length === 0 ? (
        <EmptyBook onAdd={on.onAdd} onFiles={onFiles} />
      ) : (
        <ul className="min-h-0 flex-1 overflow-y-auto px-1.5 pb-2">
          {found.slice(0, limit).map(([id, contact]) => (
            <Row
              key={id}
              id={id}
              name={contact.name}
              line={secondLine(contact)}
              isSelected={id === selected}
              hasConflict={conflicted.has(id)}
              onSelect={on.onSelect}
            />
          ))}
          {found.length > limit && (
            <li className="p-2">
              <Button className="w-full" onClick={() => setLimit(limit + ROWS)}>
                Show more
              </Button>
            </li>
          )}
        </ul>
      )}
      {deletedCount > 0 && (
        <div className="border-t border-line p-1.5">
          <Button look="quiet" icon={<Trash2 size={15} />} className="w-full justify-start" onClick={on.onShowDeleted}>
            Recently deleted ({deletedCount})
          </Button>
        </div>
      )}
    </div>
  )
}

function countText(count: number): string {
  return count === 1 ? '1 contact' : `${count} contacts`
}

interface RowProps {
  readonly id: string
  readonly name: string
  readonly line: string
  readonly isSelected: boolean
  readonly hasConflict: boolean
  readonly onSelect: (id: string) => void
}

const Row = memo(function Row({ id, name, line, isSelected, hasConflict, onSelect }: RowProps) {
  return (
    <li>
      <button
        type="button"
        data-contact={id}
        aria-current={isSelected || undefined}
        onClick={() => onSelect(id)}
        className="contact-row"
      >
        <Avatar id={id} name={name} />
        <span className="min-w-0 flex-1">
          <span className="block truncate text-sm font-medium">{name || 'No name'}</span>
          <span className="block truncate text-[0.8125rem] text-ink-soft">{line}</span>
        </span>
        {hasConflict && <span className="conflict-badge">2 values</span>}
      </button>
    </li>
  )
})

function EmptyBook({ onAdd, onFiles }: Pick<ContactListProps, 'onAdd' | 'onFiles'>) {
  const addSamples = async () => {
    const answer = await fetch('/samples.vcf')
    await onFiles([{ name: 'samples.vcf', bytes: new Uint8Array(await answer.arrayBuffer()) }])
  }
  return (
    <div className="m-auto flex max-w-72 flex-col items-center gap-2 p-5 text-center">
      <UsersRound size={28} aria-hidden="true" className="text-ink-faint" />
      <p className="text-sm text-balance text-ink-soft">No contacts yet. Drop a vCard file here, or</p>
      <div className="flex flex-wrap justify-center gap-2">
        <Button look="primary" onClick={addSamples}>
          Add nine sample contacts
        </Button>
        <Button onClick={onAdd}>Add one by hand</Button>
      </div>
    </div>
  )
}

function ImportButton({ onFiles }: Pick<ContactListProps, 'onFiles'>) {
  const field = useId()
  return (
    // A label, because only the browser's own file field opens the picker everywhere, and by keyboard too.
    <label
      htmlFor={field}
      title="Import vCard files"
      className="icon-button cursor-pointer has-focus-visible:focus-ring"
    >
      <FileUp size={17} aria-hidden="true" />
      <span className="sr-only">Import vCard files</span>
      <input
        id={field}
        type="file"
        multiple
        accept=".vcf,.vcard,text/vcard,text/x-vcard"
        className="sr-only"
        onChange={async ({ currentTarget }) => {
          const files = await readCardFiles(currentTarget.files ?? [])
          // The same file may be chosen again.
          currentTarget.value = ''
          await onFiles(files)
        }}
      />
    </label>
  )
}
