// Two lives of one device, a machine put back to an earlier moment and one that ran on, may have typed under one Yjs client id: the same
// places in a text with different letters. What this life typed and nobody has got is given to another client, letter for letter.
import { bytesEqual } from '@owlivion/sync-protocol'
import { Y } from '../../yjs'
import { type Deletes, readStructs, type Struct, type TextStructs, writeStructs } from './text-structs'

/** Clocks of a client that are those of another one now, from `to` on. */
interface MovedRange {
  readonly clock: number
  readonly length: number
  readonly to: number
}

interface MovedClient {
  readonly client: number
  readonly ranges: readonly MovedRange[]
}

/** What is said of some clients' structs by their old names, said by their new ones. */
export class TextMoves {
  constructor(private readonly clients: ReadonlyMap<number, MovedClient>) {}

  apply(update: Uint8Array): Uint8Array {
    const { structs, deletes } = readStructs(update)
    const moved: TextStructs = {
      structs: structs.flatMap((struct) => this.cut(struct)).flatMap((struct) => this.moveStruct(struct) ?? []),
      deletes: deletes.flatMap((each) => this.moveDeletes(each)),
    }
    return writeStructs(moved)
  }

  private move(id: Y.ID): Y.ID
  private move(id: Y.ID | null): Y.ID | null
  private move(id: Y.ID | null): Y.ID | null {
    const found = id === null ? undefined : this.clients.get(id.client)
    const range = found?.ranges.find(({ clock, length }) => id!.clock >= clock && id!.clock < clock + length)
    return range === undefined ? id : Y.createID(found!.client, range.to + id!.clock - range.clock)
  }

  /** A struct that begins before what is moved is two. */
  private cut(struct: Struct): Struct[] {
    const { client, clock } = struct.id
    const first = this.clients.get(client)?.ranges[0]?.clock ?? 0
    if (!(struct instanceof Y.Item) || clock >= first || clock + struct.length <= first) return [struct]
    const { rightOrigin, parent, parentSub } = struct
    const right = struct.content.splice(first - clock)
    struct.length = first - clock
    const origin = Y.createID(client, first - 1)
    return [struct, new Y.Item(Y.createID(client, first), null, origin, null, rightOrigin, parent, parentSub, right)]
  }

  private moveStruct(struct: Struct): Struct | undefined {
    const first = this.clients.get(struct.id.client)?.ranges[0]?.clock
    // What is moved follows one another without gaps.
    if (struct instanceof Y.Skip) return first !== undefined && struct.id.clock >= first ? undefined : struct
    const id = this.move(struct.id)
    if (struct instanceof Y.GC) return new Y.GC(id, struct.length)
    const { origin, rightOrigin, parent, parentSub, content } = struct
    const within = parent instanceof Y.ID ? this.move(parent) : parent
    return new Y.Item(id, null, this.move(origin), null, this.move(rightOrigin), within, parentSub, content)
  }

  private moveDeletes({ client, clock, length }: Deletes): Deletes[] {
    const found = this.clients.get(client)
    if (found === undefined) return [{ client, clock, length }]
    const result: Deletes[] = []
    let next = clock
    for (const range of found.ranges) {
      const from = Math.max(next, range.clock)
      const until = Math.min(clock + length, range.clock + range.length)
      if (from >= until) continue
      if (from > next) result.push({ client, clock: next, length: from - next })
      result.push({ client: found.client, clock: range.to + from - range.clock, length: until - from })
      next = until
    }
    if (next < clock + length) result.push({ client, clock: next, length: clock + length - next })
    return result
  }
}

/**
 * What of `pending` has to be another client's, for `verified` has something else in its place.
 * @param random draws bytes from the platform's random source
 * @returns undefined when the two get along
 */
export function movesFor(
  verified: Y.Doc,
  pending: readonly Uint8Array[],
  random: (length: number) => Uint8Array,
): TextMoves | undefined {
  if (pending.length === 0) return undefined
  const merged = Y.mergeUpdates([...pending])
  const differences = differencesBetween(Y.encodeStateAsUpdate(verified), merged)
  if (differences.size === 0) return undefined
  const { structs } = readStructs(merged)
  const taken = new Set([...verified.store.clients.keys(), ...structs.map(({ id }) => id.client)])
  return new TextMoves(
    new Map(
      [...differences].map(([client, first]) => [
        client,
        { client: freshClient(taken, random), ranges: rangesOf(structs, client, first) },
      ]),
    ),
  )
}

function freshClient(taken: Set<number>, random: (length: number) => Uint8Array): number {
  for (;;) {
    const bytes = random(4)
    const client = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
    if (client === 0 || taken.has(client)) continue
    taken.add(client)
    return client
  }
}

function rangesOf(structs: readonly Struct[], client: number, first: number): MovedRange[] {
  const ranges: MovedRange[] = []
  let to = 0
  for (const struct of structs) {
    const end = struct.id.clock + struct.length
    if (struct.id.client !== client || end <= first || struct instanceof Y.Skip) continue
    const clock = Math.max(struct.id.clock, first)
    ranges.push({ clock, length: end - clock, to })
    to += end - clock
  }
  return ranges
}

/** True when all that was written and deleted in `doc` was so in `other`, too. */
export function holdsNothingElse(doc: Y.Doc, other: Y.Doc): boolean {
  if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null) return false
  for (const [client, structs] of doc.store.clients) {
    const last = structs.at(-1)!
    if (last.id.clock + last.length > Y.getState(other.store, client)) return false
  }
  const deleted = Y.createDeleteSetFromStructStore(other.store)
  const both = Y.mergeDeleteSets([deleted, Y.createDeleteSetFromStructStore(doc.store)])
  if (!Y.equalDeleteSets(both, deleted)) return false
  return differencesBetween(Y.encodeStateAsUpdate(other), Y.encodeStateAsUpdate(doc)).size === 0
}

/** By client, the first clock at which two updates have something else. */
function differencesBetween(a: Uint8Array, b: Uint8Array): Map<number, number> {
  const differences = new Map<number, number>()
  const others = new Map<number, Struct[]>()
  for (const struct of readStructs(a).structs) {
    const list = others.get(struct.id.client)
    if (list === undefined) others.set(struct.id.client, [struct])
    else list.push(struct)
  }
  for (const struct of readStructs(b).structs) {
    const { client } = struct.id
    if (differences.has(client)) continue
    const clock = firstDifference(struct, others.get(client) ?? [])
    if (clock !== undefined) differences.set(client, clock)
  }
  return differences
}

function firstDifference(struct: Struct, others: readonly Struct[]): number | undefined {
  for (const other of others) {
    const from = Math.max(struct.id.clock, other.id.clock)
    const until = Math.min(struct.id.clock + struct.length, other.id.clock + other.length)
    if (from < until && !isSame(struct, other, from, until - from)) return from
  }
  return undefined
}

/** What was deleted says no more what it was. */
function isSame(a: Struct, b: Struct, clock: number, length: number): boolean {
  if (!(a instanceof Y.Item) || !(b instanceof Y.Item)) return true
  if (!isSameId(originAt(a, clock), originAt(b, clock)) || !isSameId(a.rightOrigin, b.rightOrigin)) return false
  if (a.content instanceof Y.ContentDeleted || b.content instanceof Y.ContentDeleted) return true
  return bytesEqual(contentAt(a, clock, length), contentAt(b, clock, length))
}

function isSameId(a: Y.ID | null, b: Y.ID | null): boolean {
  return a === b || (a !== null && b !== null && a.client === b.client && a.clock === b.clock)
}

function originAt({ id, origin }: Y.Item, clock: number): Y.ID | null {
  return clock > id.clock ? Y.createID(id.client, clock - 1) : origin
}

function contentAt({ id, content }: Y.Item, clock: number, length: number): Uint8Array {
  const copy = content.copy()
  const part = clock > id.clock ? copy.splice(clock - id.clock) : copy
  if (part.getLength() > length) part.splice(length)
  const encoder = new Y.UpdateEncoderV1()
  encoder.writeInfo(part.getRef())
  part.write(encoder, 0)
  return encoder.toUint8Array()
}
