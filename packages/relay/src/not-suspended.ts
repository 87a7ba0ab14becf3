// What a device that is held off may not do.
import type { DocumentId } from '@owlivion/sync-protocol'
import type { Asking } from './asking'
import { RelayError } from './errors'

/** @throws RelayError `device-suspended`, for one request of a connection that stays open */
export function assertNotSuspended({ account, standing }: Asking, document: DocumentId): void {
  const retryAfterMs = standing.kind === 'device' ? account.suspendedForMs(standing.id) : undefined
  if (retryAfterMs !== undefined) throw new RelayError('device-suspended', undefined, { document, retryAfterMs })
}
