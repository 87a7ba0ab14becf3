import { changePassword, registerPassword, removePassword } from '@owlivion/sync/password'
import { useSync } from '@owlivion/sync-react'
import { KeyRound } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { AskButton } from '../ui/ask-button'
import { Button } from '../ui/button'
import { useAction } from '../ui/use-action'
import { SignInRefusal } from './sign-in-refusal'
import { PasswordField, TextField } from './text-field'

const RULES =
  'At least 10 characters; several words that do not belong together are good. Nobody can reset it: a forgotten password is set anew on a device.'

interface PasswordPartProps {
  readonly hasPassword: boolean
  readonly hasTwoFactor: boolean
  readonly onDone: () => Promise<unknown>
}

export function PasswordPart({ hasPassword, hasTwoFactor, onDone }: PasswordPartProps) {
  const sync = useSync()
  const { isBusy, error, run } = useAction()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [done, setDone] = useState('')
  const finish = (work: () => Promise<void>, words: string) =>
    run(async () => {
      setDone('')
      await work()
      setEmail('')
      setPassword('')
      setDone(words)
      await onDone()
    })
  const set = (event: FormEvent) => {
    event.preventDefault()
    if (!hasPassword) void finish(() => registerPassword(sync, { email, password }), 'The password is set.')
    else {
      const address = email.trim() === '' ? {} : { email }
      void finish(() => changePassword(sync, { ...address, password }), 'The password was changed; the old one ended.')
    }
  }
  return (
    <form onSubmit={set} className="mt-5">
      <h4 className="text-sm font-medium">{hasPassword ? 'Change the password' : 'Set a password'}</h4>
      <TextField
        label={hasPassword ? 'Another e-mail address' : 'E-mail address'}
        type="email"
        autoComplete="username"
        required={!hasPassword}
        value={email}
        onValue={setEmail}
        hint={hasPassword ? 'Empty, it stays as it is.' : 'The relay keeps a keyed hash of it, and sends no mail.'}
      />
      <PasswordField
        label="New password"
        autoComplete="new-password"
        value={password}
        onValue={setPassword}
        hint={RULES}
      />
      <div className="mt-3 flex flex-wrap gap-2">
        <Button type="submit" look="primary" icon={<KeyRound size={15} />} disabled={isBusy}>
          {isBusy ? 'Working on it …' : hasPassword ? 'Change the password' : 'Set the password'}
        </Button>
        {hasPassword && (
          <AskButton
            look="danger"
            question="End sign-in with the password?"
            text={`From then on it opens nothing${hasTwoFactor ? ', and two-factor ends with it' : ''}. Devices that came in by it stay.`}
            yes="End it"
            onYes={() => void finish(() => removePassword(sync), 'The password was ended.')}
          >
            End the password
          </AskButton>
        )}
      </div>
      <p role="status" className="mt-2 text-sm text-ink-soft">
        {done}
      </p>
      <SignInRefusal error={error} />
    </form>
  )
}
