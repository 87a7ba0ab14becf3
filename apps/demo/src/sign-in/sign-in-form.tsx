// A new device on the way into its account by address and password, or by a passkey.
import { Fingerprint, LogIn } from 'lucide-react'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import type { Device, DevicePhase } from '../device/device'
import { Button } from '../ui/button'
import { useFocusHere, useFocusWhenLost } from '../ui/use-focus-here'
import { usePasskeySupport } from './passkey-support'
import { SignInRefusal } from './sign-in-refusal'
import { CodeField, PasswordField, TextField } from './text-field'

interface SignInFormProps {
  readonly device: Device
  readonly phase: Extract<DevicePhase, { kind: 'empty' | 'working' }>
}

/** The relay asks for a code, and waits. */
interface Question {
  readonly isAgain: boolean
  answer(code: string | undefined): void
}

export default function SignInForm({ device, phase }: SignInFormProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [question, setQuestion] = useState<Question>()
  const hasPasskeys = usePasskeySupport()
  const isWorking = phase.kind === 'working'
  useFocusHere(heading)
  useFocusWhenLost(heading, question)
  // Whoever leaves this screen gives no code.
  useEffect(() => () => question?.answer(undefined), [question])
  const signIn = async (event: FormEvent) => {
    event.preventDefault()
    let asked = 0
    const code = () =>
      new Promise<string | undefined>((answer) => {
        asked += 1
        setQuestion({ isAgain: asked > 1, answer })
      })
    await device.signIn({ email, password, code })
    setQuestion(undefined)
  }
  return (
    <>
      <h3 ref={heading} tabIndex={-1} className="section-title">
        Sign in
      </h3>
      {question === undefined ? (
        <form onSubmit={signIn}>
          <p className="mt-1 text-sm text-ink-soft">
            For an account with a password. It is proved to the relay without being shown to it.
          </p>
          <TextField label="E-mail address" type="email" autoComplete="username" value={email} onValue={setEmail} />
          <PasswordField value={password} onValue={setPassword} />
          <Button type="submit" look="primary" icon={<LogIn size={16} />} disabled={isWorking} className="mt-4 w-full">
            {isWorking ? 'Signing in …' : 'Sign in'}
          </Button>
          {hasPasskeys && (
            <Button
              icon={<Fingerprint size={16} />}
              disabled={isWorking}
              className="mt-2 w-full"
              onClick={() => void device.signInWithPasskey()}
            >
              Sign in with a passkey
            </Button>
          )}
        </form>
      ) : (
        <CodeForm question={question} />
      )}
      <SignInRefusal error={phase.kind === 'empty' ? phase.failure : undefined} />
    </>
  )
}

function CodeForm({ question }: { readonly question: Question }) {
  const [code, setCode] = useState('')
  const [answered, setAnswered] = useState<Question>()
  const isWaiting = answered === question
  const give = (event: FormEvent) => {
    event.preventDefault()
    setAnswered(question)
    setCode('')
    question.answer(code)
  }
  return (
    <form onSubmit={give}>
      <p className="mt-1 text-sm text-ink-soft">This account asks for a second factor.</p>
      <CodeField
        value={code}
        onValue={setCode}
        hint="Six digits from the authenticator app, or one of the backup codes."
      />
      {question.isAgain && !isWaiting && (
        <p role="alert" className="mt-2 text-sm font-medium text-danger">
          That code is wrong or was used before. Enter the newest one.
        </p>
      )}
      <Button type="submit" look="primary" disabled={isWaiting} className="mt-4 w-full">
        {isWaiting ? 'Signing in …' : 'Go on'}
      </Button>
      <Button look="quiet" disabled={isWaiting} className="mt-2 w-full" onClick={() => question.answer(undefined)}>
        Cancel
      </Button>
    </form>
  )
}
