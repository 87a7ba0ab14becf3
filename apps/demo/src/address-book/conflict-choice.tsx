// A field that two devices changed without knowing of each other. Both values are kept until somebody chooses.
import type { Conflict, JsonValue } from '@owlivion/sync'
import type { Contact } from '@owlivion/sync/mail'
import { GitCompareArrows } from 'lucide-react'
import { useId } from 'react'
import { fieldName, valueText } from './contact-text'

const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })

interface ConflictChoiceProps {
  readonly conflict: Conflict<Contact>
  readonly onChoose: (value: JsonValue | undefined) => void
}

export function ConflictChoice({ conflict: { field, candidates }, onChoose }: ConflictChoiceProps) {
  const title = useId()
  return (
    <fieldset aria-labelledby={title} className="conflict">
      <p id={title} className="flex items-center gap-2 text-sm font-medium">
        <GitCompareArrows size={16} aria-hidden="true" className="shrink-0" />
        {fieldName(field)} was changed on two devices. Which one stays?
      </p>
      <div className="mt-2.5 grid gap-2">
        {candidates.map(({ value, device, atMs }, index) => (
          <button
            key={`${device?.id} ${atMs} ${JSON.stringify(value)}`}
            type="button"
            onClick={() => onChoose(value)}
            className="conflict-value"
          >
            <span className="min-w-0 flex-1">
              <span className="block font-medium break-words whitespace-pre-line">{valueText(field, value)}</span>
              <span className="block text-xs text-ink-soft">
                {device?.name ?? 'Another device'}, {time.format(atMs)}
                {index === 0 && ', the later one, shown until you choose'}
              </span>
            </span>
            <span className="conflict-keep">Keep</span>
          </button>
        ))}
      </div>
    </fieldset>
  )
}
