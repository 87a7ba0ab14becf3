// The devices of the account: who they are, when the relay saw them, and how to end one.
import type { DeviceDetails } from '@owlivion/sync'
import { useDevices, useSync, useSyncStatus } from '@owlivion/sync-react'
import { KeyRound, LogOut, MonitorSmartphone, Plus, RefreshCw, ShieldX } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { Device } from '../device/device'
import { AddDevice } from '../pairing/add-device'
import { AskButton } from '../ui/ask-button'
import { Button } from '../ui/button'
import { ErrorNotice } from '../ui/error-notice'
import { type Action, useAction } from '../ui/use-action'
import { nameText, timeText } from './device-text'
import { EditsImport } from './edits-import'
import { OwedNotice } from './owed-notice'
import { SectionTitle } from './section-title'

export function DevicesSection({ device }: { readonly device: Device }) {
  const [isAdding, setIsAdding] = useState(false)
  if (isAdding) return <AddDevice onDone={() => setIsAdding(false)} />
  return <DeviceList device={device} onAdd={() => setIsAdding(true)} />
}

function DeviceList({ device, onAdd }: { readonly device: Device; readonly onAdd: () => void }) {
  const sync = useSync()
  const devices = useDevices()
  const action = useAction()
  useSightings()
  const active = devices.filter((each) => !each.isRemoved)
  const removed = devices.filter((each) => each.isRemoved)
  const lockOut = ({ id }: DeviceDetails) => void action.run(() => sync.removeDevices([id]))
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <SectionTitle>Devices</SectionTitle>
        <Button look="primary" icon={<Plus size={15} />} onClick={onAdd}>
          Add a device
        </Button>
      </div>
      <OwedNotice />
      <ErrorNotice error={action.error} />
      <ul aria-label="Devices of the account" className="mt-2 divide-y divide-line">
        {active.map((each) => (
          <DeviceRow key={each.id} details={each} onLockOut={lockOut} />
        ))}
      </ul>
      {removed.length > 0 && (
        <details className="mt-2 text-sm">
          <summary className="cursor-pointer rounded font-medium">{removed.length} not in the account any more</summary>
          <ul className="mt-1 divide-y divide-line">
            {removed.map((each) => (
              <DeviceRow key={each.id} details={each} />
            ))}
          </ul>
        </details>
      )}
      <h4 className="mt-6 text-sm font-medium">Keys</h4>
      <Keys device={device} action={action} hasOthers={active.length > 1} />
      <h4 className="mt-6 text-sm font-medium">Contacts from elsewhere</h4>
      <EditsImport />
      <MergeOffer device={device} />
    </>
  )
}

/** When and from where devices were seen, asked for whenever this device comes online. */
function useSightings(): void {
  const sync = useSync()
  const { connection } = useSyncStatus()
  useEffect(() => {
    // Without an answer the list stands without times.
    if (connection === 'online') sync.refreshDevices().catch(() => {})
  }, [sync, connection])
}

interface DeviceRowProps {
  readonly details: DeviceDetails
  readonly onLockOut?: (details: DeviceDetails) => void
}

function DeviceRow({ details, onLockOut }: DeviceRowProps) {
  const { isThisDevice, role, platform, addedAtMs, firstSeenMs, lastSeenMs, address } = details
  const name = nameText(details)
  const facts = [
    ['First seen', firstSeenMs ?? addedAtMs],
    ['Last seen', lastSeenMs],
  ] as const
  return (
    <li className="flex flex-wrap items-start gap-x-3 gap-y-2 py-3">
      {role === 'sign-in' ? (
        <KeyRound size={18} aria-hidden="true" className="mt-0.5 shrink-0 text-ink-soft" />
      ) : (
        <MonitorSmartphone size={18} aria-hidden="true" className="mt-0.5 shrink-0 text-ink-soft" />
      )}
      <div className="min-w-40 flex-1">
        <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
          <span className="break-words">{name}</span>
          {isThisDevice && <span className="this-device">This device</span>}
        </p>
        <dl className="device-facts">
          {platform && (
            <div>
              <dt className="sr-only">Platform</dt>
              <dd>{platform}</dd>
            </div>
          )}
          {facts.map(
            ([words, ms]) =>
              ms !== undefined && (
                <div key={words}>
                  <dt>{words}</dt>
                  <dd>{timeText(ms)}</dd>
                </div>
              ),
          )}
          {address && (
            <div>
              <dt>From</dt>
              <dd>{address}</dd>
            </div>
          )}
        </dl>
      </div>
      {onLockOut !== undefined && !isThisDevice && (
        <AskButton
          look="danger"
          icon={<ShieldX size={15} />}
          label={`Lock out ${name}`}
          question={`Lock out ${name}?`}
          text="It is shut out at once, and the account gets a new key: it reads nothing that is written from now on, and nothing that it writes counts. What it has read already it may still have."
          yes="Lock it out"
          onYes={() => onLockOut(details)}
        >
          Lock out
        </AskButton>
      )}
    </li>
  )
}

interface KeysProps {
  readonly device: Device
  readonly action: Action
  readonly hasOthers: boolean
}

function Keys({ device, action, hasOthers }: KeysProps) {
  const sync = useSync()
  const { unsent } = useSyncStatus()
  const [done, setDone] = useState<string>()
  const run = async (work: () => Promise<unknown>, words: string) => {
    setDone(undefined)
    if (await action.run(work)) setDone(words)
  }
  return (
    <>
      <div className="mt-2 flex flex-wrap gap-2">
        {hasOthers && (
          <AskButton
            icon={<ShieldX size={15} />}
            question="Lock out all other devices?"
            text="Only this device stays in the account, and the account gets a new key. The others can join again with the recovery phrase or by pairing."
            yes="Lock out all others"
            onYes={() => void run(() => sync.removeOtherDevices(), 'Only this device is in the account now.')}
          >
            Lock out all others
          </AskButton>
        )}
        <Button
          icon={<RefreshCw size={15} />}
          onClick={() => void run(() => sync.rotateKeys(), 'The account has a new key.')}
        >
          Rotate keys
        </Button>
        <AskButton
          icon={<LogOut size={15} />}
          question={`Sign ${device.name} out?`}
          text={
            unsent > 0
              ? `The account is deleted from this device, and ${unsent} ${unsent === 1 ? 'change' : 'changes'} that the relay has not stored with it. `
              : 'The account is deleted from this device; the other devices change the key. Without another device you need the recovery phrase to come back.'
          }
          yes={unsent > 0 ? 'Sign out and lose them' : 'Sign out'}
          onYes={() => void action.run(() => device.signOut({ discardUnsent: unsent > 0 }))}
        >
          Sign out
        </AskButton>
      </div>
      <p role="status" className="mt-2 text-sm text-ink-soft">
        {done}
      </p>
    </>
  )
}

/** For contacts that were collected in an account of their own. */
function MergeOffer({ device }: { readonly device: Device }) {
  return (
    <div className="mt-2">
      <AskButton
        question="Join another account with these contacts?"
        text="This device leaves its account alone and asks to be let into another one. Its contacts come along: nothing there is overwritten, and where both sides have another value both are kept for you to choose from. Until it is let in, nothing changes."
        yes="Show a pairing code"
        onYes={() => void device.pair()}
      >
        Join another account
      </AskButton>
    </div>
  )
}
