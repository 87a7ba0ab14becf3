import { addPasskey, type PasskeyDetails, removePasskey } from '@owlivion/sync/password'
import { useSync } from '@owlivion/sync-react'
import { Fingerprint, Trash2 } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { timeText } from '../account/device-text'
import { AskButton } from '../ui/ask-button'
import { Button } from '../ui/button'
import { useAction } from '../ui/use-action'
import { usePasskeySupport } from './passkey-support'
import { SignInRefusal } from './sign-in-refusal'
import { TextField } from './text-field'

interface PasskeysPartProps {
  readonly passkeys: readonly PasskeyDetails[]
  readonly onDone: () => Promise<unknown>
}

/** Those that there are can be removed in any browser; one is added where the browser can. */
export function PasskeysPart({ passkeys, onDone }: PasskeysPartProps) {
  const sync = useSync()
  const { isBusy, error, run } = useAction()
  const canAdd = usePasskeySupport()
  const [label, setLabel] = useState('')
  const add = (event: FormEvent) => {
    event.preventDefault()
    void run(async () => {
      await addPasskey(sync, label.trim())
      setLabel('')
      await onDone()
    })
  }
  const remove = (id: string) =>
    run(async () => {
      await removePasskey(sync, id)
      await onDone()
    })
  return (
    <section className="mt-6" aria-label="Passkeys">
      <h4 className="text-sm font-medium">Passkeys</h4>
      <p className="mt-1 text-sm text-pretty text-ink-soft">
        A finger, a face or a PIN in the place of password and code. Each is a way in of its own.
      </p>
      {passkeys.length > 0 && (
        <ul aria-label="Passkeys" className="mt-2 divide-y divide-line">
          {passkeys.map(({ id, label: name, addedAtMs, lastUsedAtMs }) => (
            <li key={id} className="flex flex-wrap items-center gap-2 py-2 text-sm">
              <span className="min-w-0 flex-1 break-words">
                <span className="font-medium">{name}</span>
                <span className="block text-[0.8125rem] text-ink-soft">
                  Added {timeText(addedAtMs)}
                  {lastUsedAtMs !== undefined && `, last used ${timeText(lastUsedAtMs)}`}
                </span>
              </span>
              <AskButton
                look="danger"
                icon={<Trash2 size={15} />}
                label={`Remove the passkey ${name}`}
                question={`Remove the passkey ${name}?`}
                text="It opens nothing from then on. The authenticator may go on offering it."
                yes="Remove it"
                onYes={() => void remove(id)}
              >
                Remove
              </AskButton>
            </li>
          ))}
        </ul>
      )}
      {canAdd ? (
        <form onSubmit={add}>
          <TextField
            label="Name of the new passkey"
            autoComplete="off"
            maxLength={60}
            value={label}
            onValue={setLabel}
          />
          <Button type="submit" icon={<Fingerprint size={15} />} disabled={isBusy} className="mt-2">
            Add a passkey
          </Button>
        </form>
      ) : (
        <p className="mt-2 text-sm text-ink-soft">This browser has no passkeys that could open an account.</p>
      )}
      <SignInRefusal error={error} />
    </section>
  )
}
