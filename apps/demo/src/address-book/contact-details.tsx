import type { Conflict, JsonValue } from '@owlivion/sync'
import type { Contact, LabelledValue } from '@owlivion/sync/mail'
import { Pencil, Trash2 } from 'lucide-react'
import { Fragment, type ReactNode } from 'react'
import { Button } from '../ui/button'
import { Notice } from '../ui/notice'
import { Avatar } from './avatar'
import { ConflictChoice } from './conflict-choice'
import { addressText } from './contact-text'
import { PaneHeader } from './pane-header'

interface ContactDetailsProps {
  readonly id: string
  readonly contact: Contact
  readonly conflicts: readonly Conflict<Contact>[]
  /** Another device deleted it without knowing what was changed here. */
  readonly isDeletedElsewhere: boolean
  readonly onChoose: (field: keyof Contact, value: JsonValue | undefined) => void
  readonly onKeep: () => void
  readonly onEdit: () => void
  readonly onDelete: () => void
  readonly onBack: () => void
}

export function ContactDetails({ id, contact, conflicts, isDeletedElsewhere, onChoose, ...on }: ContactDetailsProps) {
  const { name, organisation, department, title } = contact
  return (
    <>
      <PaneHeader onBack={on.onBack}>
        <Button look="quiet" icon={<Pencil size={15} />} onClick={on.onEdit}>
          Edit
        </Button>
        <Button look="danger" icon={<Trash2 size={15} />} onClick={on.onDelete}>
          Delete
        </Button>
      </PaneHeader>
      <div className="min-h-0 flex-1 overflow-y-auto px-5 pb-6">
        <div className="flex items-center gap-4 pb-4">
          <Avatar id={id} name={name} isLarge />
          <div className="min-w-0">
            <h3 tabIndex={-1} className="text-xl font-semibold tracking-tight break-words outline-none">
              {name || 'No name'}
            </h3>
            <p className="text-sm text-ink-soft">{[title, organisation, department].filter(Boolean).join(', ')}</p>
          </div>
        </div>
        {conflicts.map((conflict) => (
          <ConflictChoice
            key={conflict.field}
            conflict={conflict}
            onChoose={(value) => onChoose(conflict.field, value)}
          />
        ))}
        {isDeletedElsewhere && (
          <Notice
            tone="warn"
            role="group"
            title="Deleted on one device while it was changed on another"
            className="mb-3"
          >
            <div className="mt-2 flex gap-2">
              <Button onClick={on.onKeep}>Keep it</Button>
              <Button onClick={on.onDelete}>Delete it</Button>
            </div>
          </Notice>
        )}
        <Fields contact={contact} />
      </div>
    </>
  )
}

function Fields({ contact }: { readonly contact: Contact }) {
  const { emails, phones, addresses, urls, birthday, nicknames, groups, notes, extra } = contact
  const rows: [name: string, value: ReactNode][] = []
  const add = (name: string, value: ReactNode) => rows.push([name, value])
  if (emails) add('E-mail', <Values values={emails} />)
  if (phones) add('Phone', <Values values={phones} />)
  if (addresses)
    add(
      'Address',
      addresses.map((address) => <p key={addressText(address)}>{addressText(address)}</p>),
    )
  if (urls) add('Web', <Values values={urls} />)
  if (birthday) add('Birthday', birthday)
  if (nicknames) add('Nicknames', nicknames.join(', '))
  if (groups) add('Groups', groups.join(', '))
  if (notes) add('Notes', <p className="whitespace-pre-line">{notes}</p>)
  if (extra) add('Other', extra.map(([name, value]) => `${name}: ${value}`).join('\n'))
  if (rows.length === 0) return <p className="text-sm text-ink-soft">Nothing but the name.</p>
  return (
    <dl className="contact-fields">
      {rows.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  )
}

function Values({ values }: { readonly values: readonly LabelledValue[] }) {
  return values.map(({ value, label }) => (
    <p key={`${label} ${value}`}>
      {value}
      {label && <span className="text-ink-soft"> {label}</span>}
    </p>
  ))
}
