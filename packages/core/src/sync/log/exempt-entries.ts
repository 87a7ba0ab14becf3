// Opens the entries that travel with a snapshot because it covers them by number and does not hold them: what its author could not trust or
// understand, another device may.
import type { ExemptEntry, SignedHead } from '@owlivion/sync-protocol'
import { LineageMap } from '../device-map'
import type { DocumentState } from '../document/document-state'
import { decodeLog, rowKeys } from '../document/rows'
import { replicaStateOf } from '../snapshot/foundation'
import type { OpenedSnapshot } from '../snapshot/snapshot-format'
import type { OpenedEntry } from './log-replica'
import { type OpenedPage, type OpenPageInput, openPage } from './open-page'

/** @param isKeyringFresh the keyring was read because of this very snapshot: what it does not know, it will not know */
export async function openExempt(
  { context, document }: Pick<DocumentState, 'context' | 'document'>,
  snapshot: OpenedSnapshot,
  sent: { readonly exempt: readonly ExemptEntry[]; readonly heads: readonly SignedHead[] },
  isKeyringFresh: boolean,
): Promise<OpenedPage> {
  const expected = new Set(snapshot.header.exempt)
  const exempt = sent.exempt.filter(({ number }) => expected.has(number))
  const page = await openPage(pageOf({ context, document }, snapshot, exempt, sent.heads, isKeyringFresh))
  if ('failure' in page) return page
  // Those are not given again: what may verify later is kept with them.
  const waiting = new LineageMap(page.entries.filter(waitsForKeyring).map((entry) => [entry, true] as const))
  return { ...page, heads: [...page.heads, ...sent.heads.filter((head) => waiting.get(head))] }
}

function waitsForKeyring({ outcome }: OpenedEntry): boolean {
  return 'held' in outcome && (outcome.held === 'unknown-epoch' || outcome.held === 'unknown-device')
}

/**
 * Verifies those on disk once more, with the keyring as it is now: at first it had not gone far enough.
 * @returns by number
 */
export async function openStoredExempt(
  place: Pick<DocumentState, 'context' | 'document'>,
  snapshot: OpenedSnapshot,
): Promise<ReadonlyMap<number, OpenedEntry>> {
  const exempt: ExemptEntry[] = []
  const heads: SignedHead[] = []
  for (const [key, bytes] of await place.context.store.list(rowKeys.exempts(place.document))) {
    const row = decodeLog(bytes)
    for (const entry of row.entries) exempt.push({ number: key[2] as number, envelope: entry.bytes, ...entry })
    heads.push(...row.heads)
  }
  const page = await openPage(pageOf(place, snapshot, exempt, heads, true))
  return new Map('failure' in page ? [] : page.entries.map((entry) => [entry.number, entry]))
}

function pageOf(
  { context, document }: Pick<DocumentState, 'context' | 'document'>,
  snapshot: OpenedSnapshot,
  exempt: readonly ExemptEntry[],
  heads: readonly SignedHead[],
  isKeyringFresh: boolean,
): OpenPageInput {
  return {
    account: context.account,
    document,
    keyring: context.keyring(),
    documentEpoch: snapshot.header.documentEpoch,
    isKeyringFresh,
    keyAt: (position) => context.keyAt(document, position),
    signing: context.platform.signing,
    inflate: context.platform.inflate,
    chains: replicaStateOf(context, document, snapshot).chains,
    first: exempt[0]?.number ?? 1,
    entries: exempt.map(({ envelope }) => envelope),
    places: exempt,
    heads,
    findOwn: () => undefined,
  }
}
