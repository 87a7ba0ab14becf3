// What the registers of a document say, apart from how they came to say it: the slots that a fresh document would hold. Two documents
// that were edited alike have the same state however often either of them was rebased, so it is what devices compare.
import * as encoding from 'lib0/encoding'
import { createDoc, takeClientId, Y } from '../yjs'
import { encodeRecord, foldRecord } from './fold-record'
import { FOLDED, type Writer } from './names'
import { parseRecord } from './record'
import { recordOfKey, rowKey } from './slot'

/** By key: the folded slots of every record as texts, and what this version cannot read as it was found. */
export type RegisterState = ReadonlyMap<string, unknown>

/** By writer: the greatest n without a gap. What is beside a state says which writes it knows, those that were replaced too. */
export type RegisterContext = ReadonlyMap<Writer, number>

/**
 * The state of a `registers` document.
 * @returns undefined when a newer version put something into it that cannot be carried over: it is for that version to fold it
 */
export function readState(doc: Y.Doc): RegisterState | undefined {
  const map = doc.getMap<unknown>('r')
  for (const root of doc.share.keys()) if (root !== 'r') return undefined
  const keysByRecord = new Map<string, string[]>()
  const state = new Map<string, unknown>()
  for (const [key, value] of map) {
    if (value instanceof Y.AbstractType || value instanceof Y.Doc) return undefined
    const record = recordOfKey(key)
    if (record === undefined) state.set(key, value)
    else {
      const keys = keysByRecord.get(record)
      if (keys) keys.push(key)
      else keysByRecord.set(record, [key])
    }
  }
  for (const [record, keys] of keysByRecord) {
    let isFoldable = true
    const read = (key: string) => map.get(key)
    const slots = parseRecord(keys, read, (key) => {
      // Its key is where this version would put what it folds.
      if (key === rowKey(record, FOLDED)) isFoldable = false
      state.set(key, map.get(key))
    })
    if (!isFoldable) return undefined
    for (const [key, text] of encodeRecord(record, foldRecord(slots))) state.set(key, text)
  }
  return state
}

/**
 * A document that holds the state and nothing else, written under a client id of its own.
 * @param random draws bytes from the platform's random source
 */
export function foldState(state: RegisterState, random: (length: number) => Uint8Array): Y.Doc {
  const doc = createDoc('registers')
  takeClientId(doc, random)
  const map = doc.getMap<unknown>('r')
  doc.transact(() => {
    for (const key of sortedKeys(state)) map.set(key, state.get(key))
  })
  return doc
}

/** Equal on two devices exactly when both hold the same state and know the same writes. */
export function digestState(
  state: RegisterState,
  context: RegisterContext,
  hash: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const encoder = encoding.createEncoder()
  const writers = [...context.keys()].sort()
  encoding.writeVarUint(encoder, writers.length)
  for (const writer of writers) {
    encoding.writeVarString(encoder, writer)
    encoding.writeVarUint(encoder, context.get(writer)!)
  }
  for (const key of sortedKeys(state)) {
    encoding.writeVarString(encoder, key)
    // What Yjs stores in a map it wrote with the same encoding.
    encoding.writeAny(encoder, state.get(key) as Parameters<typeof encoding.writeAny>[1])
  }
  return hash(encoding.toUint8Array(encoder))
}

function sortedKeys(state: RegisterState): string[] {
  return [...state.keys()].sort()
}
