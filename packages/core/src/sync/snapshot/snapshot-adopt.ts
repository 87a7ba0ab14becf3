// Takes a snapshot over as what this device has verified, in one commit: it is new, or was away while the entries went. What is written
// here and not sent stays; what the snapshot covers of it is confirmed; and what this device had verified and the snapshot says nothing of
// is written again.
import { bytesEqual, roots, type SignedHead } from '@owlivion/sync-protocol'
import type { StoreKey } from '../../storage'
import { createDoc, Y } from '../../yjs'
import { type Lineage, LineageMap } from '../device-map'
import type { DocumentState } from '../document/document-state'
import {
  type BaseRow,
  encodeBase,
  encodeHeld,
  encodeLog,
  encodePending,
  rowKeys,
  type StoredEntry,
} from '../document/rows'
import { type BaseDocs, buildBaseDocs, readStoredBase, type StoredBase } from '../log/base'
import type { LogReplica, OpenedEntry, Received } from '../log/log-replica'
import { withOwnExempt } from '../log/own-exempt'
import { type DocumentUpdates, emptyUpdate } from '../writing/body-updates'
import type { SealedPush } from '../writing/outbox'
import { replicaStateOf } from './foundation'
import { docsOfSnapshot, type OpenedSnapshot } from './snapshot-format'
import { shelfKeys } from './snapshot-shelf'

export interface AdoptionInput {
  readonly snapshot: OpenedSnapshot
  /** What it covers by number and does not hold, opened, as far as the relay sent it; by rising number. */
  readonly exempt: readonly OpenedEntry[]
  /** Verified heads of these. */
  readonly heads: readonly SignedHead[]
  /**
   * What this device had verified rests on a snapshot that does not count: this one takes the place of it all, and what follows it is read
   * again. Nothing but what is not sent is kept.
   */
  readonly startsOver: boolean
  /** Rows of what the entries did that go. */
  readonly packs?: readonly (readonly [StoreKey, Uint8Array])[]
}

export interface Adoption {
  /** Ids of the records that changed, undefined when any may have. */
  readonly changed: ReadonlySet<string> | undefined
  /** Pushes of this device that are in the verified log now. */
  readonly confirmed: readonly SealedPush[]
  readonly committed: Promise<void>
  /** The log has entries of this device, in the incarnation that it writes in, that it did not write in this life. */
  readonly foundOtherLife: boolean
  /** The log ends before what this device had sent in this incarnation: the next entry needs another. */
  readonly lostOwn: boolean
  /** Something was missing in it, and is written again. */
  readonly isRescued: boolean
}

/** Call where nothing is sealed or sent meanwhile. @returns undefined when the document was closed on the way */
export async function adoptSnapshot(
  state: DocumentState,
  sent: AdoptionInput,
  isClosed: () => boolean,
): Promise<Adoption | undefined> {
  const { context, document } = state
  await context.writer.barrier()
  const stored = await readStoredBase(context, document)
  const rows = await listRows(state, stored)
  const input = { ...sent, ...(await withOwnExempt(state, sent.snapshot, sent, stored)) }
  if (isClosed()) return undefined
  // From here to the end nothing is awaited: edits go on.
  const { replica, received, docs } = placeExempt(state, input)
  const isHealing = state.returning !== undefined
  // What this device has more is on its way back to the relay by itself.
  if (isHealing) keepAll(docs, buildBaseDocs(context, document, stored))
  const isWhole = input.startsOver || isHealing
  const missing = isWhole ? undefined : missingFrom(docs, buildBaseDocs(context, document, stored))
  const confirmed = input.startsOver ? nothingConfirmed : confirm(state, replica)
  const base = baseOf(input.snapshot, docs)
  const put = [
    ...rowsOf(state, input, received),
    ...(input.packs ?? []),
    [rowKeys.base(document), encodeBase(base)] as const,
  ]
  place(state, input, replica)
  if (missing !== undefined) put.push(rescue(state, missing))
  put.push(state.stateRow())
  const changed = input.startsOver ? startOver(state, base) : merge(state, docs)
  const kept = new Set(put.map(([key]) => JSON.stringify(key)))
  const remove = [...rows, ...confirmed.remove].filter((key) => !kept.has(JSON.stringify(key)))
  return {
    changed,
    confirmed: confirmed.pushes,
    committed: context.writer.write({ put, remove }),
    foundOtherLife: confirmed.isOther || state.hasTakenNumbers(),
    lostOwn: confirmed.isLost,
    isRescued: missing !== undefined,
  }
}

export function place(
  state: DocumentState,
  { snapshot: { header, hash, author, authors }, exempt, startsOver }: AdoptionInput,
  replica: LogReplica,
) {
  const { device } = state.context
  // What is read again of our own is nobody else's.
  if (startsOver) state.rereadThrough = Math.max(state.rereadThrough, state.replica.state.number)
  state.replica = replica
  state.foundation = { number: header.coveredNumber, hash }
  state.logTail = { after: header.coveredNumber, bytes: 0, sinceMs: undefined }
  state.tailRows = 0
  state.tailBytes = 0
  for (const entry of exempt) state.authors.noteEntry(entry)
  for (const [writer, device] of authors) state.authors.learn(writer, device)
  if (bytesEqual(author, device)) return
  for (const head of header.vector) if (bytesEqual(head.device, device)) state.own.seenByOthers.set(head, head.sequence)
}

/** The live documents hold all of what was verified before, and what is not sent. */
function merge(state: DocumentState, docs: BaseDocs): ReadonlySet<string> {
  state.liveTexts.receive([Y.encodeStateAsUpdateV2(docs.texts)], 'v2')
  return state.registers.apply([Y.encodeStateAsUpdateV2(docs.registers)], 'v2')
}

function startOver(state: DocumentState, base: BaseRow): undefined {
  state.rebuildLive({ base, logs: [], held: new Map() })
}

/** Everything of the log that is on disk: the snapshot takes its place. */
export async function listRows(
  { context: { store }, document }: DocumentState,
  stored: StoredBase,
): Promise<StoreKey[]> {
  const lists = await Promise.all([
    store.list(rowKeys.archives(document)),
    store.list(rowKeys.snapshots(document)),
    store.list(rowKeys.exempts(document)),
    store.list(shelfKeys.notes(document)),
  ])
  return [
    ...lists.flatMap((list) => list.map(([key]) => key)),
    ...stored.logs.map(([first]) => rowKeys.log(document, first)),
    ...[...stored.held.keys()].map((number) => rowKeys.held(document, number)),
  ]
}

interface Placed {
  readonly replica: LogReplica
  readonly received: Received
  readonly docs: BaseDocs
}

/**
 * An entry that the snapshot's author kept aside may be one that Yjs cannot read.
 * @param read what the snapshot holds; it is used up
 * @throws what Yjs throws when the snapshot holds no documents
 */
export function placeExempt(
  { context, document, replica: current }: DocumentState,
  { snapshot, exempt }: AdoptionInput,
  read: BaseDocs = docsOfSnapshot(snapshot),
): Placed {
  const unreadable = new Set<number>()
  for (let docs = read; ; docs = docsOfSnapshot(snapshot)) {
    const replica = current.withState(replicaStateOf(context, document, snapshot))
    const received = replica.receiveExempt(
      exempt.map((entry) => (unreadable.has(entry.number) ? { ...entry, outcome: { held: 'damaged' } } : entry)),
    )
    const damaged = received.applied.find((entry) => !applies(docs, entry))
    if (damaged === undefined) return { replica, received, docs }
    unreadable.add(damaged.number)
  }
}

function keepAll(docs: BaseDocs, own: BaseDocs): void {
  for (const name of ['registers', 'texts'] as const) Y.applyUpdateV2(docs[name], Y.encodeStateAsUpdateV2(own[name]))
}

/** What this device had verified and `docs` do not have; undefined when there is nothing. */
export function missingFrom(docs: BaseDocs, own: BaseDocs): DocumentUpdates | undefined {
  const [registers, texts] = [lackOf(docs.registers, own.registers), lackOf(docs.texts, own.texts)]
  return registers === undefined && texts === undefined ? undefined : { registers: registers ?? emptyUpdate, texts }
}

function lackOf(doc: Y.Doc, own: Y.Doc): Uint8Array | undefined {
  const scratch = createDoc('scratch')
  Y.applyUpdateV2(scratch, Y.encodeStateAsUpdateV2(doc))
  let missing: Uint8Array | undefined
  scratch.on('update', (update: Uint8Array) => {
    missing = update
  })
  const before = Y.snapshot(scratch)
  Y.applyUpdateV2(scratch, Y.encodeStateAsUpdateV2(own))
  return Y.equalSnapshots(before, Y.snapshot(scratch)) ? undefined : missing
}

/** As a transaction of its own behind all others. It is not ours to put in other words: it stays as it is when those are. */
function rescue(state: DocumentState, { registers, texts }: DocumentUpdates): readonly [StoreKey, Uint8Array] {
  const { writer } = state.registers
  const { incarnation } = state.own
  const applied = state.replica.state.applied.get({ device: state.context.device, incarnation }) ?? 0
  const n = state.replica.state.context.get(writer) ?? 0
  const item = {
    order: state.outbox.nextOrder++,
    transaction: { writer, n, operations: [], update: registers, ...(texts && { texts }) },
    isClockKnown: true,
    repairs: { incarnation, sequence: Math.max(1, applied) },
  }
  state.outbox.pending.push(item)
  return [rowKeys.pending(state.document, item.order), encodePending(item)]
}

interface Confirmed {
  readonly remove: readonly StoreKey[]
  readonly pushes: readonly SealedPush[]
  /** The chain goes on otherwise than this device's. */
  readonly isOther: boolean
  /** The chain ends before what this device had verified of it. */
  readonly isLost: boolean
}

const nothingConfirmed: Confirmed = { remove: [], pushes: [], isOther: false, isLost: false }

/** What was on its way is confirmed as far as the snapshot's chain is this device's own. */
export function confirm(state: DocumentState, replica: LogReplica): Confirmed {
  const { context, document, outbox } = state
  const { incarnation } = state.own
  const lineage: Lineage = { device: context.device, incarnation }
  const known = state.replica.state.chains.get(lineage)?.sequence ?? 0
  const chain = replica.state.chains.get(lineage)
  const reached = chain?.sequence ?? 0
  if (chain === undefined || reached <= known) return { ...nothingConfirmed, isLost: reached < known }
  const own = outbox.find(incarnation, reached)
  if (own === undefined || !bytesEqual(own.hash, chain.hash)) return { ...nothingConfirmed, isOther: true }
  const remove: StoreKey[] = []
  const pushes: SealedPush[] = []
  const through = replica.state.applied.get(lineage) ?? 0
  for (const { entries, incarnation: sealedIn } of [...outbox.pushes]) {
    for (const { sequence } of entries) {
      if (sealedIn !== incarnation || sequence > through) continue
      const { orders, push } = outbox.confirm(incarnation, sequence)
      remove.push(...orders.map((order) => rowKeys.pending(document, order)))
      if (push === undefined) continue
      pushes.push(push)
      remove.push(rowKeys.push(document, push.entries.at(-1)?.lastOrder ?? 0))
    }
  }
  return { ...nothingConfirmed, remove, pushes }
}

function applies(docs: BaseDocs, { outcome }: OpenedEntry): boolean {
  if ('held' in outcome) return true
  try {
    for (const { root, format, bytes } of outcome.body.updates) {
      const doc = root === roots.texts ? docs.texts : docs.registers
      if (format === 2) Y.applyUpdateV2(doc, bytes)
      else Y.applyUpdate(doc, bytes)
    }
    return true
  } catch {
    return false
  }
}

export function baseOf({ header }: OpenedSnapshot, docs: BaseDocs): BaseRow {
  return {
    number: header.coveredNumber,
    registers: Y.encodeStateAsUpdateV2(docs.registers),
    texts: Y.encodeStateAsUpdateV2(docs.texts),
  }
}

export function rowsOf(
  { document }: DocumentState,
  { snapshot, exempt, heads }: AdoptionInput,
  { newlyHeld, released, repaired }: Received,
): (readonly [StoreKey, Uint8Array])[] {
  // What was let in behind another is in the base, as those are that never waited.
  const gone = new Set(released.map(({ number }) => number))
  const aside = [...newlyHeld, ...repaired].filter(({ entry }) => !gone.has(entry.number))
  return [
    [rowKeys.snapshot(document, snapshot.header.coveredNumber), snapshot.bytes],
    ...exemptRows(document, exempt, heads),
    ...aside.map(
      ({ entry, reason }) =>
        [rowKeys.held(document, entry.number), encodeHeld({ ...entry, reason, released: false })] as const,
    ),
  ]
}

/** Each with the heads that vouch for it, so that it can be verified again when the keyring says more. */
export function exemptRows(
  document: DocumentState['document'],
  entries: readonly (Lineage & { readonly number: number; readonly sequence: number } & StoredEntry)[],
  heads: readonly SignedHead[],
): (readonly [StoreKey, Uint8Array])[] {
  const byLineage = new LineageMap<SignedHead[]>()
  for (const head of heads) byLineage.set(head, [...(byLineage.get(head) ?? []), head])
  return entries.map((entry) => {
    const vouching = (byLineage.get(entry) ?? []).filter(({ sequence }) => sequence >= entry.sequence)
    return [rowKeys.exempt(document, entry.number), encodeLog({ entries: [entry], heads: vouching })] as const
  })
}
