import type { SyncError } from '@owlivion/sync'
import { Notice } from './notice'

interface ErrorNoticeProps {
  readonly error: SyncError | undefined
  readonly className?: string
}

/** What was refused and what to do; nothing while there is no error. */
export function ErrorNotice({ error, className = 'mt-4' }: ErrorNoticeProps) {
  if (error === undefined) return null
  return (
    <Notice tone="danger" role="alert" title={error.message} className={className}>
      {error.action}
    </Notice>
  )
}
