// A device without an account: it makes one, or joins one with the recovery phrase or by pairing, or signs in with a password.
import { KeyRound, LogIn, Plus, QrCode as QrCodeIcon } from 'lucide-react'
import { type FormEvent, lazy, type ReactNode, Suspense, useId, useState } from 'react'
import { OfferView } from '../pairing/offer-view'
import { Button } from '../ui/button'
import { ErrorNotice } from '../ui/error-notice'
import type { Device, DevicePhase } from './device'

const SignInForm = lazy(() => import('../sign-in/sign-in-form'))

interface WelcomeProps {
  readonly device: Device
  readonly phase: Extract<DevicePhase, { kind: 'empty' | 'working' | 'pairing' }>
  /** The other device of this page, which may have an account to join. */
  readonly other: DevicePhase
}

export function Welcome({ device, phase, other }: WelcomeProps) {
  const [chosen, setChosen] = useState<'create' | 'join' | 'sign-in' | undefined>(
    phase.kind === 'empty' && phase.hadAccount ? 'join' : undefined,
  )
  const way = chosen ?? (other.kind === 'ready' ? 'join' : 'create')
  if (phase.kind === 'pairing') {
    return (
      <Frame>
        <OfferView device={device} phase={phase} />
      </Frame>
    )
  }
  const knownPhrase = other.kind === 'ready' ? other.madeHere?.recoveryPhrase : undefined
  const isWorking = phase.kind === 'working'
  if (way === 'sign-in') {
    return (
      <Frame>
        <Suspense>
          <SignInForm device={device} phase={phase} />
        </Suspense>
        <p className="mt-4 text-center">
          <Button look="quiet" disabled={isWorking} onClick={() => setChosen('join')}>
            Join in another way
          </Button>
        </p>
      </Frame>
    )
  }
  const mayCreate = device.startsAccount || chosen === 'create'
  return (
    <Frame>
      {way === 'join' ? (
        <>
          <JoinForm key={knownPhrase} device={device} phase={phase} knownPhrase={knownPhrase} />
          <p className="my-3 text-center text-sm text-ink-soft">or, when a device of the account is at hand</p>
          <Button icon={<QrCodeIcon size={16} />} disabled={isWorking} className="w-full" onClick={() => device.pair()}>
            Show a pairing code
          </Button>
          <Button
            icon={<LogIn size={16} />}
            disabled={isWorking}
            className="mt-2 w-full"
            onClick={() => setChosen('sign-in')}
          >
            Sign in with e-mail and password
          </Button>
        </>
      ) : (
        <CreateOffer device={device} isWorking={isWorking} mayCreate={mayCreate} />
      )}
      <ErrorNotice error={phase.kind === 'empty' ? phase.failure : undefined} />
      <p className="mt-4 text-center">
        <Button look="quiet" disabled={isWorking} onClick={() => setChosen(way === 'join' ? 'create' : 'join')}>
          {way === 'join' ? 'Start a separate account instead' : 'Join an account instead'}
        </Button>
      </p>
    </Frame>
  )
}

function Frame({ children }: { readonly children: ReactNode }) {
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto flex min-h-full w-full max-w-md flex-col justify-center p-6">{children}</div>
    </div>
  )
}

interface CreateOfferProps {
  readonly device: Device
  readonly isWorking: boolean
  readonly mayCreate: boolean
}

function CreateOffer({ device, isWorking, mayCreate }: CreateOfferProps) {
  if (!mayCreate) {
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

interface JoinFormProps {
  readonly device: Device
  readonly phase: Extract<DevicePhase, { kind: 'empty' | 'working' }>
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
          : 'The words were carried over from the other device for you; on a real one you would type them.'}
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
