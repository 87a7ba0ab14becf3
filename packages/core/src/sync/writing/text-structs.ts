// A Yjs update taken apart into its structs and put together again. Yjs reads and merges updates, but cuts none at its end and gives
// nobody's writing to another client; both are needed where what was written cannot travel as it is.
import { Writer } from '@owlivion/sync-protocol'
import { Y } from '../../yjs'

/** `Y.Skip` stands for what is not in the update. */
export type Struct = Y.Item | Y.GC | Y.Skip

export interface TextStructs {
  /** Of each client by rising clock. */
  readonly structs: readonly Struct[]
  readonly deletes: readonly Deletes[]
}

/** `length` clocks from `clock` on are deleted. */
export interface Deletes {
  readonly client: number
  readonly clock: number
  readonly length: number
}

/** @param update in format 1 */
export function readStructs(update: Uint8Array): TextStructs {
  const { structs, ds } = Y.decodeUpdate(update)
  const deletes = [...ds.clients].flatMap(([client, items]) =>
    items.map(({ clock, len }) => ({ client, clock, length: len })),
  )
  return { structs, deletes }
}

/**
 * An update in format 1.
 * @param structs of each client by rising clock, with a `Y.Skip` where one is missing in between
 */
export function writeStructs({ structs, deletes }: TextStructs): Uint8Array {
  const writer = new Writer()
  const clients = byClient(structs, ({ id }) => id.client)
  writer.varUint(clients.size)
  for (const [client, list] of clients) {
    writer.varUint(list.length).varUint(client).varUint(list[0]!.id.clock)
    for (const struct of list) writer.fixed(encodeStruct(struct))
  }
  const deleted = byClient(deletes, ({ client }) => client)
  writer.varUint(deleted.size)
  for (const [client, list] of deleted) {
    writer.varUint(client).varUint(list.length)
    for (const { clock, length } of list) writer.varUint(clock).varUint(length)
  }
  return writer.finish()
}

export function sizeOfStruct(struct: Struct): number {
  return encodeStruct(struct).length
}

function encodeStruct(struct: Struct): Uint8Array {
  const encoder = new Y.UpdateEncoderV1()
  struct.write(encoder, 0)
  return encoder.toUint8Array()
}

/** Greater clients first, as Yjs has them. */
function byClient<T>(items: readonly T[], clientOf: (item: T) => number): Map<number, T[]> {
  const lists = new Map<number, T[]>()
  for (const item of items) {
    const client = clientOf(item)
    const list = lists.get(client)
    if (list === undefined) lists.set(client, [item])
    else list.push(item)
  }
  return new Map([...lists].sort(([a], [b]) => b - a))
}

/** What an item rests on: it can be placed once these are there. */
export function needsOf(struct: Struct): Y.ID[] {
  if (!(struct instanceof Y.Item)) return []
  const parent = struct.parent instanceof Y.ID ? struct.parent : null
  return [struct.origin, struct.rightOrigin, parent].filter((id) => id !== null)
}
