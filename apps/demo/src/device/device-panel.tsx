// One device as a person sees it: its name, its network switch, how far its edits have come, and whatever it shows at the moment.
import { SyncProvider } from '@owlivion/sync-react'
import { Laptop, Smartphone } from 'lucide-react'
import { type ReactNode, useEffect, useId, useRef } from 'react'
import { AddressBook } from '../address-book/address-book'
import { Notice } from '../ui/notice'
import type { Device, DevicePhase } from './device'
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
    <header className="flex items-center gap-2.5 border-b border-line px-4 py-2.5">
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
            {bar(<OnlineSwitch device={device} />)}
            {phase.madeHere && !phase.madeHere.isPutAway ? (
              <PhraseCard phrase={phase.madeHere.recoveryPhrase} onDone={() => device.putPhraseAway()} />
            ) : (
              <AddressBook deviceName={device.name} />
            )}
            <footer className="border-t border-line px-4 py-2">
              <SyncState />
            </footer>
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
      return (
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
    if (phase.kind === 'working' || (phase.kind === 'ready' && !isBook)) wasSetUpByHand.current = true
    else if (isBook && wasSetUpByHand.current) {
      wasSetUpByHand.current = false
      title.current?.focus()
    }
  }, [phase.kind, isBook])
  return title
}
