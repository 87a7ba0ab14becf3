// The only module that imports yjs, so that moving to another major is one change, and the only place where a Y.Doc is
// made: `new Y.Doc()` draws its guid and client id from a global source, and a client id that the document already knows
// would corrupt it silently.
import * as Y from 'yjs'

export { Y }

/** Makes an empty document. Set its client id with `takeClientId` after loading and before the first write. */
export function createDoc(guid: string): Y.Doc {
  const doc = new Y.Doc({ guid, gc: true })
  doc.clientID = 0
  return doc
}

/**
 * Gives the document a random client id that none of its content was written under.
 * @param random draws bytes from the platform's random source
 */
export function takeClientId(doc: Y.Doc, random: (length: number) => Uint8Array): void {
  for (;;) {
    const bytes = random(4)
    const clientId = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
    if (clientId !== 0 && !doc.store.clients.has(clientId)) {
      doc.clientID = clientId
      return
    }
  }
}
