// One device as a person sees it: its name, its network switch, how far its edits have come, and whatever it shows at the moment.
import type { SyncError } from '@owlivion/sync'
import { SyncProvider, useNetworkReturn, useSyncStatus } from '@owlivion/sync-react'
import { Laptop, RefreshCw, ShieldCheck, Smartphone } from 'lucide-react'
import { type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { AccountView } from '../account/account-view'
import { ReissueRequest, UnconfirmedPhrase } from '../account/banners'
import { AddressBook } from '../address-book/address-book'
import { HealingBanner } from '../sync/healing-banner'
import { SyncView } from '../sync/sync-view'
import { Button, IconButton } from '../ui/button'
import { Notice } from '../ui/notice'
import type { Device, DevicePhase } from './device'
import { LockedOut } from './locked-out'
import { LostStore } from './lost-store'
import { OnlineSwitch } from './online-switch'
import { PhraseCard } from './phrase-card'
import { SyncState } from './sync-state'
import { usePhase } from './use-phase'
import { Welcome } from './welcome'

interface DevicePanelProps {
  readonly device: Device
  readonly other: Device
  readonly look: 'laptop' | 'phone'
}

export function DevicePanel({ device, other, look }: DevicePanelProps) {
  const phase = usePhase(device)
  const otherPhase = usePhase(other)
  const heading = useId()
  const title = useFocusAfterSetup(phase)
  const Icon = look === 'laptop' ? Laptop : Smartphone
  const bar = (controls?: ReactNode) => (
    <header className="flex items-center gap-2 border-b border-line px-4 py-2.5">
      <Icon size={18} className="text-ink-soft" aria-hidden="true" />
      <h2 id={heading} ref={title} tabIndex={-1} className="mr-auto font-semibold tracking-tight outline-none">
        {device.name}
      </h2>
      {controls}
    </header>
  )
  return (
    <section aria-labelledby={heading} data-device={look} className="device">
      <div className="device-screen">
        {phase.kind === 'ready' ? (
          <SyncProvider sync={phase.sync}>
            <Member
              key={phase.sync.deviceId}
              device={device}
              phase={phase}
              bar={bar}
              onBook={() => title.current?.focus()}
            />
          </SyncProvider>
        ) : (
          <>
            {bar()}
            <Setup device={device} phase={phase} other={otherPhase} />
          </>
        )}
      </div>
    </section>
  )
}

interface MemberProps {
  readonly device: Device
  readonly phase: Extract<DevicePhase, { kind: 'ready' }>
  readonly bar: (controls: ReactNode) => ReactNode
  /** The address book is shown again. */
  readonly onBook: () => void
}

/** A device with an account: its address book, or its devices and keys. */
function Member({ device, phase, bar, onBook }: MemberProps) {
  const { connection } = useSyncStatus()
  useNetworkReturn()
  const [view, setView] = useState<'book' | 'account' | 'phrase' | 'sync'>('book')
  const isNew = phase.madeHere !== undefined && !phase.madeHere.isPutAway
  const showBook = () => {
    setView('book')
    onBook()
  }
  const content = () => {
    if (isNew) return <PhraseCard onDone={() => device.putPhraseAway()} />
    switch (view) {
      case 'phrase':
        return <PhraseCard onDone={showBook} />
      case 'account':
        return <AccountView device={device} onShowPhrase={() => setView('phrase')} onBack={showBook} />
      case 'sync':
        return <SyncView device={device} onBack={showBook} />
      case 'book':
        return <AddressBook deviceName={device.name} />
    }
  }
  if (connection === 'removed') {
    return (
      <>
        {bar(undefined)}
        <LockedOut device={device} />
      </>
    )
  }
  return (
    <>
      {bar(
        <>
          <IconButton
            label="Sync"
            icon={<RefreshCw size={18} />}
            aria-expanded={view === 'sync'}
            disabled={isNew}
            onClick={() => (view === 'sync' ? showBook() : setView('sync'))}
          />
          <IconButton
            label="Devices and keys"
            icon={<ShieldCheck size={18} />}
            aria-expanded={view === 'account'}
            disabled={isNew}
            onClick={() => (view === 'account' ? showBook() : setView('account'))}
          />
          <OnlineSwitch device={device} />
        </>,
      )}
      <PairingFailure device={device} failure={phase.failure} />
      <HealingBanner />
      <ReissueRequest device={device} />
      {!isNew && view !== 'phrase' && <UnconfirmedPhrase onShow={() => setView('phrase')} />}
      {content()}
      <footer className="border-t border-line px-4 py-2">
        <SyncState />
      </footer>
    </>
  )
}

/** Why this device is in the account that it was in before. */
function PairingFailure({ device, failure }: { readonly device: Device; readonly failure: SyncError | undefined }) {
  if (failure === undefined) return null
  return (
    <Notice tone="danger" role="alert" title={failure.message} className="banner">
      {failure.action}
      <Button className="mt-2" onClick={() => device.dismissFailure()}>
        Dismiss
      </Button>
    </Notice>
  )
}

interface SetupProps {
  readonly device: Device
  readonly phase: Exclude<DevicePhase, { kind: 'ready' }>
  readonly other: DevicePhase
}

function Setup({ device, phase, other }: SetupProps) {
  switch (phase.kind) {
    case 'opening':
      return (
        <p role="status" className="m-auto text-sm text-ink-soft">
          Opening …
        </p>
      )
    case 'failed':
      return phase.error.code === 'profile-lost' ? (
        <LostStore device={device} />
      ) : (
        <div className="m-auto p-6">
          <Notice tone="warn" role="alert" title={phase.error.message}>
            {phase.error.action}
          </Notice>
        </div>
      )
    default:
      return <Welcome device={device} phase={phase} other={other} />
  }
}

/** The button that was pressed is gone when a device is set up; whoever steers by keyboard goes on from the device's name. */
function useFocusAfterSetup(phase: DevicePhase) {
  const title = useRef<HTMLHeadingElement>(null)
  const isBook = phase.kind === 'ready' && (phase.madeHere === undefined || phase.madeHere.isPutAway)
  const wasSetUpByHand = useRef(false)
  useEffect(() => {
    if (phase.kind === 'working' || phase.kind === 'pairing' || (phase.kind === 'ready' && !isBook))
      wasSetUpByHand.current = true
    else if (isBook && wasSetUpByHand.current) {
      wasSetUpByHand.current = false
      title.current?.focus()
    }
  }, [phase.kind, isBook])
  return title
}
