// The documents that this device does not sync: nothing of them goes over the wire, neither a subscription nor a row. They are remembered
// by id, which the connection knows them by, with the name, by which they are found again in another account.
//
//   ['off', document]   the name
import { bytesToHex, type DocumentId } from '@owlivion/sync-protocol'
import type { Store, StoreBatch, StoreKey } from '../../storage'
import { decodeName, encodeName } from '../document/document-names'

const offPrefix: StoreKey = ['off']
const offKey = (document: DocumentId): StoreKey => ['off', bytesToHex(document)]

export class OffDocuments {
  private constructor(private readonly namesById: Map<string, string>) {}

  static async read(store: Store): Promise<OffDocuments> {
    const rows = await store.list(offPrefix)
    return new OffDocuments(new Map(rows.map(([key, bytes]) => [key[1] as string, decodeName(bytes)])))
  }

  has(document: DocumentId): boolean {
    return this.namesById.has(bytesToHex(document))
  }

  get names(): readonly string[] {
    return [...this.namesById.values()]
  }

  /** @returns what is to be stored */
  set(document: DocumentId, name: string, isOn: boolean): StoreBatch {
    if (isOn) this.namesById.delete(bytesToHex(document))
    else this.namesById.set(bytesToHex(document), name)
    return isOn ? { remove: [offKey(document)] } : { put: [[offKey(document), encodeName(name)]] }
  }
}

/** The rows as another account begins with them, where the same names have other ids. */
export async function carryOff(
  store: Store,
  documentId: (name: string) => DocumentId,
): Promise<NonNullable<StoreBatch['put']>> {
  const rows = await store.list(offPrefix)
  return rows.map(([, bytes]) => [offKey(documentId(decodeName(bytes))), bytes] as const)
}
