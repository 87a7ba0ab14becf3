import { useSyncStatus } from '@owlivion/sync-react'
import { Notice } from '../ui/notice'

/** While the relay gets back what it has lost. Nothing is to be done about it, but it is not to go unnoticed. */
export function HealingBanner() {
  const { healing } = useSyncStatus()
  if (!healing) return null
  return (
    <Notice tone="warn" role="status" title="The relay has lost something, and gets it back" className="banner">
      Everything is still on this device. It takes a moment, and you can go on working.
    </Notice>
  )
}
