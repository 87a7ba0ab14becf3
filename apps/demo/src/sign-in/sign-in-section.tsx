// How the account can be opened without a device and without the phrase: a password, its second factor, and passkeys.
import { type SignInState, signInState, unlockSignIn } from '@owlivion/sync/password'
import { useSync, useSyncStatus } from '@owlivion/sync-react'
import { useCallback, useEffect, useState } from 'react'
import { exactTimeText } from '../account/device-text'
import { SectionTitle } from '../account/section-title'
import { Button } from '../ui/button'
import { Notice } from '../ui/notice'
import { useAction } from '../ui/use-action'
import { PasskeysPart } from './passkeys-part'
import { PasswordPart } from './password-part'
import { SignInRefusal } from './sign-in-refusal'
import { TwoFactorPart } from './two-factor-part'

export default function SignInSection() {
  const sync = useSync()
  const { connection } = useSyncStatus()
  const { run, error } = useAction()
  const [state, setState] = useState<SignInState>()
  const read = useCallback(() => run(async () => setState(await signInState(sync))), [sync, run])
  useEffect(() => {
    if (connection === 'online') void read()
  }, [connection, read])
  return (
    <div className="max-w-lg">
      <SectionTitle>Sign-in with a password</SectionTitle>
      <p className="mt-1 text-sm text-pretty text-ink-soft">
        A third way in, beside the recovery phrase and another device. The relay checks the password without learning
        it, and cannot read what it opens.
      </p>
      {connection !== 'online' && (
        <p className="mt-3 text-sm text-ink-soft">It is set and changed while this device is online.</p>
      )}
      <SignInRefusal error={error} />
      {state !== undefined && (
        <>
          {state.lockedUntilMs !== undefined && <Locked untilMs={state.lockedUntilMs} onDone={read} />}
          <PasswordPart hasPassword={state.hasPassword} hasTwoFactor={state.hasTwoFactor} onDone={read} />
          {state.hasPassword && (
            <TwoFactorPart hasTwoFactor={state.hasTwoFactor} backupCodes={state.backupCodes} onDone={read} />
          )}
          <PasskeysPart passkeys={state.passkeys} onDone={read} />
        </>
      )}
    </div>
  )
}

function Locked({ untilMs, onDone }: { readonly untilMs: number; readonly onDone: () => Promise<unknown> }) {
  const sync = useSync()
  const { isBusy, error, run } = useAction()
  const unlock = () =>
    run(async () => {
      await unlockSignIn(sync)
      await onDone()
    })
  return (
    <Notice tone="warn" role="status" title="Too many wrong codes: sign-in is locked" className="mt-3">
      <p>It opens by itself at {exactTimeText(untilMs)}. If it was not you, somebody knows the password: change it.</p>
      <Button disabled={isBusy} className="mt-2" onClick={() => void unlock()}>
        Unlock it now
      </Button>
      <SignInRefusal error={error} />
    </Notice>
  )
}
