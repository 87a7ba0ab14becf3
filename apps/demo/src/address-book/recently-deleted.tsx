import { Undo2 } from 'lucide-react'
import { useRef } from 'react'
import { Button } from '../ui/button'
import { PaneHeader } from './pane-header'

interface RecentlyDeletedProps {
  readonly ids: readonly string[]
  /** The name a deleted contact had, where it is known. */
  readonly nameOf: (id: string) => string
  readonly onRestore: (id: string) => void
  readonly onBack: () => void
}

export function RecentlyDeleted({ ids, nameOf, onRestore, onBack }: RecentlyDeletedProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  return (
    <>
      <PaneHeader onBack={onBack} />
      <div className="min-h-0 flex-1 overflow-y-auto px-5 pb-6 @min-[36rem]:pt-5">
        <h3 ref={heading} tabIndex={-1} className="text-lg font-semibold tracking-tight outline-none">
          Recently deleted
        </h3>
        {ids.length === 0 ? (
          <p className="mt-1 text-sm text-ink-soft">Nothing is left to restore.</p>
        ) : (
          <ul className="mt-2 divide-y divide-line">
            {ids.map((id) => (
              <li key={id} className="flex items-center gap-3 py-1.5">
                <span className="min-w-0 flex-1 truncate text-sm">{nameOf(id)}</span>
                <Button
                  icon={<Undo2 size={15} />}
                  aria-label={`Restore ${nameOf(id)}`}
                  onClick={() => {
                    onRestore(id)
                    // The button goes with its row.
                    heading.current?.focus()
                  }}
                >
                  Restore
                </Button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </>
  )
}
