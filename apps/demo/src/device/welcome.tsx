// A device without an account: it makes one, or joins one with the recovery phrase.
import { KeyRound, Plus } from 'lucide-react'
import { type FormEvent, useId, useState } from 'react'
import { Button } from '../ui/button'
import { Notice } from '../ui/notice'
import type { Device, DevicePhase } from './device'

interface WelcomeProps {
  readonly device: Device
  readonly phase: Extract<DevicePhase, { kind: 'empty' | 'working' }>
  /** The other device of this page, which may have an account to join. */
  readonly other: DevicePhase
}

export function Welcome({ device, phase, other }: WelcomeProps) {
  const canJoin = other.kind === 'ready'
  const knownPhrase = other.kind === 'ready' ? other.madeHere?.recoveryPhrase : undefined
  const failure = phase.kind === 'empty' ? phase.failure : undefined
  return (
    <div className="m-auto w-full max-w-md p-6">
      {canJoin ? (
        <JoinForm key={knownPhrase} device={device} phase={phase} knownPhrase={knownPhrase} />
      ) : (
        <CreateOffer device={device} isWorking={phase.kind === 'working'} />
      )}
      {failure !== undefined && (
        <Notice tone="danger" role="alert" title={failure.message} className="mt-4">
          {failure.action}
        </Notice>
      )}
    </div>
  )
}

function CreateOffer({ device, isWorking }: { readonly device: Device; readonly isWorking: boolean }) {
  if (!device.startsAccount) {
    return (
      <div className="text-center text-ink-soft">
        <p className="font-medium text-ink">This device is new</p>
        <p className="mt-1 text-sm text-balance">Create the account on the other one; then this one can join.</p>
      </div>
    )
  }
  return (
    <div className="text-center">
      <h3 className="text-lg font-semibold tracking-tight">Start an address book</h3>
      <p className="mt-1 mb-5 text-sm text-balance text-ink-soft">
        Keys are made on this device and stay here. The relay gets sealed boxes and has no key to them.
      </p>
      <Button look="primary" icon={<Plus size={16} />} disabled={isWorking} onClick={() => device.create()}>
        {isWorking ? 'Making keys …' : 'Create an account'}
      </Button>
    </div>
  )
}

interface JoinFormProps extends Omit<WelcomeProps, 'other'> {
  /** Of the account that was just made beside this device. */
  readonly knownPhrase: string | undefined
}

function JoinForm({ device, phase, knownPhrase }: JoinFormProps) {
  const field = useId()
  const hint = useId()
  const [phrase, setPhrase] = useState(knownPhrase ?? '')
  const isWorking = phase.kind === 'working'
  const hasFailed = phase.kind === 'empty' && phase.failure !== undefined
  const join = (event: FormEvent) => {
    event.preventDefault()
    void device.join(phrase)
  }
  return (
    <form onSubmit={join}>
      <h3 className="text-lg font-semibold tracking-tight">Join the account</h3>
      <p id={hint} className="mt-1 mb-3 text-sm text-ink-soft">
        {knownPhrase === undefined
          ? 'Type the 24 words that were shown when the account was made.'
          : 'The words were carried over from the laptop for you; on a real device you would type them.'}
      </p>
      <label htmlFor={field} className="field-label">
        Recovery phrase
      </label>
      <textarea
        id={field}
        aria-describedby={hint}
        aria-invalid={hasFailed}
        required
        rows={5}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        value={phrase}
        onChange={(event) => setPhrase(event.target.value)}
        className="field resize-none font-mono text-[0.8125rem] leading-relaxed"
      />
      <Button type="submit" look="primary" icon={<KeyRound size={16} />} disabled={isWorking} className="mt-3 w-full">
        {isWorking ? 'Joining …' : 'Join with the phrase'}
      </Button>
    </form>
  )
}
