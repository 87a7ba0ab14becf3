// Seals transactions of ours into the entries of one push. Synchronous but for the signature, so that the chain cannot fork
// under it.
import {
  type ChainHead,
  type DocumentId,
  ENVELOPE_VERSION,
  encodeBody,
  envelopeKinds,
  type Hash,
  headSigningBytes,
  MAX_PUSH_BYTES,
  MAX_PUSH_ENTRIES,
  roots,
  SUITE_SECRETBOX,
} from '@owlivion/sync-protocol'
import { sealEntry } from '../../crypto'
import { Y } from '../../yjs'
import type { AccountContext } from '../account-context'
import { LineageMap } from '../device-map'
import { writerToBytes } from '../writer-bytes'
import type { Announced, PendingTransaction, SealedEntry, SealedPush } from './outbox'

/** Updates merged into one entry: with header and padding, even what deflate cannot shrink stays below the entry limit. */
const ENTRY_TARGET_BYTES = 131_072
/** `Y.mergeUpdates` is quadratic in the number of updates, so they are merged as a tree of this width. */
const MERGE_WIDTH = 64

export interface SealInput {
  readonly document: DocumentId
  readonly documentEpoch: number
  readonly incarnation: number
  /** The end of our chain in this incarnation. */
  readonly head: { readonly sequence: number; readonly hash: Hash }
  readonly continues: { readonly incarnation: number; readonly sequence: number; readonly hash: Hash } | undefined
  readonly pending: readonly PendingTransaction[]
  /** What we have applied of others, and of our own earlier incarnations. */
  readonly applied: LineageMap<number>
  readonly announced: Announced
}

export type UnsignedPush = Omit<SealedPush, 'signature'> & { readonly head: ChainHead }

export function sealPush(context: AccountContext, input: SealInput): UnsignedPush {
  const { deflate, random, signing } = context.platform
  const { sha512 } = signing
  const keyring = context.keyring()
  const { position, keyId, key } = context.newestKey(input.document)
  const entries: SealedEntry[] = []
  let { sequence, hash: previous } = input.head
  let announced = input.announced
  let pushBytes = 0
  for (const group of groupTransactions(input.pending)) {
    if (entries.length === MAX_PUSH_ENTRIES) break
    sequence++
    const isFirst = sequence === 1
    const seen = [...input.applied]
      .filter(
        ([lineage, through]) => !isOwnLineage(context, input, lineage) && through > (announced.seen.get(lineage) ?? 0),
      )
      .map(([lineage, through]) => ({ ...lineage, sequence: through }))
    const tellsKeyring = isFirst || announced.keyringLength !== keyring.length
    const writers = writersOf(group)
    const texts = group.flatMap(({ transaction }) => transaction.texts ?? [])
    const content = encodeBody({
      sealedAtMs: Math.max(0, Math.floor(context.now())),
      ...(isFirst && input.continues && { continues: input.continues }),
      ...(group[0]?.repairs && { repairs: group[0].repairs }),
      ...(tellsKeyring && { keyringHead: { length: keyring.length, hash: keyring.head } }),
      seen,
      writers,
      updates: [
        { root: roots.registers, format: 1, bytes: mergeUpdates(group.map((item) => item.transaction.update)) },
        ...(texts.length > 0 ? [{ root: roots.texts, format: 1 as const, bytes: mergeUpdates(texts) }] : []),
      ],
    })
    const header = {
      version: ENVELOPE_VERSION,
      suite: SUITE_SECRETBOX,
      kind: envelopeKinds.update,
      documentEpoch: input.documentEpoch,
      epoch: position,
      device: context.device,
      incarnation: input.incarnation,
      sequence,
    }
    const place = { account: context.account, document: input.document, keyId, previous }
    const sealed = sealEntry({ sha512, random, key, header, place, content, deflate })
    if (entries.length > 0 && pushBytes + sealed.envelope.length > MAX_PUSH_BYTES) break
    pushBytes += sealed.envelope.length
    const lastOrder = (group.at(-1) as PendingTransaction).order
    entries.push({ sequence, ...sealed, previous, lastOrder, writers })
    previous = sealed.hash
    announced = { seen: withSeen(announced.seen, seen), keyringLength: keyring.length }
  }
  const last = entries.at(-1) as SealedEntry
  const head = { device: context.device, incarnation: input.incarnation, sequence: last.sequence, hash: last.hash }
  return { incarnation: input.incarnation, entries, announced, head }
}

export async function signPush(context: AccountContext, document: DocumentId, push: UnsignedPush): Promise<SealedPush> {
  const signature = await context.sign(headSigningBytes(context.account, document, push.head))
  return { incarnation: push.incarnation, entries: push.entries, announced: push.announced, signature }
}

function isOwnLineage(
  context: AccountContext,
  input: SealInput,
  lineage: { readonly device: Uint8Array; readonly incarnation: number },
): boolean {
  return lineage.incarnation === input.incarnation && lineage.device.every((byte, i) => byte === context.device[i])
}

function withSeen(
  seen: LineageMap<number>,
  news: readonly { device: ChainHead['device']; incarnation: number; sequence: number }[],
): LineageMap<number> {
  if (news.length === 0) return seen
  const next = new LineageMap(seen)
  for (const entry of news) next.set(entry, entry.sequence)
  return next
}

function* groupTransactions(pending: readonly PendingTransaction[]): Generator<readonly PendingTransaction[]> {
  let group: PendingTransaction[] = []
  let sizeBytes = 0
  for (const item of pending) {
    const size = item.transaction.update.length + (item.transaction.texts?.length ?? 0)
    const isAlone = item.startsEntry || item.repairs !== undefined || group[0]?.repairs !== undefined
    if (group.length > 0 && (isAlone || sizeBytes + size > ENTRY_TARGET_BYTES)) {
      yield group
      group = []
      sizeBytes = 0
    }
    group.push(item)
    sizeBytes += size
  }
  if (group.length > 0) yield group
}

function writersOf(group: readonly PendingTransaction[]): { writer: Uint8Array; n: number }[] {
  const greatest = new Map(group.map(({ transaction }) => [transaction.writer, 0]))
  for (const { transaction } of group)
    greatest.set(transaction.writer, Math.max(transaction.n, greatest.get(transaction.writer) ?? 0))
  return [...greatest].map(([writer, n]) => ({ writer: writerToBytes(writer), n }))
}

function mergeUpdates(updates: readonly Uint8Array[]): Uint8Array {
  let level = [...updates]
  while (level.length > 1) {
    const next: Uint8Array[] = []
    for (let i = 0; i < level.length; i += MERGE_WIDTH) next.push(Y.mergeUpdates(level.slice(i, i + MERGE_WIDTH)))
    level = next
  }
  return level[0] as Uint8Array
}
