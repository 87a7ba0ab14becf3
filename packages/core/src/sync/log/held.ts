// Entries kept aside, across restarts: a newer version of the app, or a keyring read since, may understand them now.
import {
  type DocumentId,
  decodeEnvelope,
  envelopeHash,
  epochAt,
  findDevice,
  type Hash,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import { hashEntry } from '../../crypto'
import { SyncError } from '../../errors'
import type { AccountContext } from '../account-context'
import type { HeldRow, StoredEntry } from '../document/rows'
import { type StoredBase, tryOpenStored } from './base'
import type { HeldEntry, HoldReason, OpenedEntry } from './log-replica'

/** Reasons that can pass without the bytes becoming others. */
const passing: ReadonlySet<HoldReason> = new Set<HoldReason>([
  'waits-for-author',
  'waits-for-seen',
  'unknown-format',
  'unknown-key',
  // Another branch of the keyring may have another cut.
  'beyond-cut',
])

/** Whether who holds it aside for this may read it one day, as the bytes are. */
export const canPass = (reason: HoldReason): boolean => passing.has(reason)

/** Reasons for which nothing shows that the author wrote it. */
const unproven: ReadonlySet<HoldReason> = new Set<HoldReason>([
  'unsigned',
  'bad-signature',
  'chain-gap',
  'not-authentic',
  'unknown-device',
])

export const isUnproven = (reason: HoldReason): boolean => unproven.has(reason)

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
  const { bytes, previous } = row
  const reason = row.released ? undefined : row.reason
  const common = {
    ...{ number, ...placeOf(bytes), previous, bytes, own: false },
    envelopeHash: envelopeHash(context.platform.signing.sha512, bytes),
  }
  const isTried = reason === undefined || (passing.has(reason) && !isLeftOut(context, common, reason))
  const opened = isTried ? tryOpenStored(context, document, row) : undefined
  if (opened !== undefined)
    return { ...common, hash: opened.hash, outcome: opened.isLost ? { held: 'lost-epoch' } : { body: opened.body } }
  if (reason !== undefined) return { ...common, hash: hashOf(context, document, row), outcome: { held: reason } }
  throw new SyncError('profile-damaged', 'An entry in this device’s store does not open any more.')
}

/** Its author is in no keyring, and it was found that nobody else knows it: it waits until that is let in. */
function isLeftOut(context: AccountContext, { device }: Pick<OpenedEntry, 'device'>, reason: HoldReason): boolean {
  return reason === 'beyond-cut' && findDevice(context.keyring(), device) === undefined
}

/** What its author wrote after it is verified by its hash, read or not; zeros where no key names its place. */
function hashOf(context: AccountContext, document: DocumentId, { bytes, previous }: StoredEntry): Hash {
  try {
    const envelope = decodeEnvelope(bytes)
    const keyId = epochAt(context.keyring(), envelope.epoch)?.keyId
    const place = keyId && { account: context.account, document, keyId, previous }
    return place === undefined ? ZERO_HASH : hashEntry(context.platform.signing.sha512, bytes, envelope, place).hash
  } catch {
    return ZERO_HASH
  }
}

/** The item as it is understood with the keyring as it is now. */
export function reopenHeldEntry(context: AccountContext, document: DocumentId, item: HeldEntry): HeldEntry {
  if (!('held' in item.entry.outcome) || !passing.has(item.reason)) return item
  if (isLeftOut(context, item.entry, item.reason)) return item
  const opened = tryOpenStored(context, document, item.entry)
  return opened === undefined || opened.isLost
    ? item
    : { ...item, entry: { ...item.entry, outcome: { body: opened.body } } }
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
