// One hash that two devices compare to know that they hold the same: state vector, delete set and content by sorted key. Yjs's own
// encoding will not do, since its order depends on the order in which updates arrived.
import * as encoding from 'lib0/encoding'
import { Y } from '../yjs'

/** @param hash for example SHA-512 */
export function digestMap(doc: Y.Doc, map: Y.Map<unknown>, hash: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder()
  // State vector and delete set, both sorted by client id.
  encoding.writeVarUint8Array(encoder, Y.encodeSnapshotV2(Y.snapshot(doc)))
  for (const key of [...map.keys()].sort()) {
    const value = map.get(key)
    encoding.writeVarString(encoder, key)
    // What is not a string comes from a newer version; that it is there and is the same follows from the state vector.
    encoding.writeVarString(encoder, typeof value === 'string' ? value : '')
  }
  return hash(encoding.toUint8Array(encoder))
}
