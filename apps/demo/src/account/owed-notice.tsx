import type { DeviceDetails, OwedTask } from '@owlivion/sync'
import { useDevices, useSyncStatus } from '@owlivion/sync-react'
import { Notice } from '../ui/notice'
import { nameOfId } from './device-text'

/** What was asked for and waits for the relay. */
export function OwedNotice() {
  const { owed } = useSyncStatus()
  const devices = useDevices()
  if (owed.length === 0) return null
  return (
    <Notice tone="warn" role="status" title="Still to be done, as soon as the relay can be reached" className="mt-3">
      <ul className="list-disc pl-4">
        {owed.map((task) => (
          <li key={JSON.stringify(task)}>{taskText(task, devices)}</li>
        ))}
      </ul>
    </Notice>
  )
}

function taskText({ kind, devices: ids = [] }: OwedTask, devices: readonly DeviceDetails[]): string {
  switch (kind) {
    case 'remove':
      return `Lock out ${ids.map((id) => nameOfId(devices, id)).join(', ')}`
    case 'rekey':
      return 'Give the account a new key'
    case 'leave':
      return 'Sign this device out'
    case 'request':
      return 'Ask for a new recovery phrase'
    case 'approve':
      return 'Approve the new recovery phrase'
    case 'veto':
      return 'Veto the new recovery phrase'
    case 'reissue':
      return 'Make the new recovery phrase count'
  }
}
