// The answer to a lease.
import { encodeFrame, type Frame } from '@owlivion/sync-protocol'
import type { Asking } from './asking'
import { RelayError } from './errors'
import { assertNotSuspended } from './not-suspended'
import type { RequestContext } from './request-context'

/** @throws RelayError `lease-taken` */
export async function answerLease(
  { turn }: RequestContext,
  asking: Asking,
  { document, purpose, release }: Extract<Frame, { type: 'lease' }>,
): Promise<void> {
  const { account, session } = asking
  assertNotSuspended(asking, document)
  if (release) {
    account.leases.release(document, purpose, session)
    session.send(encodeFrame({ type: 'leased', document, purpose, forMs: 0 }))
    return
  }
  const { isTaken, forMs } = account.leases.take(document, purpose, session)
  if (isTaken) throw new RelayError('lease-taken', undefined, { document, retryAfterMs: forMs })
  // What was pushed before is in the log, and sent on, before the holder counts on the log standing still.
  if (purpose === 'rebase') await turn.settled()
  session.send(encodeFrame({ type: 'leased', document, purpose, forMs }))
}
