// The member's end of a pairing: takes the code of a new device, asks its person, and lets the device in.
import type { PairingApproval } from '@owlivion/sync/pairing'
import { usePairingState, useSync } from '@owlivion/sync-react'
import { Camera, CircleCheck } from 'lucide-react'
import { type FormEvent, type RefObject, useEffect, useId, useRef, useState } from 'react'
import { toSyncError } from '../device/to-sync-error'
import { Button } from '../ui/button'
import { ErrorNotice } from '../ui/error-notice'
import { useAction } from '../ui/use-action'
import { useFocusHere, useFocusWhenLost } from '../ui/use-focus-here'
import { Digits } from './digits'
import { canScan, Scanner } from './scanner'

export function AddDevice({ onDone }: { readonly onDone: () => void }) {
  const sync = useSync()
  const finding = useAction()
  const [approval, setApproval] = useState<PairingApproval>()
  const heading = useRef<HTMLHeadingElement>(null)
  useFocusHere(heading)
  // Whoever leaves this screen lets nobody in.
  useEffect(() => () => approval?.refuse(), [approval])
  const find = (text: string) =>
    finding.run(async () => {
      const { acceptPairing } = await import('@owlivion/sync/pairing')
      setApproval(await acceptPairing(sync, text))
    })
  return (
    <div className="max-w-md">
      <h3 ref={heading} tabIndex={-1} className="section-title">
        Add a device
      </h3>
      {approval === undefined ? (
        <CodeForm isBusy={finding.isBusy} onCode={find} onCancel={onDone} />
      ) : (
        <ApprovalView approval={approval} title={heading} onDone={onDone} onAgain={() => setApproval(undefined)} />
      )}
      <ErrorNotice error={finding.error} />
    </div>
  )
}

interface CodeFormProps {
  readonly isBusy: boolean
  readonly onCode: (text: string) => void
  readonly onCancel: () => void
}

function CodeForm({ isBusy, onCode, onCancel }: CodeFormProps) {
  const [field, hint] = [useId(), useId()]
  const [code, setCode] = useState('')
  const [isScanning, setIsScanning] = useState(false)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onCode(code)
  }
  return (
    <form onSubmit={submit} className="mt-2">
      <p id={hint} className="mb-3 text-sm text-pretty text-ink-soft">
        On the new device choose “Show a pairing code”. Then {canScan ? 'scan it, type' : 'type'} the eight characters,
        or paste the text.
      </p>
      <label htmlFor={field} className="field-label">
        Pairing code
      </label>
      <input
        id={field}
        aria-describedby={hint}
        required
        autoComplete="off"
        autoCapitalize="characters"
        spellCheck={false}
        value={code}
        onChange={(event) => setCode(event.target.value)}
        className="field h-9 font-mono"
      />
      <div className="mt-3 flex flex-wrap gap-2">
        <Button look="primary" type="submit" disabled={isBusy}>
          {isBusy ? 'Looking for it …' : 'Find the device'}
        </Button>
        {canScan && !isScanning && (
          <Button icon={<Camera size={15} />} onClick={() => setIsScanning(true)}>
            Scan
          </Button>
        )}
        <Button look="quiet" onClick={onCancel}>
          Cancel
        </Button>
      </div>
      {isScanning && (
        <Scanner
          onFound={(text) => {
            setIsScanning(false)
            onCode(text)
          }}
          onStop={() => setIsScanning(false)}
        />
      )}
    </form>
  )
}

interface ApprovalViewProps {
  readonly approval: PairingApproval
  readonly title: RefObject<HTMLElement | null>
  readonly onDone: () => void
  readonly onAgain: () => void
}

function ApprovalView({ approval, title, onDone, onAgain }: ApprovalViewProps) {
  const state = usePairingState(approval)
  const [isApproved, setIsApproved] = useState(false)
  useFocusWhenLost(title, `${state} ${isApproved}`)
  const approve = () => {
    setIsApproved(true)
    approval.approve()
  }
  const { newcomer, digits } = approval
  if (state === 'failed') return <Failed approval={approval} onAgain={onAgain} />
  if (state === 'joined') {
    return (
      <div className="mt-3">
        <p role="status" className="flex gap-2 text-sm">
          <CircleCheck size={17} aria-hidden="true" className="mt-0.5 shrink-0 text-accent" />
          {newcomer?.name} has joined the account.
        </p>
        <Button className="mt-3" onClick={onDone}>
          Back to the devices
        </Button>
      </div>
    )
  }
  if (isApproved || state === 'adding' || state === 'added') {
    return (
      <p role="status" className="mt-3 text-sm text-ink-soft">
        {newcomer === undefined ? 'Waiting for the person at the new device …' : `Letting ${newcomer.name} in …`}
      </p>
    )
  }
  if (digits !== undefined) {
    return (
      <div className="mt-3">
        <Digits digits={digits} otherScreen="the new device" onSame={approve} onDifferent={() => approval.refuse()} />
      </div>
    )
  }
  return (
    <div className="mt-3">
      <p role="status" className="text-sm">
        <span className="font-medium">{newcomer?.name}</span>
        {newcomer?.platform && <span className="text-ink-soft">, {newcomer.platform},</span>} wants to join. It will
        read everything in this account.
      </p>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button look="primary" onClick={approve}>
          Let it in
        </Button>
        <Button onClick={() => approval.refuse()}>Refuse</Button>
      </div>
    </div>
  )
}

function Failed({ approval, onAgain }: Pick<ApprovalViewProps, 'approval' | 'onAgain'>) {
  const [error, setError] = useState<ReturnType<typeof toSyncError>>()
  useEffect(() => {
    approval.result.catch((cause: unknown) => setError(toSyncError(cause)))
  }, [approval])
  return (
    <>
      <ErrorNotice error={error} />
      <Button className="mt-3" onClick={onAgain}>
        Try again
      </Button>
    </>
  )
}
