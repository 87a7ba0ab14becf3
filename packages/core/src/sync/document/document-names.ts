// The names of the documents that this device has opened. The wire id of a document is a keyed hash of its name, which cannot be
// turned back; but what this device holds may have to be written again for another account, where the same name has another id.
//
//   ['name', document]   the name, in Unicode's composed form
import { bytesToHex, type DocumentId, decodeWhole, hexToBytes, Writer } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { Store, StoreKey } from '../../storage'

export const namePrefix: StoreKey = ['name']
const ROW_VERSION = 1
const NO_LIMIT = Number.MAX_SAFE_INTEGER

export const nameKey = (document: DocumentId): StoreKey => ['name', bytesToHex(document)]

export function encodeName(name: string): Uint8Array {
  return new Writer().byte(ROW_VERSION).text(name.normalize('NFC')).finish()
}

/** Of every document that was ever opened here. @throws SyncError `profile-damaged` */
export async function readNames(
  store: Store,
): Promise<readonly { readonly document: DocumentId; readonly name: string }[]> {
  const rows = await store.list(namePrefix)
  return rows.map(([key, bytes]) => ({ document: hexToBytes(key[1] as string) as DocumentId, name: decodeName(bytes) }))
}

/** @throws SyncError `profile-damaged` */
export function decodeName(bytes: Uint8Array): string {
  try {
    return decodeWhole(bytes, (reader) => {
      if (reader.byte() !== ROW_VERSION) throw new SyncError('profile-damaged', 'It was written by another version.')
      return reader.text(NO_LIMIT)
    })
  } catch (cause) {
    throw new SyncError('profile-damaged', 'The name of a document in this device’s store cannot be read.', { cause })
  }
}
