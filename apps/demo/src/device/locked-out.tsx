// A device that is not in the account any more: it says so, gives what it could not send, and is wiped.
import type { UnsentEdits } from '@owlivion/sync'
import { useSync } from '@owlivion/sync-react'
import { Download, ShieldX, Trash2 } from 'lucide-react'
import { useEffect, useState } from 'react'
import { countEdits, editsToFile } from '../account/edits-file'
import { EditsList } from '../account/edits-list'
import { SectionTitle } from '../account/section-title'
import { AskButton } from '../ui/ask-button'
import { Button } from '../ui/button'
import { ErrorNotice } from '../ui/error-notice'
import { saveFile } from '../ui/save-file'
import { useAction } from '../ui/use-action'
import type { Device } from './device'

export function LockedOut({ device }: { readonly device: Device }) {
  const sync = useSync()
  const { error, run } = useAction()
  const [edits, setEdits] = useState<UnsentEdits>()
  useEffect(() => {
    void run(async () => setEdits(await sync.unsentEdits()))
  }, [sync, run])
  const count = edits === undefined ? 0 : countEdits(edits)
  return (
    <div className="account-section">
      <div role="alert" className="flex items-center gap-2">
        <ShieldX size={20} aria-hidden="true" className="shrink-0 text-danger" />
        <SectionTitle>This device was locked out</SectionTitle>
      </div>
      <p className="mt-1 text-sm text-pretty text-ink-soft">
        A device of the account, or whoever has its recovery phrase, took it out. Its keys are gone; it gets nothing new
        and sends nothing any more.
      </p>
      <ErrorNotice error={error} />
      {edits !== undefined &&
        (count === 0 ? (
          <p className="mt-4 text-sm">Everything that was written here is in the account.</p>
        ) : (
          <>
            <h4 className="mt-4 text-sm font-medium">
              {count} {count === 1 ? 'change was' : 'changes were'} not sent
            </h4>
            <EditsList edits={edits} />
            <Button
              look="primary"
              icon={<Download size={15} />}
              className="mt-3"
              onClick={() => saveFile('unsent-edits.json', 'application/json', editsToFile(edits))}
            >
              Save them as a file
            </Button>
            <p className="mt-1.5 text-sm text-pretty text-ink-soft">
              The file is not encrypted. Another device takes it in under “Devices”.
            </p>
          </>
        ))}
      <div className="mt-6">
        <AskButton
          look="danger"
          icon={<Trash2 size={15} />}
          question={`Wipe the ${device.name.toLowerCase()}?`}
          text={
            count === 0
              ? 'Its copy of the contacts is deleted. It can join again as a new device.'
              : 'Its copy of the contacts is deleted, and what was not sent with it. It can join again as a new device.'
          }
          yes="Wipe it"
          onYes={() => void run(() => device.wipe())}
        >
          Wipe this device
        </AskButton>
      </div>
    </div>
  )
}
