// A code of an authenticator app beside the password: switched on with a code from it, off with password and code.
import {
  beginTwoFactor,
  confirmTwoFactor,
  disableTwoFactor,
  newBackupCodes,
  type TwoFactorOffer,
} from '@owlivion/sync/password'
import { useSync } from '@owlivion/sync-react'
import { ShieldCheck } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { QrCode } from '../pairing/qr-code'
import { Button } from '../ui/button'
import { CopyButton } from '../ui/copy-button'
import { useAction } from '../ui/use-action'
import { BackupCodes } from './backup-codes'
import { SignInRefusal } from './sign-in-refusal'
import { CodeField, PasswordField } from './text-field'

/** What the authenticator app shows beside the service: the relay does not know the address, and this page forgets it. */
const LABEL = 'Address book'

interface TwoFactorPartProps {
  readonly hasTwoFactor: boolean
  /** Backup codes that are left. */
  readonly backupCodes: number
  readonly onDone: () => Promise<unknown>
}

export function TwoFactorPart({ hasTwoFactor, backupCodes, onDone }: TwoFactorPartProps) {
  const [codes, setCodes] = useState<readonly string[]>()
  const show = async (fresh: readonly string[]) => {
    setCodes(fresh)
    await onDone()
  }
  return (
    <section className="mt-6" aria-label="Two-factor">
      <h4 className="text-sm font-medium">Two-factor</h4>
      <p className="mt-1 text-sm text-pretty text-ink-soft">
        {hasTwoFactor
          ? `On. ${backupCodes} backup ${backupCodes === 1 ? 'code is' : 'codes are'} left.`
          : 'Off. With it, the password alone opens nothing: a code of an authenticator app comes on top.'}
      </p>
      {codes !== undefined && <BackupCodes codes={codes} onKept={() => setCodes(undefined)} />}
      {hasTwoFactor ? (
        <>
          <NewCodes onCodes={show} />
          <SwitchOff onDone={onDone} />
        </>
      ) : (
        <SwitchOn onCodes={show} />
      )}
    </section>
  )
}

interface CodesProps {
  readonly onCodes: (codes: readonly string[]) => Promise<void>
}

function SwitchOn({ onCodes }: CodesProps) {
  const sync = useSync()
  const { isBusy, error, run } = useAction()
  const [offer, setOffer] = useState<TwoFactorOffer>()
  const [code, setCode] = useState('')
  const begin = () => run(async () => setOffer(await beginTwoFactor(sync, LABEL)))
  const confirm = (event: FormEvent) => {
    event.preventDefault()
    void run(async () => onCodes(await confirmTwoFactor(sync, code.replaceAll(' ', ''))))
  }
  return (
    <>
      {offer === undefined ? (
        <Button icon={<ShieldCheck size={15} />} disabled={isBusy} className="mt-2" onClick={() => void begin()}>
          Set up two-factor
        </Button>
      ) : (
        <form onSubmit={confirm} className="mt-2">
          <p className="text-sm text-ink-soft">Scan this with an authenticator app, or type the key into it.</p>
          <QrCode text={offer.uri} label="QR code for an authenticator app" />
          <div className="flex flex-wrap items-center gap-2">
            <code data-testid="totp-key" className="text-[0.8125rem] break-all">
              {(offer.secret.match(/.{1,4}/g) ?? []).join(' ')}
            </code>
            <CopyButton text={offer.secret} />
          </div>
          <CodeField
            label="Code that the app shows"
            inputMode="numeric"
            value={code}
            onValue={setCode}
            hint="Six digits, a new code every half a minute."
          />
          <div className="mt-3 flex flex-wrap gap-2">
            <Button type="submit" look="primary" disabled={isBusy}>
              Switch two-factor on
            </Button>
            <Button look="quiet" disabled={isBusy} onClick={() => setOffer(undefined)}>
              Cancel
            </Button>
          </div>
        </form>
      )}
      <SignInRefusal error={error} />
    </>
  )
}

function NewCodes({ onCodes }: CodesProps) {
  const sync = useSync()
  const { isBusy, error, run } = useAction()
  const [code, setCode] = useState('')
  const renew = (event: FormEvent) => {
    event.preventDefault()
    void run(async () => {
      const fresh = await newBackupCodes(sync, code.trim())
      setCode('')
      await onCodes(fresh)
    })
  }
  return (
    <form onSubmit={renew}>
      <CodeField
        label="Code for new backup codes"
        value={code}
        onValue={setCode}
        hint="Ten new ones come in the place of those that are left."
      />
      <Button type="submit" disabled={isBusy} className="mt-2">
        Make new backup codes
      </Button>
      <SignInRefusal error={error} />
    </form>
  )
}

function SwitchOff({ onDone }: Pick<TwoFactorPartProps, 'onDone'>) {
  const sync = useSync()
  const { isBusy, error, run } = useAction()
  const [isOpen, setIsOpen] = useState(false)
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const switchOff = (event: FormEvent) => {
    event.preventDefault()
    void run(async () => {
      await disableTwoFactor(sync, { password, code: code.trim() })
      await onDone()
    })
  }
  if (!isOpen) {
    return (
      <Button look="danger" className="mt-4" onClick={() => setIsOpen(true)}>
        Switch two-factor off
      </Button>
    )
  }
  return (
    <form onSubmit={switchOff} className="mt-4">
      <h5 className="text-sm font-medium">Switch two-factor off</h5>
      <PasswordField value={password} onValue={setPassword} />
      <CodeField value={code} onValue={setCode} hint="From the authenticator app, or a backup code." />
      <div className="mt-3 flex flex-wrap gap-2">
        <Button type="submit" look="danger" disabled={isBusy}>
          {isBusy ? 'Working on it …' : 'Switch it off'}
        </Button>
        <Button look="quiet" disabled={isBusy} onClick={() => setIsOpen(false)}>
          Cancel
        </Button>
      </div>
      <SignInRefusal error={error} />
    </form>
  )
}
