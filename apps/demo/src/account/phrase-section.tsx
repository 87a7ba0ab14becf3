import { useReissue, useSync, useSyncStatus } from '@owlivion/sync-react'
import { KeyRound } from 'lucide-react'
import { type FormEvent, useId, useState } from 'react'
import type { Device } from '../device/device'
import { AskButton } from '../ui/ask-button'
import { Button } from '../ui/button'
import { ErrorNotice } from '../ui/error-notice'
import { useAction } from '../ui/use-action'
import { OwedNotice } from './owed-notice'
import { SectionTitle } from './section-title'

interface PhraseSectionProps {
  readonly device: Device
  readonly onShowPhrase: () => void
}

export function PhraseSection({ device, onShowPhrase }: PhraseSectionProps) {
  const sync = useSync()
  const { isPhraseConfirmed } = useSyncStatus()
  const isAskedFor = useReissue() !== undefined
  const [field, hint] = [useId(), useId()]
  const [phrase, setPhrase] = useState('')
  const renewing = useAction()
  const asking = useAction()
  const renew = async (event: FormEvent) => {
    event.preventDefault()
    if (!(await renewing.run(() => sync.reissuePhrase({ recoveryPhrase: phrase })))) return
    device.forgetPhrase()
    onShowPhrase()
  }
  const ask = async () => {
    if (await asking.run(() => sync.requestReissue())) onShowPhrase()
  }
  return (
    <div className="max-w-lg">
      <SectionTitle>Recovery phrase</SectionTitle>
      <p className="mt-1 text-sm text-pretty text-ink-soft">
        {isPhraseConfirmed
          ? 'Twenty-four words on paper, and on no device. With them alone you get everything back.'
          : 'This device still keeps the phrase, until three of its words were typed from your paper.'}
      </p>
      {!isPhraseConfirmed && (
        <Button look="primary" className="mt-3" onClick={onShowPhrase}>
          Show the phrase and confirm it
        </Button>
      )}
      <OwedNotice />
      <form onSubmit={renew} className="mt-6">
        <h4 className="text-sm font-medium">A new phrase, with the old one</h4>
        <p id={hint} className="mt-1 mb-2 text-sm text-pretty text-ink-soft">
          For when somebody may have seen it. The old words open nothing that is written afterwards.
        </p>
        <label htmlFor={field} className="field-label">
          The phrase that counts now
        </label>
        <textarea
          id={field}
          aria-describedby={hint}
          aria-invalid={renewing.error !== undefined}
          required
          rows={3}
          spellCheck={false}
          autoCapitalize="none"
          autoComplete="off"
          value={phrase}
          onChange={(event) => setPhrase(event.target.value)}
          className="field resize-none font-mono text-[0.8125rem] leading-relaxed"
        />
        <Button type="submit" icon={<KeyRound size={15} />} disabled={renewing.isBusy} className="mt-2">
          {renewing.isBusy ? 'Making it …' : 'Make a new phrase'}
        </Button>
        <ErrorNotice error={renewing.error} />
      </form>
      <h4 className="mt-6 text-sm font-medium">I lost it</h4>
      <p className="mt-1 mb-2 text-sm text-pretty text-ink-soft">
        Every device shows that a new phrase was asked for. It counts when another device approves that has been in the
        account for a week, or after seven days in which nobody vetoed it.
      </p>
      {isAskedFor ? (
        <p className="text-sm font-medium">A new phrase is asked for already.</p>
      ) : (
        <AskButton
          question="Ask for a new recovery phrase?"
          text="All devices of the account will show it. Until the new phrase counts, the old one does."
          yes="Ask for it"
          onYes={() => void ask()}
        >
          Ask for a new phrase
        </AskButton>
      )}
      <ErrorNotice error={asking.error} />
    </div>
  )
}
