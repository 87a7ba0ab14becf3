// A pack: what a stretch of a log did, in few bytes, for when its entries are gone. It names the entries that it speaks of by device,
// incarnation and sequence, so that whoever has a change twice sees that it is one, and whoever lacks one sees that, too.
import { bytesToHex, type Sha512 } from '@owlivion/sync-protocol'
import { deflate, inflate } from '../../crypto'
import type { CountDifference, FieldDifference, JsonValue } from '../../document'
import type { LoggedChange, PackedChange } from './logged-change'

/** Entries of one chain, without a gap. */
export interface Span {
  /** Hex of the device's id. */
  readonly device: string
  readonly incarnation: number
  readonly from: number
  readonly to: number
}

export interface Pack {
  readonly spans: readonly Span[]
  /** By rising number, and in the order in which they took effect. */
  readonly changes: readonly PackedChange[]
}

export interface EncodedPack {
  /** Of its bytes: two devices that find the same write the same. */
  readonly id: string
  readonly bytes: Uint8Array
}

const VERSION = 1
const STORED = 0
const DEFLATED = 1
const ID_BYTES = 16
/** A change holds at most what an entry held, and what that replaced. */
const MAX_PACK_BYTES = 33_554_432
const kinds: ReadonlySet<unknown> = new Set<LoggedChange['kind']>(['added', 'changed', 'deleted', 'restored'])

type Wrapped = 0 | readonly [JsonValue]

const wrap = (value: JsonValue | undefined): Wrapped => (value === undefined ? 0 : [value])
const unwrap = (value: Wrapped): JsonValue | undefined => (value === 0 ? undefined : value[0])

/** As it stands in a pack: without what its span says. */
function packed({ number, sequence, id, kind, atMs, fields, counts }: PackedChange, span: number): readonly unknown[] {
  const values = fields.map(({ field, element, before, after }) => [
    ...[field, wrap(before), wrap(after)],
    ...(element === undefined ? [] : [element]),
  ])
  const numbers = counts.map(({ field, before, after }) => [field, before, after])
  return [span, sequence, number, id, kind, atMs, values, numbers]
}

/** How many letters it takes in a pack, before it is deflated. */
export function lengthOf(change: PackedChange): number {
  return JSON.stringify(packed(change, 0)).length
}

export function encodePack(sha512: Sha512, { spans, changes }: Pack): EncodedPack {
  const keys = new Map(spans.map(({ device, incarnation }, i) => [`${device}/${incarnation}`, i]))
  const content = {
    spans: spans.map(({ device, incarnation, from, to }) => [device, incarnation, from, to]),
    changes: changes.map((each) => packed(each, keys.get(`${each.device}/${each.incarnation}`) ?? -1)),
  }
  const json = new TextEncoder().encode(JSON.stringify(content))
  const deflated = deflate(json)
  const rest = deflated ?? json
  const bytes = new Uint8Array(rest.length + 2)
  bytes.set([VERSION, deflated === undefined ? STORED : DEFLATED])
  bytes.set(rest, 2)
  return { id: bytesToHex(sha512(bytes).subarray(0, ID_BYTES)), bytes }
}

/** @returns undefined for what is no pack, or one of a newer version: what a member wrote may be anything */
export function decodePack(bytes: Uint8Array): Pack | undefined {
  const [version, form] = bytes
  if (version !== VERSION || (form !== STORED && form !== DEFLATED)) return undefined
  const rest = bytes.subarray(2)
  const json = form === DEFLATED ? inflate(rest, MAX_PACK_BYTES) : rest
  if (typeof json === 'string') return undefined
  try {
    const { spans: rawSpans, changes } = JSON.parse(new TextDecoder().decode(json))
    const spans = (rawSpans as unknown[]).map(spanOf)
    return { spans, changes: (changes as unknown[]).map((each) => changeOf(each, spans)) }
  } catch {
    return undefined
  }
}

/** @throws TypeError when it is none */
export function spanOf(value: unknown): Span {
  const [device, incarnation, from, to] = value as readonly unknown[]
  return { device: text(device), incarnation: count(incarnation), from: count(from), to: count(to) }
}

function changeOf(value: unknown, spans: readonly Span[]): PackedChange {
  const [at, sequence, number, id, kind, atMs, fields, counts] = value as readonly unknown[]
  const span = spans[count(at)]
  if (span === undefined || !kinds.has(kind)) throw new TypeError('It is no change.')
  return {
    ...{ device: span.device, incarnation: span.incarnation, sequence: count(sequence), number: count(number) },
    ...{ id: text(id), kind: kind as LoggedChange['kind'], atMs: count(atMs) },
    fields: (fields as unknown[]).map(fieldOf),
    counts: (counts as unknown[]).map(countOf),
  }
}

function fieldOf(value: unknown): FieldDifference {
  const [field, before, after, element] = value as readonly [unknown, Wrapped, Wrapped, unknown]
  return {
    field: text(field),
    ...(element !== undefined && { element: text(element) }),
    ...{ before: unwrap(before), after: unwrap(after) },
  }
}

function countOf(value: unknown): CountDifference {
  const [field, before, after] = value as readonly unknown[]
  return { field: text(field), before: finite(before), after: finite(after) }
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('It is no text.')
  return value
}

function finite(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError('It is no number.')
  return value
}

function count(value: unknown): number {
  const number = finite(value)
  if (number < 0) throw new TypeError('It is no count.')
  return number
}

/** Equal for what two packs say of the same entry and record. The number is left out: a log that was healed may have others. */
export function keyOf({ device, incarnation, sequence, id }: PackedChange): string {
  return JSON.stringify([device, incarnation, sequence, id])
}
