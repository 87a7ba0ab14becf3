// One hash that two devices compare to know that they hold the same: state vector, delete set and content by sorted key. Yjs's own
// encoding will not do, since its order depends on the order in which updates arrived.
import * as encoding from 'lib0/encoding'
import { Y } from '../yjs'

type HashFunction = (bytes: Uint8Array) => Uint8Array

/** @param hash for example SHA-512 */
export function digestMap(doc: Y.Doc, map: Y.Map<unknown>, hash: HashFunction): Uint8Array {
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

/** Of a document of registers that nobody writes in. */
export function digestRegisters(doc: Y.Doc, hash: HashFunction): Uint8Array {
  return digestMap(doc, doc.getMap('r'), hash)
}

/** Of a document whose roots are of any type. It takes them as they are: naming a root's type would make it one of that type. */
export function digestRoots(doc: Y.Doc, hash: HashFunction): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint8Array(encoder, Y.encodeSnapshotV2(Y.snapshot(doc)))
  for (const [name, root] of [...doc.share].sort(([a], [b]) => (a < b ? -1 : 1))) {
    encoding.writeVarString(encoder, name)
    writeType(encoder, root)
  }
  return hash(encoding.toUint8Array(encoder))
}

const END = 0

type AnyType = Y.Doc['share'] extends Map<string, infer Root> ? Root : never

/** By position and not by item: where Yjs cut a text into items depends on how it arrived. */
function writeType(encoder: encoding.Encoder, type: AnyType): void {
  for (let item = type._start; item !== null; item = item.right) if (!item.deleted) writeContent(encoder, item.content)
  encoding.writeUint8(encoder, END)
  for (const key of [...type._map.keys()].sort()) {
    const item = type._map.get(key)
    if (item === undefined || item.deleted) continue
    encoding.writeUint8(encoder, 1)
    encoding.writeVarString(encoder, key)
    writeContent(encoder, item.content)
  }
  encoding.writeUint8(encoder, END)
}

function writeContent(encoder: encoding.Encoder, content: Y.Item['content']): void {
  if (content instanceof Y.ContentType) {
    encoding.writeUint8(encoder, 2)
    writeType(encoder, content.type)
  } else if (content instanceof Y.ContentFormat) {
    encoding.writeUint8(encoder, 3)
    encoding.writeVarString(encoder, content.key)
    encoding.writeAny(encoder, content.value as never)
  } else {
    for (const value of content.getContent()) {
      encoding.writeUint8(encoder, 4)
      encoding.writeAny(encoder, value)
    }
  }
}
