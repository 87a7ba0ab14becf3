// Opens the entries that travel with a snapshot because it covers them by number and does not hold them: what its author could not trust or
// understand, another device may.
import type { ExemptEntry, SignedHead } from '@owlivion/sync-protocol'
import type { DocumentState } from './document-state'
import { replicaStateOf } from './foundation'
import { type OpenedPage, openPage } from './open-page'
import type { OpenedSnapshot } from './snapshot-format'

/** @param isKeyringFresh the keyring was read because of this very snapshot: what it does not know, it will not know */
export async function openExempt(
  { context, document }: Pick<DocumentState, 'context' | 'document'>,
  snapshot: OpenedSnapshot,
  sent: { readonly exempt: readonly ExemptEntry[]; readonly heads: readonly SignedHead[] },
  isKeyringFresh: boolean,
): Promise<OpenedPage> {
  const expected = new Set(snapshot.header.exempt)
  const exempt = sent.exempt.filter(({ number }) => expected.has(number))
  return openPage({
    account: context.account,
    document,
    keyring: context.keyring(),
    documentEpoch: snapshot.header.documentEpoch,
    isKeyringFresh,
    keyAt: (position) => context.keyAt(document, position),
    signing: context.platform.signing,
    chains: replicaStateOf(context, document, snapshot).chains,
    first: exempt[0]?.number ?? 1,
    entries: exempt.map(({ envelope }) => envelope),
    places: exempt,
    heads: sent.heads,
    findOwn: () => undefined,
  })
}
