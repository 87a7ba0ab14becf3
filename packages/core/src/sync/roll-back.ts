// Takes a document's log back to a number that the relay has, too. What followed is kept beside it, verbatim, on its way back to the
// relay; what it wrote stays in the document. One commit: a crash leaves the one or the other.
import { envelopeHash, type Hash, nextLogHash } from '@owlivion/sync-protocol'
import type { StoreBatch, StoreKey } from '../storage'
import { readStoredBase } from './base'
import { LineageMap } from './device-map'
import type { DocumentState } from './document-state'
import { readFoundation, replicaStateOf } from './foundation'
import { decodeHealing, encodeHealing, healingKey, refillKey, refillPrefix } from './healing-row'
import { readLog } from './log-history'
import type { Chain } from './log-replica'
import { replayDocument } from './rebuild'
import { ReturningEntries } from './returning'
import { decodeLog, encodeLog, type LogRow, rowKeys } from './rows'

/** This device's log hashes, from the number before the first entry that it keeps on. @throws SyncError `profile-damaged` */
export async function ownLogHashes(state: DocumentState): Promise<{ readonly first: number; readonly own: Hash[] }> {
  const { context, document, foundation } = state
  const { sha512 } = context.platform.signing
  const below = replicaStateOf(context, document, await readFoundation(context, document, foundation))
  const own = [below.hash]
  let { hash } = below
  for (const [number, entry] of await readLog(context, document, foundation, await readStoredBase(context, document))) {
    if (number <= below.number) continue
    hash = nextLogHash(sha512, hash, envelopeHash(sha512, entry.bytes))
    own.push(hash)
  }
  return { first: below.number, own }
}

/**
 * Call when all rows are written, and commit what it answers at once.
 * @param through at least the foundation's number
 * @returns the rows to write, with the state's; undefined when the document was closed meanwhile
 */
export async function rollBack(
  state: DocumentState,
  through: number,
  isClosed: () => boolean,
): Promise<StoreBatch | undefined> {
  const { context, document } = state
  const before = state.returning
  const taken = await rowsAfter(state, through)
  const options = { drops: false, through }
  const replayed = await replayDocument(state, options)
  const stored = before === undefined ? [] : await context.store.list(refillPrefix(document))
  if (isClosed()) return undefined
  // What stood in this log may be needed by what is still to return to it, never the other way round.
  const rows = [...taken, ...(before?.rows ?? [])]
  const had = furthest(before?.had, state.replica.state.chains)
  const { rereadThrough } = state
  const batch = state.takeReplayed(replayed, options)
  // What is read again of our own is told by itself; another life of this device may have written in its place.
  state.rereadThrough = Math.min(rereadThrough, through)
  state.logTail = undefined
  state.returning = new ReturningEntries(context.platform.signing.sha512, rows, through, had)
  return {
    put: [
      ...(batch.put ?? []).filter(([key]) => key[0] !== 'document' || key[2] !== 'state'),
      state.stateRow(),
      [healingKey(document), encodeHealing({ common: through, had })],
      ...rows.map((row, i) => [refillKey(document, i), encodeLog(row)] as const),
    ],
    remove: [...(batch.remove ?? []), ...stored.slice(rows.length).map(([key]) => key)],
  }
}

/** Everything that is kept for the healing of a relay. */
export async function endOfHealing(state: DocumentState): Promise<{ readonly remove: StoreKey[] }> {
  const { context, document } = state
  const rows = await context.store.list(refillPrefix(document))
  return { remove: [healingKey(document), ...rows.map(([key]) => key)] }
}

/** What a device that was closed while it healed a relay goes on with. */
export async function readReturning(state: DocumentState): Promise<ReturningEntries | undefined> {
  const { context, document, foundation } = state
  const bytes = await context.store.get(healingKey(document))
  if (bytes === undefined) return undefined
  const { common, had } = decodeHealing(bytes)
  const rows = (await context.store.list(refillPrefix(document))).map(([, row]) => decodeLog(row))
  const returning = new ReturningEntries(context.platform.signing.sha512, rows, common, had)
  const { chains } = state.replica.state
  if (chains.size === 0) return returning
  for (const [number, { bytes: entry }] of await readLog(
    context,
    document,
    foundation,
    await readStoredBase(context, document),
  )) {
    if (number > common) returning.foundBytes(entry)
  }
  return returning
}

async function rowsAfter({ context, document }: DocumentState, through: number): Promise<LogRow[]> {
  const archived = await context.store.list(rowKeys.archives(document))
  const logs = await context.store.list(rowKeys.logs(document))
  return [...archived, ...logs].flatMap(([key, bytes]) => {
    const first = key[2] as number
    const row = decodeLog(bytes)
    const entries = row.entries.slice(Math.max(0, through + 1 - first))
    return entries.length > 0 ? [{ ...row, entries }] : []
  })
}

function furthest(before: LineageMap<Chain> | undefined, now: LineageMap<Chain>): LineageMap<Chain> {
  const had = new LineageMap<Chain>(before ?? [])
  for (const [lineage, chain] of now) if ((had.get(lineage)?.sequence ?? 0) < chain.sequence) had.set(lineage, chain)
  return had
}
