// The new device while it asks to be let in: a code to scan or to type, digits to compare, and a word about what it brings along.
import { usePairingState } from '@owlivion/sync-react'
import { type ReactNode, useRef } from 'react'
import type { Device, DevicePhase } from '../device/device'
import { Button } from '../ui/button'
import { CopyButton } from '../ui/copy-button'
import { Notice } from '../ui/notice'
import { useFocusHere } from '../ui/use-focus-here'
import { Digits } from './digits'
import { QrCode } from './qr-code'

interface OfferViewProps {
  readonly device: Device
  readonly phase: Extract<DevicePhase, { kind: 'pairing' }>
}

export function OfferView({ device, phase: { offer, isMerging } }: OfferViewProps) {
  const state = usePairingState(offer)
  const title = useRef<HTMLHeadingElement>(null)
  useFocusHere(title)
  const stop = (
    <Button className="mt-4 w-full" onClick={() => device.stopPairing()}>
      Cancel
    </Button>
  )
  switch (state) {
    case 'waiting':
      return (
        <>
          <h3 ref={title} tabIndex={-1} className="section-title">
            Show this to a device of the account
          </h3>
          <p className="mt-1 text-sm text-pretty text-ink-soft">
            There: “Devices and keys”, “Add a device”. The code is good for five minutes, once.
          </p>
          {isMerging && (
            <p className="mt-2 text-sm text-pretty text-ink-soft">
              The contacts of this device come along: what only one side has stays, and where both have another value
              for the same field, both are kept for you to choose from.
            </p>
          )}
          <QrCode text={offer.qrText} label="Pairing code for a camera" />
          <dl className="text-center">
            <dt className="text-sm text-ink-soft">Or type there</dt>
            <dd data-testid="typed-code" className="font-mono text-xl font-semibold tracking-wider">
              {offer.code}
            </dd>
          </dl>
          <div className="mt-3 flex gap-2">
            <input
              readOnly
              aria-label="The pairing code as text"
              value={offer.qrText}
              onFocus={(event) => event.target.select()}
              className="field h-9 flex-1 font-mono text-xs"
            />
            <CopyButton text={offer.qrText} />
          </div>
          {stop}
        </>
      )
    case 'comparing':
      return (
        <Digits
          digits={offer.digits ?? ''}
          otherScreen="the other device"
          onSame={() => offer.confirmDigits()}
          onDifferent={() => offer.cancel()}
        />
      )
    case 'approved':
      return isMerging ? (
        <Notice role="alert" title={`${offer.approvedBy} lets this device in. Is that your account?`}>
          The contacts of this device become part of it, and all its devices see them.
          <div className="mt-3 flex flex-wrap gap-2">
            <Button look="primary" onClick={() => offer.confirmAccount()}>
              Bring my contacts along
            </Button>
            <Button onClick={() => offer.cancel()}>No, stop</Button>
          </div>
        </Notice>
      ) : (
        <Waiting>Joining …</Waiting>
      )
    case 'met':
    case 'confirmed':
      return (
        <>
          <Waiting>Waiting for the person at the other device …</Waiting>
          {stop}
        </>
      )
    default:
      return <Waiting>Joining …</Waiting>
  }
}

function Waiting({ children }: { readonly children: ReactNode }) {
  return (
    <p role="status" className="text-center text-sm text-ink-soft">
      {children}
    </p>
  )
}
