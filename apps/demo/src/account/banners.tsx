// What a person must not miss, above whatever the device shows.
import type { ReissueDetails } from '@owlivion/sync'
import { useDevices, useReissue, useSync, useSyncStatus } from '@owlivion/sync-react'
import type { Device } from '../device/device'
import { AskButton } from '../ui/ask-button'
import { Button } from '../ui/button'
import { ErrorNotice } from '../ui/error-notice'
import { Notice } from '../ui/notice'
import { useAction } from '../ui/use-action'
import { nameOfId, timeText } from './device-text'

/** Until the device that asked completes by itself. */
const WAIT_MS = 7 * 86_400_000

interface UnconfirmedPhraseProps {
  readonly onShow: () => void
}

export function UnconfirmedPhrase({ onShow }: UnconfirmedPhraseProps) {
  const { isPhraseConfirmed } = useSyncStatus()
  if (isPhraseConfirmed) return null
  return (
    <Notice tone="warn" role="status" title="Nobody has confirmed the recovery phrase yet" className="banner">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <span>Without it, losing your devices is losing everything.</span>
        <Button onClick={onShow}>Show and confirm it</Button>
      </div>
    </Notice>
  )
}

export function ReissueRequest({ device }: { readonly device: Device }) {
  const sync = useSync()
  const request = useReissue()
  const { error, run } = useAction()
  if (request === undefined) return error === undefined ? null : <ErrorNotice error={error} className="banner" />
  const veto = () => void run(() => sync.vetoReissue())
  const approve = async () => {
    if (await run(() => sync.approveReissue())) device.forgetPhrase()
  }
  return (
    <div className="banner-frame">
      {request.isMine ? (
        <Notice tone="plain" role="status" title="You asked for a new recovery phrase" className="banner">
          <p>
            It counts when another device approves that has been in the account for a week, or by itself{' '}
            {whenByItself(request)}. Until then the old one does.
          </p>
          <Button className="mt-2" onClick={veto}>
            Withdraw
          </Button>
        </Notice>
      ) : (
        <Asked request={request} onApprove={() => void approve()} onVeto={veto} />
      )}
      <ErrorNotice error={error} className="banner" />
    </div>
  )
}

interface AskedProps {
  readonly request: ReissueDetails
  readonly onApprove: () => void
  readonly onVeto: () => void
}

function Asked({ request, onApprove, onVeto }: AskedProps) {
  const name = nameOfId(useDevices(), request.requestedBy)
  return (
    <Notice tone="danger" role="alert" title={`${name} asks for a new recovery phrase`} className="banner">
      <p>Was that you? Without a veto it counts {whenByItself(request)}, and whoever has it has the account.</p>
      <div className="mt-2 flex flex-wrap gap-2">
        <Button onClick={onVeto}>Veto</Button>
        <AskButton
          question="Let the new phrase count?"
          text={`Whoever sits at ${name} then has the recovery phrase of this account, and the old phrase ends.`}
          yes="Let it count"
          onYes={onApprove}
        >
          Approve
        </AskButton>
      </div>
    </Notice>
  )
}

function whenByItself({ requestedAtMs }: ReissueDetails): string {
  return requestedAtMs === undefined ? 'in seven days' : `on ${timeText(requestedAtMs + WAIT_MS)}`
}
