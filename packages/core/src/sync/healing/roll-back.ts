// Takes a document's log back to a number that the relay has, too. What followed is kept beside it, verbatim, on its way back to the
// relay; what it wrote stays in the document. One commit: a crash leaves the one or the other.
import { bytesEqual, envelopeHash, type Hash, nextLogHash } from '@owlivion/sync-protocol'
import type { StoreBatch, StoreKey } from '../../storage'
import { Y } from '../../yjs'
import { LineageMap } from '../device-map'
import type { DocumentState } from '../document/document-state'
import { decodeLog, encodeBase, encodeLog, type LogRow, rowKeys } from '../document/rows'
import { owedPacks } from '../history/owed-packs'
import { buildBaseDocs, readStoredBase } from '../log/base'
import { isUnproven } from '../log/held'
import { readLog } from '../log/log-history'
import { type Chain, emptyReplicaState } from '../log/log-replica'
import { replayDocument } from '../log/rebuild'
import { chainOf, readFoundation, replicaStateOf } from '../snapshot/foundation'
import { listRows } from '../snapshot/snapshot-adopt'
import { vectorOf } from '../snapshot/snapshot-build'
import { decodeHealing, encodeHealing, type HealingRow, healingKey, refillKey, refillPrefix } from './healing-row'
import { ReturningEntries } from './returning'

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
 * @param isReread the relay has all of it: what could not be trusted is read again
 * @returns the rows to write, with the state's; undefined when the document was closed meanwhile
 */
export async function rollBack(
  state: DocumentState,
  through: number,
  isClosed: () => boolean,
  isReread = false,
): Promise<StoreBatch | undefined> {
  const taken = await rowsAfter(state, through)
  const options = { drops: false, through }
  const replayed = await replayDocument(state, options)
  const stored = await storedRefills(state)
  if (isClosed()) return undefined
  const before = { ...beforeHealing(state, through, false), isReread: isReread && state.returning === undefined }
  const { rereadThrough } = state
  const batch = state.takeReplayed(replayed, options)
  // What is read again of our own is told by itself; another life of this device may have written in its place.
  state.rereadThrough = Math.min(rereadThrough, through)
  state.logTail = undefined
  const rows = takeAside(state, taken, before, stored)
  return {
    put: [...(batch.put ?? []).filter(([key]) => key[2] !== 'state'), state.stateRow(), ...rows.put],
    remove: [...(batch.remove ?? []), ...rows.remove],
  }
}

/**
 * As `rollBack`, to before the first entry: the relay's log begins elsewhere, and nothing can be compared. The document keeps what it has,
 * in the base. The snapshots that it rests on go: they speak of another log.
 */
export async function startAnew(state: DocumentState, isClosed: () => boolean): Promise<StoreBatch | undefined> {
  const { context, document } = state
  // As entries they do not come back to the log.
  const packs = await owedPacks(state)
  const base = await readStoredBase(context, document)
  const exempt = (await context.store.list(rowKeys.exempts(document))).map(([, bytes]) => decodeLog(bytes))
  const taken = [...exempt, ...(await rowsAfter(state, 0))]
  const gone = await listRows(state, base)
  const stored = await storedRefills(state)
  if (isClosed()) return undefined
  const docs = buildBaseDocs(context, document, base)
  const before = beforeHealing(state, 0, true)
  const { sha512 } = context.platform.signing
  state.replica = state.replica.withState(emptyReplicaState(sha512, context.account, document))
  state.foundation = undefined
  state.logTail = undefined
  state.rereadThrough = 0
  state.tailRows = 0
  state.tailBytes = 0
  const rows = takeAside(state, taken, before, stored)
  if (packs.length > 0) context.history?.owed(document)
  const registers = Y.encodeStateAsUpdateV2(docs.registers)
  const kept = encodeBase({ number: 0, registers, texts: Y.encodeStateAsUpdateV2(docs.texts) })
  return {
    put: [[rowKeys.base(document), kept], state.stateRow(), ...rows.put, ...packs],
    remove: [...gone, ...rows.remove],
  }
}

function beforeHealing({ replica, returning }: DocumentState, common: number, isAnew: boolean): HealingRow {
  const had = new LineageMap<Chain>(returning?.before.had ?? [])
  // What is applied: a snapshot may be made of it.
  const ends = isAnew ? vectorOf(replica).map((head) => [head, chainOf(head)] as const) : replica.state.chains
  for (const [lineage, chain] of ends) if ((had.get(lineage)?.sequence ?? 0) < chain.sequence) had.set(lineage, chain)
  const context = new Map(returning?.before.context)
  for (const [writer, n] of replica.state.context) context.set(writer, Math.max(n, context.get(writer) ?? 0))
  return { common, had, context, isAnew: isAnew || returning?.before.isAnew === true, isReread: false }
}

function takeAside(
  state: DocumentState,
  taken: readonly LogRow[],
  before: HealingRow,
  stored: readonly StoreKey[],
): Required<Pick<StoreBatch, 'put' | 'remove'>> {
  const { context, document } = state
  // What stood in this log may be needed by what is still to return to it, never the other way round.
  const rows = [...taken, ...(state.returning?.rows ?? [])]
  state.returning = new ReturningEntries(context.platform.signing.sha512, rows, before)
  return {
    put: [
      [healingKey(document), encodeHealing(before)],
      ...rows.map((row, i) => [refillKey(document, i), encodeLog(row)] as const),
    ],
    remove: stored.slice(rows.length),
  }
}

async function storedRefills({ context, document }: DocumentState): Promise<StoreKey[]> {
  return (await context.store.list(refillPrefix(document))).map(([key]) => key)
}

/** Everything that is kept for the healing of a relay. */
export async function endOfHealing(state: DocumentState): Promise<{ readonly remove: StoreKey[] }> {
  return { remove: [healingKey(state.document), ...(await storedRefills(state))] }
}

/** What a device that was closed while it healed a relay goes on with. */
export async function readReturning(state: DocumentState): Promise<ReturningEntries | undefined> {
  const { context, document, foundation } = state
  const bytes = await context.store.get(healingKey(document))
  if (bytes === undefined) return undefined
  const before = decodeHealing(bytes)
  const rows = (await context.store.list(refillPrefix(document))).map(([, row]) => decodeLog(row))
  const returning = new ReturningEntries(context.platform.signing.sha512, rows, before)
  const { chains } = state.replica.state
  if (chains.size === 0) return returning
  for (const [number, { bytes: entry }] of await readLog(
    context,
    document,
    foundation,
    await readStoredBase(context, document),
  )) {
    if (number > before.common) returning.foundBytes(entry)
  }
  return returning
}

/** But for what other devices sent and no signature vouches for: nobody is given that as theirs. */
async function rowsAfter({ context, document, replica }: DocumentState, through: number): Promise<LogRow[]> {
  const unproven = new Set(
    replica.state.held
      .filter(({ entry, reason }) => isUnproven(reason) && !bytesEqual(entry.device, context.device))
      .map(({ entry }) => entry.number),
  )
  const archived = await context.store.list(rowKeys.archives(document))
  const logs = await context.store.list(rowKeys.logs(document))
  return [...archived, ...logs].flatMap(([key, bytes]) => {
    const first = key[2] as number
    const row = decodeLog(bytes)
    const entries = row.entries.filter((_, i) => first + i > through && !unproven.has(first + i))
    return entries.length > 0 ? [{ ...row, entries }] : []
  })
}
