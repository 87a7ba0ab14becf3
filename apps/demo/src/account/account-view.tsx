// Who belongs to the account and by which keys: the part of the app beside the address book.
import { ChevronLeft } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import type { Device } from '../device/device'
import { IconButton } from '../ui/button'
import { DevicesSection } from './devices-section'
import { PhraseSection } from './phrase-section'
import { SecurityLog } from './security-log'

/** Comes with its first use, and with it what the app needs for passwords. */
const SignInSection = lazy(() => import('../sign-in/sign-in-section'))

const sections = [
  { name: 'devices', words: 'Devices' },
  { name: 'phrase', words: 'Recovery phrase' },
  { name: 'sign-in', words: 'Password' },
  { name: 'log', words: 'Security log' },
] as const

interface AccountViewProps {
  readonly device: Device
  readonly onShowPhrase: () => void
  readonly onBack: () => void
}

export function AccountView({ device, onShowPhrase, onBack }: AccountViewProps) {
  const [shown, setShown] = useState<(typeof sections)[number]['name']>('devices')
  return (
    <>
      <nav
        aria-label={`Devices and keys on the ${device.name}`}
        className="flex flex-wrap items-center gap-0.5 border-b border-line px-2 py-1.5"
      >
        <IconButton label="Back to the contacts" icon={<ChevronLeft size={19} />} onClick={onBack} />
        {sections.map(({ name, words }) => (
          <button
            key={name}
            type="button"
            aria-current={shown === name ? 'page' : undefined}
            onClick={() => setShown(name)}
            className="section-tab"
          >
            {words}
          </button>
        ))}
      </nav>
      <div className="account-section">
        {shown === 'devices' && <DevicesSection device={device} />}
        {shown === 'phrase' && <PhraseSection device={device} onShowPhrase={onShowPhrase} />}
        {shown === 'sign-in' && (
          <Suspense>
            <SignInSection />
          </Suspense>
        )}
        {shown === 'log' && <SecurityLog deviceName={device.name} />}
      </div>
    </>
  )
}
