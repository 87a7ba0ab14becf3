// An update that is larger than an entry may be, in pieces that each can be placed when those before are. A pasted letter is one item to
// Yjs, which would never leave the device.
import { Y } from '../../yjs'
import { needsOf, readStructs, type Struct, sizeOfStruct, writeStructs } from './text-structs'

/** With header and padding, even what deflate cannot shrink stays below the entry limit. */
const TEXT_PIECE_BYTES = 131_072

export interface TextPieces {
  /** In the order in which they are to be written; the one update itself where it is small. */
  readonly updates: readonly Uint8Array[]
  /** Single things inside a text, like an image, that are larger than a piece: the pieces say of them that they were deleted. */
  readonly tooLarge: readonly Y.ID[]
}

/** @param update in format 1, of which each client's structs follow one another */
export function piecesOf(update: Uint8Array, maxBytes = TEXT_PIECE_BYTES): TextPieces {
  if (update.length <= maxBytes) return { updates: [update], tooLarge: [] }
  const { structs, deletes } = readStructs(update)
  const tooLarge: Y.ID[] = []
  const updates: Uint8Array[] = []
  let piece: Struct[] = []
  let sizeBytes = 0
  for (const struct of inOrder(structs).flatMap((each) => cut(each, maxBytes, tooLarge))) {
    const size = sizeOfStruct(struct)
    if (piece.length > 0 && sizeBytes + size > maxBytes) {
      updates.push(writeStructs({ structs: piece, deletes: [] }))
      piece = []
      sizeBytes = 0
    }
    piece.push(struct)
    sizeBytes += size
  }
  if (piece.length > 0 || deletes.length > 0) updates.push(writeStructs({ structs: piece, deletes }))
  return { updates, tooLarge }
}

/** Each behind what it rests on, wherever that is in the update, too. */
function inOrder(structs: readonly Struct[]): Struct[] {
  const queues = new Map<number, Struct[]>()
  for (const struct of structs) {
    const queue = queues.get(struct.id.client)
    if (queue === undefined) queues.set(struct.id.client, [struct])
    else queue.push(struct)
  }
  if (queues.size <= 1) return [...structs]
  const heads = new Map([...queues].map(([client]) => [client, 0]))
  const waits = ({ client, clock }: Y.ID): boolean => {
    const queue = queues.get(client)
    const next = queue?.[heads.get(client)!]
    if (next === undefined) return false
    const { id, length } = queue!.at(-1)!
    return clock >= next.id.clock && clock < id.clock + length
  }
  const ordered: Struct[] = []
  while (ordered.length < structs.length) {
    const before = ordered.length
    for (const [client, queue] of queues) {
      for (let i = heads.get(client)!; i < queue.length; heads.set(client, ++i)) {
        const struct = queue[i]!
        if (needsOf(struct).some((id) => id.client !== client && waits(id))) break
        ordered.push(struct)
      }
    }
    // No document that Yjs made rests on itself in a circle.
    if (ordered.length === before) return [...structs]
  }
  return ordered
}

function cut(struct: Struct, maxBytes: number, tooLarge: Y.ID[]): Struct[] {
  if (!(struct instanceof Y.Item) || sizeOfStruct(struct) <= maxBytes) return [struct]
  const at = middleOf(struct)
  if (at === undefined) {
    tooLarge.push(struct.id)
    struct.content = new Y.ContentDeleted(struct.length)
    return [struct]
  }
  const { client, clock } = struct.id
  const right = struct.content.splice(at)
  struct.length = at
  const { rightOrigin, parent, parentSub } = struct
  const rest = new Y.Item(
    Y.createID(client, clock + at),
    null,
    Y.createID(client, clock + at - 1),
    null,
    rightOrigin,
    parent,
    parentSub,
    right,
  )
  return [...cut(struct, maxBytes, tooLarge), ...cut(rest, maxBytes, tooLarge)]
}

/** Where an item is cut in two; not within a character of two units, of which Yjs would make two unknown ones. */
function middleOf({ length, content }: Y.Item): number | undefined {
  const middle = length >> 1
  if (middle === 0) return undefined
  if (!(content instanceof Y.ContentString)) return middle
  const unit = content.str.charCodeAt(middle)
  const isWithin = unit >= 0xdc00 && unit <= 0xdfff
  if (!isWithin) return middle
  return middle > 1 ? middle - 1 : undefined
}
