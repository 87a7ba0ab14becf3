// The answer to a subscribe: for each cursor one page, or the news that the cursor does not lie on the relay's log. More than a
// page is asked for again by the device, so that a slow one is never sent more than it can take.
import {
  activeDevice,
  bytesEqual,
  type Cursor,
  type DeviceId,
  type DocumentId,
  encodeFrame,
  PAGE_BYTES,
} from '@owlivion/sync-protocol'
import type { ConnectedAccount } from './accounts'
import type { Asking } from './asking'
import { RelayError } from './errors'
import type { RelayLimits } from './limits'
import { assertNotSuspended } from './not-suspended'
import type { SnapshotDesk } from './snapshots/desk'
import type { RelayStore } from './store/relay-store'

export interface Subscription {
  readonly store: RelayStore
  readonly limits: RelayLimits
  readonly snapshots: SnapshotDesk
  readonly asking: Asking
  /** The subscriber's own seen rows are not sent back to it. */
  readonly device: DeviceId
}

/** Cursors beyond the room of one answer get an empty page, which says how much there is. */
export async function answerSubscribe(subscription: Subscription, cursors: readonly Cursor[]): Promise<void> {
  const { asking, limits } = subscription
  const { account, session: subscriber } = asking
  let room = limits.maxSubscribeBytes
  for (const cursor of cursors) {
    // A connection that ended while a page was read follows nothing any more.
    if (!subscriber.isOpen) return
    const { document } = cursor
    try {
      assertNotSuspended(asking, document)
      if (!account.feed.catchingUp(document, subscriber, limits.maxDocuments))
        throw new RelayError('too-many-documents', undefined, { document, state: limits.maxDocuments })
      room -= await answerCursor(subscription, cursor, Math.max(0, Math.min(PAGE_BYTES, room)))
    } catch (error) {
      account.feed.unfollow(document, subscriber)
      if (!(error instanceof RelayError) || error.document === undefined) throw error
      subscriber.refuse('subscribe', error)
    }
  }
}

/** @returns bytes of the envelopes sent */
async function answerCursor(
  { store, asking, device, snapshots }: Subscription,
  cursor: Cursor,
  maxBytes: number,
): Promise<number> {
  const { account, session: subscriber } = asking
  const { document, number: after, hash } = cursor
  const offered = await snapshots.offer(asking, document)
  const page = await store.readPage({ account: account.id, document, after, maxBytes })
  const { newest, prunedTo, hashAtCursor, entries, heads, logHash } = page
  if (hashAtCursor !== undefined && !bytesEqual(hashAtCursor, hash))
    throw new RelayError('cursor-mismatch', undefined, { document })
  const snapshot = await snapshots.insteadOfEntries(asking, device, cursor, offered, prunedTo)
  if (snapshot !== undefined && after < newest) {
    // The device subscribes again from what the snapshot covers; until then nothing that is live would fit what it has.
    account.feed.unfollow(document, subscriber)
    snapshots.send(asking, 'subscribe', document, snapshot)
    return 0
  }
  if (hashAtCursor === undefined || logHash === undefined)
    throw new RelayError('cursor-ahead', undefined, { document, state: newest })
  const last = after + entries.length
  const seen = last === newest ? await readSeen(store, account, document, device) : []
  subscriber.send(
    encodeFrame({ type: 'page', document, first: after + 1, entries, heads, logHash, newest, live: false }),
  )
  account.feed.caughtUp(document, subscriber, last)
  for (const frame of seen) subscriber.send(frame)
  let bytes = 0
  for (const entry of entries) bytes += entry.length
  return bytes
}

/** Rows of the other active devices: what a removed one has seen concerns nobody. */
async function readSeen(
  store: RelayStore,
  { id, keyring }: ConnectedAccount,
  document: DocumentId,
  own: DeviceId,
): Promise<Uint8Array[]> {
  const rows = await store.readSeen(id, document)
  return rows
    .filter((row) => !bytesEqual(row.device, own) && keyring !== undefined && activeDevice(keyring, row.device))
    .map(({ envelope, signature }) => encodeFrame({ type: 'seen', document, envelope, signature }))
}
