// Entries kept aside, across restarts: a newer version of the app, or a keyring read since, may understand them now.
import { type Body, type DocumentId, decodeEnvelope, envelopeHash, ZERO_HASH } from '@owlivion/sync-protocol'
import type { AccountContext } from './account-context'
import { openStoredEntry, type StoredBase } from './base'
import type { HeldEntry, HoldReason } from './log-replica'
import type { HeldRow, StoredEntry } from './rows'

/** Reasons that can pass without the bytes becoming others. */
const passing: ReadonlySet<HoldReason> = new Set<HoldReason>([
  'waits-for-author',
  'waits-for-seen',
  'unknown-format',
  'unknown-key',
])

export function reopenHeld(context: AccountContext, document: DocumentId, stored: StoredBase): HeldEntry[] {
  const held: HeldEntry[] = []
  for (const [number, row] of stored.held) if (!row.released) held.push(reopen(context, document, number, row))
  return held
}

function reopen(context: AccountContext, document: DocumentId, number: number, row: HeldRow): HeldEntry {
  const bytesHash = envelopeHash(context.platform.signing.sha512, row.bytes)
  const common = {
    number,
    bytes: row.bytes,
    previous: row.previous,
    hash: ZERO_HASH,
    envelopeHash: bytesHash,
    own: false,
  }
  const body = passing.has(row.reason) ? tryOpen(context, document, row) : undefined
  const outcome = body === undefined ? { held: row.reason } : { body }
  return { reason: row.reason, entry: { ...common, ...placeOf(row.bytes), outcome } }
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
