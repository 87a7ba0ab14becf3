// A device whose store the browser has thrown away: it says what is gone and what is not, and joins its account again as a new device.
import { DatabaseZap, LogIn } from 'lucide-react'
import { SectionTitle } from '../account/section-title'
import { Button } from '../ui/button'
import { ErrorNotice } from '../ui/error-notice'
import { useAction } from '../ui/use-action'
import type { Device } from './device'

export function LostStore({ device }: { readonly device: Device }) {
  const { error, run } = useAction()
  return (
    <div className="account-section">
      <div role="alert" className="flex items-center gap-2">
        <DatabaseZap size={20} aria-hidden="true" className="shrink-0 text-danger" />
        <SectionTitle>The browser has thrown this device’s data away</SectionTitle>
      </div>
      <p className="mt-1 text-sm text-pretty text-ink-soft">
        Browsers do that when the disk is full, when a site was not visited for long, or when somebody clears its data.
        The keys of this device and its copy of the contacts are gone.
      </p>
      <p className="mt-3 text-sm text-pretty">
        Whatever was sent is safe: it is at the relay, and on the other devices. Only what this device had not sent yet
        is lost.
      </p>
      <p className="mt-3 text-sm text-pretty">
        Join the account again, with its 24 words or with a device that is in it. The device that was lost stays in the
        list under “Devices” until you remove it there.
      </p>
      <ErrorNotice error={error} />
      <Button
        look="primary"
        icon={<LogIn size={16} />}
        className="mt-5"
        onClick={() => void run(() => device.beginAgain())}
      >
        Join again
      </Button>
    </div>
  )
}
