import { useSchedule, useSyncStatus } from '@owlivion/sync-react'
import { Wifi, WifiOff } from 'lucide-react'
import type { Device } from './device'

const words = {
  offline: 'Offline',
  waiting: 'Trying again',
  connecting: 'Connecting',
  online: 'Online',
  refused: 'Refused',
  removed: 'Removed',
} as const

/** Takes the device off the network and back, as a tunnel or a flight would. */
export function OnlineSwitch({ device }: { readonly device: Device }) {
  const { connection } = useSyncStatus()
  const { isNetworkOn, isPaused } = useSchedule()
  // Between two runs a device has no connection, and is not offline for that.
  const isResting = isNetworkOn && connection === 'offline'
  const isOn = isNetworkOn || connection !== 'offline'
  return (
    <button
      type="button"
      role="switch"
      aria-checked={isOn}
      aria-label={`Network of the ${device.name}`}
      onClick={() => device.setOnline(!isOn)}
      className="group flex h-9 items-center gap-2 rounded-full border border-line bg-card pr-3 pl-1.5 text-sm font-medium"
    >
      <span className="switch-track" aria-hidden="true">
        <span className="switch-thumb">{isOn ? <Wifi size={12} /> : <WifiOff size={12} />}</span>
      </span>
      <span className="min-w-11 text-left">{isResting ? (isPaused ? 'Paused' : 'Resting') : words[connection]}</span>
    </button>
  )
}
