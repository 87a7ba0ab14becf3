// Takes in what a locked-out device could not send, after somebody has looked it through.
import type { ImportedEdits, UnsentEdits } from '@owlivion/sync'
import { useSync } from '@owlivion/sync-react'
import { FileUp } from 'lucide-react'
import { useId, useState } from 'react'
import { Button } from '../ui/button'
import { ErrorNotice } from '../ui/error-notice'
import { Notice } from '../ui/notice'
import { useAction } from '../ui/use-action'
import { changeText, countEdits, fileToEdits } from './edits-file'
import { EditsList } from './edits-list'

export function EditsImport() {
  const sync = useSync()
  const field = useId()
  const { error, isBusy, run } = useAction()
  const [edits, setEdits] = useState<UnsentEdits>()
  const [imported, setImported] = useState<ImportedEdits>()
  const read = (file: File) =>
    run(async () => {
      setImported(undefined)
      setEdits(undefined)
      setEdits(fileToEdits(await file.text()))
    })
  const take = (looked: UnsentEdits) =>
    run(async () => {
      setImported(await sync.importEdits(looked))
      setEdits(undefined)
    })
  return (
    <>
      <p className="mt-1 text-sm text-ink-soft">A device that was locked out can save what it had not sent.</p>
      <label htmlFor={field} className="button file-button mt-2 has-focus-visible:focus-ring">
        <FileUp size={15} aria-hidden="true" />
        Open a file of unsent edits
        <input
          id={field}
          type="file"
          accept=".json,application/json"
          className="sr-only"
          onChange={async ({ currentTarget }) => {
            const [file] = currentTarget.files ?? []
            if (file !== undefined) await read(file)
            // The same file may be chosen again.
            currentTarget.value = ''
          }}
        />
      </label>
      <ErrorNotice error={error} />
      {edits !== undefined && (
        <Notice role="group" title={`${countEdits(edits)} edits that were not sent`} className="mt-3">
          Look them through: taken in, they replace what stands in the account.
          {edits.account !== sync.accountId && <p>They come from another account.</p>}
          <EditsList edits={edits} />
          <div className="mt-3 flex flex-wrap gap-2">
            <Button look="primary" disabled={isBusy} onClick={() => void take(edits)}>
              Take them in
            </Button>
            <Button onClick={() => setEdits(undefined)}>Leave them out</Button>
          </div>
        </Notice>
      )}
      <div role="status">{imported !== undefined && <Report imported={imported} />}</div>
    </>
  )
}

function Report({ imported: { applied, skipped } }: { readonly imported: ImportedEdits }) {
  return (
    <div className="mt-3 text-sm">
      <p>
        {applied} taken in, {skipped.length} left out.
      </p>
      <ul className="mt-1 list-disc pl-4 text-ink-soft">
        {skipped.map(({ collection, change, reason }) => (
          <li key={`${collection} ${change.id} ${change.timeMs}`}>
            {changeText(change).title}: {reason === 'record-deleted' ? 'the record was deleted' : reason}
          </li>
        ))}
      </ul>
    </div>
  )
}
