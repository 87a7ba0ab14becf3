// What is left in the store of a device that was removed: its records as they can be read, its edits that nobody has, and the keyring
// that says who removed it. Everything else goes in the same commit: whatever kind of row is ever added, a key that is not named here
// does not stay behind.
import { type DocumentId, hexToBytes } from '@owlivion/sync-protocol'
import type { SyncError } from '../../errors'
import type { StoreBatch, StoreKey } from '../../storage'
import { Y } from '../../yjs'
import type { AccountContext } from '../account-context'
import { namePrefix } from '../document/document-names'
import { documentPrefix, encodeBase, pendingPrefix, rowKeys } from '../document/rows'
import { decodeState } from '../document/state-row'
import { buildBaseDocs, readStoredBase } from '../log/base'
import { encodeRemovedProfile, keyringPrefix, profileKey, type RemovedProfile } from './profile'

/** Call when nothing else writes to the store any more. */
export async function removedStore(context: AccountContext, profile: RemovedProfile): Promise<StoreBatch> {
  const { store } = context
  const put: (readonly [StoreKey, Uint8Array])[] = [[profileKey, encodeRemovedProfile(profile)]]
  for (const prefix of [keyringPrefix, namePrefix, pendingPrefix]) put.push(...(await store.list(prefix)))
  for (const [key, bytes] of await store.list(documentPrefix)) {
    if (key[2] !== 'state') continue
    put.push([key, bytes])
    const document = hexToBytes(key[1] as string) as DocumentId
    try {
      put.push([rowKeys.base(document), await readableBase(context, document, decodeState(bytes).number)])
    } catch (cause) {
      // One that is damaged says so when it is opened, and is no reason to keep the keys.
      context.report(cause as SyncError)
    }
  }
  return { removePrefix: [[]], put }
}

/** The document as far as it was verified, without the seals: the keys that open them go. */
async function readableBase(context: AccountContext, document: DocumentId, number: number): Promise<Uint8Array> {
  const docs = buildBaseDocs(context, document, await readStoredBase(context, document))
  return encodeBase({
    number,
    registers: Y.encodeStateAsUpdateV2(docs.registers),
    texts: Y.encodeStateAsUpdateV2(docs.texts),
  })
}
