// Entries kept aside, across restarts: a newer version of the app, or a keyring read since, may understand them now.
import { type Body, type DocumentId, decodeEnvelope, envelopeHash, ZERO_HASH } from '@owlivion/sync-protocol'
import type { AccountContext } from './account-context'
import { openStoredEntry, type StoredBase } from './base'
import type { HeldEntry, HoldReason, OpenedEntry } from './log-replica'
import type { HeldRow, StoredEntry } from './rows'

/** Reasons that can pass without the bytes becoming others. */
const passing: ReadonlySet<HoldReason> = new Set<HoldReason>([
  'waits-for-author',
  'waits-for-seen',
  'unknown-format',
  'unknown-key',
  // Another branch of the keyring may have another cut.
  'beyond-cut',
])

export function reopenHeld(context: AccountContext, document: DocumentId, stored: StoredBase): HeldEntry[] {
  const held: HeldEntry[] = []
  for (const [number, row] of stored.held) if (!row.released) held.push(reopen(context, document, number, row))
  return held
}

function reopen(context: AccountContext, document: DocumentId, number: number, row: HeldRow): HeldEntry {
  return { reason: row.reason, entry: reopenStored(context, document, number, row) }
}

/**
 * An entry from the disk, as it is understood with the keyring as it is now; one that was kept aside for what it is stays that.
 * @throws SyncError `profile-damaged` when one that was verified does not open any more
 */
export function reopenStored(
  context: AccountContext,
  document: DocumentId,
  number: number,
  row: StoredEntry & Partial<Pick<HeldRow, 'reason' | 'released'>>,
): OpenedEntry {
  const { bytes, previous, reason } = row
  // The hash of an entry in its chain is for the next one that arrives, and the chains are kept.
  const place = { number, ...placeOf(bytes), previous, hash: ZERO_HASH, own: false }
  const common = { ...place, bytes, envelopeHash: envelopeHash(context.platform.signing.sha512, bytes) }
  if (reason === undefined || row.released)
    return { ...common, outcome: { body: openStoredEntry(context, document, row) } }
  const body = passing.has(reason) ? tryOpen(context, document, row) : undefined
  return { ...common, outcome: body === undefined ? { held: reason } : { body } }
}

/** The item as it is understood with the keyring as it is now. */
export function reopenHeldEntry(context: AccountContext, document: DocumentId, item: HeldEntry): HeldEntry {
  if (!('held' in item.entry.outcome) || !passing.has(item.reason)) return item
  const body = tryOpen(context, document, item.entry)
  return body === undefined ? item : { ...item, entry: { ...item.entry, outcome: { body } } }
}

function tryOpen(context: AccountContext, document: DocumentId, row: StoredEntry): Body | undefined {
  try {
    return openStoredEntry(context, document, row)
  } catch {
    // It stays what it was: an entry this device cannot open yet, kept aside with its reason.
    return undefined
  }
}

function placeOf(bytes: Uint8Array): {
  device: ReturnType<typeof decodeEnvelope>['device']
  incarnation: number
  sequence: number
} {
  try {
    const { device, incarnation, sequence } = decodeEnvelope(bytes)
    return { device, incarnation, sequence }
  } catch {
    // Held because it is damaged; it has no place in any chain.
    return { device: new Uint8Array(16) as ReturnType<typeof decodeEnvelope>['device'], incarnation: 0, sequence: 0 }
  }
}
