// Builds a document anew from the entries that count. Every entry is kept verbatim since the foundation, so it is opened and placed once more by
// the same code, and the outcome is that of a device that knew from the start what this one learned late:
// - a removed device had written more than its cut allows, and this device had applied it: what does not count goes;
// - entries were sealed under keys of a branch of the keyring that does not count: what they wrote stays in the document, but nobody else
//   can be sure to read them, so they are not seen any more, and their author seals them again;
// - the keyring goes further than the relay had shown, and entries could not be verified for that: they are read again from the relay.
//
// Nothing honest is lost by it: nobody's slot hangs on another's, and what an entry that counts had taken away of one that does not is
// carried by Yjs as a deletion of something unknown. Letters do hang on those beside them: each author writes its own again.
import {
  type Body,
  bytesEqual,
  type DocumentId,
  decodeEnvelope,
  type Envelope,
  epochAt,
  findDevice,
} from '@owlivion/sync-protocol'
import type { StoreKey } from '../../storage'
import { Y } from '../../yjs'
import type { AccountContext } from '../account-context'
import { type Lineage, LineageMap } from '../device-map'
import type { DocumentState } from '../document/document-state'
import { decodeLog, encodeBase, encodeHeld, encodeLog, type LogRow, rowKeys, type StoredEntry } from '../document/rows'
import type { Foundation } from '../document/state-row'
import { readFoundation, replicaStateOf } from '../snapshot/foundation'
import { updatesOf } from '../writing/body-updates'
import { applyBodies, buildBaseDocs, readStoredBase, type StoredBase, tryOpenStored } from './base'
import { openStoredExempt } from './exempt-entries'
import { archiveRows } from './fold'
import { reopenStored } from './held'
import { damagedHistory, readLog } from './log-history'
import type { HoldReason, OpenedEntry } from './log-replica'
import type { LostEntry, Replayed, ReplayOptions } from './replayed'

/** True when something was applied that does not count any more. */
export function isBeyondCut(context: AccountContext, document: DocumentId, applied: LineageMap<number>): boolean {
  return [...applied].some(([{ device, incarnation }, sequence]) =>
    context.isCutOff(document, device, incarnation, sequence),
  )
}

/** As above, and not within what the rows go on from: that cannot be taken apart. */
export async function isBeyondCutSince({ context, document, replica, foundation }: ReplayedState): Promise<boolean> {
  const { applied } = replica.state
  if (foundation === undefined || !isBeyondCut(context, document, applied))
    return isBeyondCut(context, document, applied)
  const below = replicaStateOf(context, document, await readFoundation(context, document, foundation)).applied
  return isBeyondCut(context, document, new LineageMap([...applied].filter(([each, n]) => below.get(each) !== n)))
}

/**
 * What was applied, and is by devices that are in no branch of the keyring that counts. What the rows go on from cannot be taken apart.
 * @returns by rising number
 */
export async function strangersIn({
  context,
  document,
  replica,
  foundation,
  agreement,
}: DocumentState): Promise<StoredEntry[]> {
  if (![...replica.state.applied].some(([{ device }]) => agreement.isStranger(device))) return []
  await context.writer.barrier()
  const stored = await readStoredBase(context, document)
  const log = await readLog(context, document, foundation, stored)
  return log.flatMap(([number, entry]) => {
    const held = stored.held.get(number)
    if (number <= (foundation?.number ?? 0) || (held !== undefined && !held.released)) return []
    const { device } = decodeLoosely(entry)
    return device !== undefined && agreement.isStranger(device) ? [entry] : []
  })
}

/** The number after which entries could not be verified that can be now; undefined when there is none. */
export function readableAgainAfter({ context, replica, foundation }: ReplayedState): number | undefined {
  const keyring = context.keyring()
  // By chain: an entry under a known key may wait for the signature of one behind it whose key is not known yet.
  const chains = new LineageMap<{ readonly first: number; readonly isKnown: boolean }>()
  for (const { entry, reason } of replica.state.held) {
    if (!waitsForKeyring(reason)) continue
    const { epoch, device } = decodeEnvelope(entry.bytes)
    const isKnown = epochAt(keyring, epoch) !== undefined && findDevice(keyring, device) !== undefined
    const { first, isKnown: areKnown } = chains.get(entry) ?? { first: entry.number, isKnown: true }
    chains.set(entry, { first: Math.min(first, entry.number), isKnown: isKnown && areKnown })
  }
  // What is below the foundation is here, and not given again.
  const below = foundation?.number ?? 0
  const numbers = [...chains].flatMap(([, chain]) => (chain.isKnown ? [Math.max(chain.first - 1, below)] : []))
  return numbers.length > 0 ? Math.min(...numbers) : undefined
}

function waitsForKeyring(reason: HoldReason | undefined): boolean {
  return reason === 'unknown-epoch' || reason === 'unknown-device'
}

/** Whether entries were applied that nobody else can be sure to read. */
export async function hasLostEntries(
  context: AccountContext,
  document: DocumentId,
  foundation: Foundation | undefined,
): Promise<boolean> {
  const stored = await readStoredBase(context, document)
  for (const [number, entry] of await readLog(context, document, foundation, stored)) {
    const { epoch } = decodeLoosely(entry)
    const held = stored.held.get(number)
    if (epoch === undefined || (held !== undefined && !held.released)) continue
    if ((context.lostKeysAt?.(document, epoch) ?? []).length === 0) continue
    if (tryOpenStored(context, document, entry)?.isLost) return true
  }
  return false
}

/** What is replayed: a document's rows, and how far they were verified. */
export type ReplayedState = Pick<DocumentState, 'context' | 'document' | 'replica' | 'foundation'>

/**
 * @param state of the document as it is; stays as it is
 * @throws SyncError `profile-damaged` when what is on disk is not the log that the replica has verified
 */
export async function replayDocument(
  { context, document, replica, foundation }: ReplayedState,
  { drops, through = replica.state.number }: ReplayOptions,
): Promise<Replayed> {
  const stored = await readStoredBase(context, document)
  const below = await readFoundation(context, document, foundation)
  const covered = foundation?.number ?? 0
  const entries: OpenedEntry[] = []
  const own: (LostEntry & Lineage)[] = []
  const spoilt = new LineageMap<true>()
  const lostBodies: Body[] = []
  const ownBodies: Body[] = []
  const waits = [...stored.held].some(([number, { reason }]) => number <= covered && waitsForKeyring(reason))
  const verified = below !== undefined && waits ? await openStoredExempt({ context, document }, below) : undefined
  for (const [number, entry] of await readLog(context, document, foundation, stored)) {
    const held = stored.held.get(number)
    const again = waitsForKeyring(held?.reason) ? verified?.get(number) : undefined
    const opened = again ?? reopenStored(context, document, number, held ?? entry)
    const isLost = 'held' in opened.outcome && opened.outcome.held === 'lost-epoch'
    const body =
      'body' in opened.outcome ? opened.outcome.body : isLost && tryOpenStored(context, document, entry)?.body
    const isOwn = bytesEqual(opened.device, context.device)
    const counts = !context.isCutOff(document, opened.device, opened.incarnation, opened.sequence)
    if (isLost && body && counts) lostBodies.push(body)
    if (isOwn && body && counts) ownBodies.push(body)
    if (isOwn && body) own.push({ body, entry, device: opened.device, incarnation: opened.incarnation })
    // Those of before were seen to before.
    if (isOwn && isLost && (held === undefined || held.released)) spoilt.set(opened, true)
    // Of its own this device takes care, from this very commit on.
    entries.push(isLost && isOwn ? { ...opened, outcome: { held: 'repaired' } } : opened)
  }
  // One signature vouches for all that an author wrote before it, so who cannot read one entry may not be able to verify those before.
  const lost = own.filter((each) => spoilt.get(each))
  const rebuilt = replica.withState(replicaStateOf(context, document, below))
  const aside = entries.filter((entry) => entry.number <= covered)
  const exempt = rebuilt.receiveExempt(aside.filter((entry) => verified?.get(entry.number) !== entry))
  // The live document does not have what they wrote.
  rebuilt.receiveVerified(aside.filter((entry) => verified?.get(entry.number) === entry))
  const following = entries.filter((entry) => entry.number > covered)
  const { applied } = rebuilt.receive(following.filter((entry) => entry.number <= through))
  const { number, hash } = replica.state
  if (covered + following.length !== number || (through === number && !bytesEqual(rebuilt.state.hash, hash)))
    throw damagedHistory()
  // The chains are what was received, not what counts of it.
  if (through === number) for (const [lineage, chain] of replica.state.chains) rebuilt.state.chains.set(lineage, chain)

  const bodies = [...exempt.applied, ...applied].flatMap(({ outcome }) => ('body' in outcome ? [outcome.body] : []))
  const docs = drops ? applyBodies(below, [...bodies, ...lostBodies]) : buildBaseDocs(context, document, stored)
  const base = encodeBase({
    number: through,
    registers: Y.encodeStateAsUpdateV2(docs.registers),
    texts: Y.encodeStateAsUpdateV2(docs.texts),
  })
  const held = rebuilt.state.held.map(
    ({ entry, reason }) =>
      [rowKeys.held(document, entry.number), encodeHeld({ ...entry, reason, released: false })] as const,
  )
  const archive = await shortenArchive(context, document, stored, through)
  const remove: StoreKey[] = [
    ...archive.remove,
    ...stored.logs.map(([first]) => rowKeys.log(document, first)),
    ...[...stored.held.keys()].map((each) => rowKeys.held(document, each)),
  ]
  return {
    docs,
    replica: rebuilt,
    lost,
    ownTexts: ownBodies.flatMap((body) => updatesOf(body).texts ?? []),
    batch: { put: [[rowKeys.base(document), base], ...archive.put, ...held], remove },
  }
}

/** What follows `through` goes: it will come again. */
async function shortenArchive(context: AccountContext, document: DocumentId, stored: StoredBase, through: number) {
  const shorten = (first: number, row: LogRow): LogRow => ({
    ...row,
    entries: row.entries.slice(0, through + 1 - first),
  })
  const logs = stored.logs.filter(([first]) => first <= through)
  const put = archiveRows(document, {
    ...stored,
    logs: logs.map(([first, row, sizeBytes]) => [first, shorten(first, row), sizeBytes] as const),
  })
  const remove: StoreKey[] = []
  for (const [key, bytes] of await context.store.list(rowKeys.archives(document))) {
    const first = key[2] as number
    const row = decodeLog(bytes)
    if (first > through) remove.push(key)
    else if (first + row.entries.length - 1 > through) put.push([key, encodeLog(shorten(first, row))])
  }
  return { put, remove }
}

function decodeLoosely({ bytes }: StoredEntry): Partial<Envelope> {
  try {
    return decodeEnvelope(bytes)
  } catch {
    // Kept aside as damaged.
    return {}
  }
}
