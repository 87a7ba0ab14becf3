// When a device syncs, what of it, and where else the data is: the part of the app that other programs hide in their settings.
import { ChevronLeft } from 'lucide-react'
import type { Device } from '../device/device'
import { IconButton } from '../ui/button'
import { CopiesSection } from './copies-section'
import { ScheduleSection } from './schedule-section'

interface SyncViewProps {
  readonly device: Device
  readonly onBack: () => void
}

export function SyncView({ device, onBack }: SyncViewProps) {
  return (
    <>
      <nav
        aria-label={`Syncing on the ${device.name}`}
        className="flex items-center gap-0.5 border-b border-line px-2 py-1.5"
      >
        <IconButton label="Back to the contacts" icon={<ChevronLeft size={19} />} onClick={onBack} />
      </nav>
      <div className="account-section">
        <ScheduleSection />
        <CopiesSection />
      </div>
    </>
  )
}
