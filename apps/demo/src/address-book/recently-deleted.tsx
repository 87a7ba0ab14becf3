import type { DeletedRecord } from '@owlivion/sync'
import type { Contact } from '@owlivion/sync/mail'
import { Trash2, Undo2 } from 'lucide-react'
import { useRef } from 'react'
import { AskButton } from '../ui/ask-button'
import { Button } from '../ui/button'
import { PaneHeader } from './pane-header'

interface RecentlyDeletedProps {
  readonly contacts: readonly DeletedRecord<Contact>[]
  readonly onRestore: (id: string) => void
  readonly onPurge: (id: string) => void
  readonly onBack: () => void
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })

export function RecentlyDeleted({ contacts, onRestore, onPurge, onBack }: RecentlyDeletedProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  const done = (action: () => void): void => {
    action()
    // The buttons go with their row.
    heading.current?.focus()
  }
  return (
    <>
      <PaneHeader onBack={onBack} />
      <div className="min-h-0 flex-1 overflow-y-auto px-5 pb-6 @min-[36rem]:pt-5">
        <h3 ref={heading} tabIndex={-1} className="text-lg font-semibold tracking-tight outline-none">
          Recently deleted
        </h3>
        {contacts.length === 0 ? (
          <p className="mt-1 text-sm text-ink-soft">Nothing is left to restore.</p>
        ) : (
          <ul className="mt-2 divide-y divide-line">
            {contacts.map(({ id, fields: { name }, deletedAtMs, purgeAtMs, device }) => (
              <li key={id} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-1.5">
                <div className="min-w-40 flex-1">
                  <p className="truncate text-sm">{name}</p>
                  <p className="text-xs text-ink-soft">
                    Deleted {day.format(deletedAtMs)}
                    {device?.name !== undefined && ` on ${device.name}`}, kept until {day.format(purgeAtMs)}
                  </p>
                </div>
                <Button
                  icon={<Undo2 size={15} />}
                  aria-label={`Restore ${name}`}
                  onClick={() => done(() => onRestore(id))}
                >
                  Restore
                </Button>
                <AskButton
                  look="quiet"
                  icon={<Trash2 size={15} />}
                  label={`Delete for good: ${name}`}
                  question={`Delete ${name} for good?`}
                  text="It goes from all your devices and cannot be restored."
                  yes="Delete for good"
                  onYes={() => done(() => onPurge(id))}
                >
                  Delete for good
                </AskButton>
              </li>
            ))}
          </ul>
        )}
      </div>
    </>
  )
}
