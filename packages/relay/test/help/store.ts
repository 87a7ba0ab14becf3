// Fills a store with valid entries, without a relay.
import { decodeEnvelope, envelopeHash, ZERO_HASH } from '@owlivion/sync-protocol'
import type { RelayStore } from '../../src/store/relay-store'
import { documentNamed, random, sha512, type TestAccount } from './account'

export const PAGE = 500_000
export const openAccount = { document: documentNamed('contacts') }

/** Appends `count` entries in one transaction, opening the account first when it is new. */
export async function fill(store: RelayStore, account: TestAccount, count: number, sizeBytes = 200): Promise<void> {
  if (account.state === undefined) {
    const { record } = account.genesis()
    const { head } = account.keyring
    await store.appendKeyring({
      account: account.id,
      expectedLength: 0,
      expectedHead: ZERO_HASH,
      record,
      storedAtMs: 0,
      head,
      recovery: account.id,
    })
  }
  const { document } = openAccount
  const before = account.first.endOf(document).hash
  const push = account.first.push(document, { count, sizeBytes })
  const entries = push.entries.map((envelope, index) => ({
    sequence: decodeEnvelope(envelope).sequence,
    envelope,
    envelopeHash: envelopeHash(sha512, envelope),
    entryHash: index === push.entries.length - 1 ? push.headHash : random<typeof push.headHash>(32),
  }))
  const [result] = await store.append(
    [
      {
        account: account.id,
        document,
        device: account.first.id,
        incarnation: account.first.incarnation,
        previous: before,
        entries,
        signature: push.signature,
        freshFrom: 0,
        keyringHead: account.keyring.head,
        documentEpoch: 0,
        isHeldUp: false,
      },
    ],
    { maxDocuments: 10, maxBytes: undefined },
  )
  if (result?.kind !== 'stored') throw new Error(`the append ended as ${result?.kind}`)
}
