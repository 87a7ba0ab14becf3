import type { SyncError } from '@owlivion/sync'
import { Notice } from '../ui/notice'

interface SignInRefusalProps {
  readonly error: SyncError | undefined
}

/** Why it was refused, and for how long where that passes by itself. */
export function SignInRefusal({ error }: SignInRefusalProps) {
  if (error === undefined) return null
  return (
    <Notice tone="danger" role="alert" title={error.message} className="mt-4">
      {/* Of itself a device that was asked to wait sends again; nobody types a password for it. */}
      {error.code === 'too-many-requests' ? 'Nothing is tried until then.' : error.action}
      {error.retryAfterMs !== undefined && ` Try again in ${waitText(error.retryAfterMs)}.`}
    </Notice>
  )
}

function waitText(ms: number): string {
  const minutes = Math.ceil(ms / 60_000)
  if (minutes >= 90) return `${Math.ceil(minutes / 60)} hours`
  return minutes === 1 ? 'a minute' : `${minutes} minutes`
}
