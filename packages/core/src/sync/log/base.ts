// Builds a document's verified state from its rows: the base, the entries since, and what was released from being held.
// Opening an account, starting over under a new writer, and folding the log into a new base all read the same rows.
import {
  type Body,
  type DocumentId,
  decodeEnvelope,
  type Envelope,
  epochAt,
  type Hash,
  roots,
} from '@owlivion/sync-protocol'
import { hashEntry, openEntry } from '../../crypto'
import { SyncError } from '../../errors'
import { createDoc, Y } from '../../yjs'
import type { AccountContext } from '../account-context'
import {
  type BaseRow,
  decodeBase,
  decodeHeld,
  decodeLog,
  type HeldRow,
  type LogRow,
  rowKeys,
  type StoredEntry,
} from '../document/rows'
import { isKnownEnvelope, readBody } from './entry-format'

export interface StoredBase {
  readonly base: BaseRow | undefined
  /** By the number of the first entry. */
  readonly logs: readonly (readonly [number, LogRow, sizeBytes: number])[]
  readonly held: ReadonlyMap<number, HeldRow>
}

export interface BaseDocs {
  readonly registers: Y.Doc
  readonly texts: Y.Doc
}

export async function readStoredBase(context: AccountContext, document: DocumentId): Promise<StoredBase> {
  const [base, logs, held] = await Promise.all([
    context.store.get(rowKeys.base(document)),
    context.store.list(rowKeys.logs(document)),
    context.store.list(rowKeys.helds(document)),
  ])
  return {
    base: base && decodeBase(base),
    logs: logs.map(([key, bytes]) => [key[2] as number, decodeLog(bytes), bytes.length] as const),
    held: new Map(held.map(([key, bytes]) => [key[2] as number, decodeHeld(bytes)] as const)),
  }
}

export function buildBaseDocs(context: AccountContext, document: DocumentId, stored: StoredBase): BaseDocs {
  const bodies: Body[] = []
  for (const [first, row] of stored.logs) {
    row.entries.forEach((entry, i) => {
      const held = stored.held.get(first + i)
      if (held === undefined || held.released) bodies.push(openStoredEntry(context, document, entry))
    })
  }
  for (const held of stored.held.values()) if (held.released) bodies.push(openStoredEntry(context, document, held))
  return applyBodies(stored.base, bodies)
}

/** Scratch documents with everything that these entries wrote, on top of Yjs states in format 2. */
export function applyBodies(base: Pick<BaseRow, 'registers' | 'texts'> | undefined, bodies: readonly Body[]): BaseDocs {
  const updates: Record<keyof BaseDocs, Uint8Array[]> = { registers: [], texts: [] }
  for (const body of bodies) {
    for (const update of body.updates) {
      const bytes = update.format === 2 ? Y.convertUpdateFormatV2ToV1(update.bytes) : update.bytes
      updates[update.root === roots.texts ? 'texts' : 'registers'].push(bytes)
    }
  }
  const docs = { registers: createDoc('registers'), texts: createDoc('texts') }
  for (const name of ['registers', 'texts'] as const) {
    const state = base?.[name]
    docs[name].transact(() => {
      if (state !== undefined && state.length > 0) Y.applyUpdateV2(docs[name], state)
      for (const update of updates[name]) Y.applyUpdate(docs[name], update)
    })
  }
  return docs
}

/** Opens an entry that was verified before it was stored. */
export function openStoredEntry(context: AccountContext, document: DocumentId, entry: StoredEntry): Body {
  const opened = tryOpenStored(context, document, entry)
  if (opened === undefined)
    throw new SyncError('profile-damaged', 'An entry in this device’s store does not open any more.')
  return opened.body
}

export interface OpenedStored {
  readonly body: Body
  readonly hash: Hash
  /** Sealed under a key of a branch of the keyring that does not count: nobody else can be sure to have it. */
  readonly isLost: boolean
}

/** undefined when no key of this device opens it */
export function tryOpenStored(
  context: AccountContext,
  document: DocumentId,
  entry: StoredEntry,
): OpenedStored | undefined {
  const { inflate, signing } = context.platform
  const { sha512 } = signing
  let envelope: Envelope
  try {
    envelope = decodeEnvelope(entry.bytes)
  } catch {
    return undefined
  }
  if (!isKnownEnvelope(envelope)) return undefined
  for (const { keyId, key, isLost } of openingKeys(context, document, envelope.epoch)) {
    const place = { account: context.account, document, keyId, previous: entry.previous }
    const opened = openEntry({ sha512, key, bytes: entry.bytes, envelope, place, inflate })
    const body = opened.ok ? readBody(opened.content) : undefined
    if (body !== undefined) return { body, hash: hashEntry(sha512, entry.bytes, envelope, place).hash, isLost }
  }
  return undefined
}

export function* openingKeys(context: AccountContext, document: DocumentId, position: number) {
  const epoch = epochAt(context.keyring(), position)
  const key = context.keyAt(document, position)
  if (epoch !== undefined && key !== undefined) yield { keyId: epoch.keyId, key, isLost: false }
  for (const lost of context.lostKeysAt?.(document, position) ?? []) yield { ...lost, isLost: true }
}
