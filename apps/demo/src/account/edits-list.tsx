import type { UnsentEdits } from '@owlivion/sync'
import { changeText } from './edits-file'

/** Every edit in words, for a person to look through. */
export function EditsList({ edits }: { readonly edits: UnsentEdits }) {
  const changes = edits.collections.flatMap((collection) =>
    collection.changes.map((change, index) => ({ key: `${collection.name} ${index}`, ...changeText(change) })),
  )
  return (
    <ul aria-label="Edits that were not sent" className="edits-list">
      {changes.map(({ key, title, lines }) => (
        <li key={key}>
          <p className="font-medium break-words">{title}</p>
          {lines.map((line) => (
            <p key={line} className="break-words text-ink-soft">
              {line}
            </p>
          ))}
        </li>
      ))}
    </ul>
  )
}
