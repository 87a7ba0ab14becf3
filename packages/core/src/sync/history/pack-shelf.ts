// The packs of one collection's history, in a document of their own: a record for each. What is read of them first is where they are in
// the log and in time; their content is unpacked when somebody comes to it, so that a long history is never in memory as a whole.
import { base64urlToBytes, bytesToBase64url } from '@owlivion/sync-protocol'
import type { Edit, Fields, JsonValue, Registers } from '../../document'
import { Coverage } from './coverage'
import { decodePack, type EncodedPack, type Pack, type Span, spanOf } from './pack'

/** A pack that can be read. */
export interface ShelvedPack {
  readonly id: string
  readonly spans: readonly Span[]
  /** The first and the last place in the log that it speaks of. */
  readonly first: number
  readonly last: number
  /** When the latest of it was written. */
  readonly toMs: number
  readonly sizeBytes: number
  /** Unpacks it. @returns undefined when a part of it is not here, or it is none */
  read(): Pack | undefined
}

/** What was deleted for its age, of one chain everything up to a sequence. */
export interface Outdated {
  readonly spans: readonly Span[]
  /** The last place in the log of it. */
  readonly last: number
  readonly toMs: number
}

export interface Shelf {
  /** By their last places in the log, rising. */
  readonly packs: readonly ShelvedPack[]
  readonly outdated: readonly Outdated[]
  /** Of which a part is not here: it is on its way, or who was writing it was lost. */
  readonly torn: readonly { readonly id: string; readonly toMs: number }[]
}

/** Letters of one field: below what a field may hold. Two of these are one group of edits; more travel one after the other. */
const PART_LENGTH = 40_000
/** Of one collection. Who reads a history has all of its document in memory. */
const MAX_HISTORY_BYTES = 8_388_608
const OUTDATED = 'outdated/'
const isOutdated = (id: string): boolean => id.startsWith(OUTDATED)

export function readShelf(registers: Pick<Registers, 'ids' | 'get'>): Shelf {
  const packs: ShelvedPack[] = []
  const outdated: Outdated[] = []
  const torn: { id: string; toMs: number }[] = []
  for (const id of registers.ids()) {
    const fields = registers.get(id)
    if (fields === undefined) continue
    try {
      if (isOutdated(id)) outdated.push({ ...placeOf(fields) })
      else packs.push(shelved(id, fields, () => registers.get(id)))
    } catch {
      // What a member wrote may be anything, or be here in part.
      if (!isOutdated(id) && typeof fields.toMs === 'number') torn.push({ id, toMs: fields.toMs })
    }
  }
  return { packs: packs.sort(byLast), outdated, torn }
}

/** One that is not in the document yet. @returns undefined when it is none */
export function shelvedOf({ id, bytes }: EncodedPack): ShelvedPack | undefined {
  const pack = decodePack(bytes)
  return pack && { id, ...placesIn(pack), sizeBytes: bytes.length, read: () => decodePack(bytes) }
}

/** The edits that put a pack into the document, or what lacks of it there. */
export function editsFor({ id, bytes }: EncodedPack, pack: Pack, present: Fields | undefined): Edit[] {
  const { spans, ...place } = placesIn(pack)
  const text = bytesToBase64url(bytes)
  const parts: Record<string, JsonValue> = {}
  for (let i = 0; i * PART_LENGTH < text.length; i++)
    parts[`part${i}`] = text.slice(i * PART_LENGTH, (i + 1) * PART_LENGTH)
  const fields = { ...place, spans: spans.map(plain), parts: Object.keys(parts).length }
  const first: Edit[] = present === undefined ? [{ kind: 'add', id, fields }] : []
  const rest = Object.entries(parts).filter(([field]) => present?.[field] === undefined)
  return [...first, ...rest.map(([field, value]): Edit => ({ kind: 'update', id, fields: { [field]: value } }))]
}

/**
 * The edits that take away what is older than it may be, and the oldest of what is too much: from the beginning of the log on, so that what
 * stays has no gap. Nobody can edit a pack, so it is purged at once: deleted only, it would take as much as before.
 * @param device hex of the id of the device that does it, which writes a record of its own of that
 */
export function editsToForget({ packs, outdated, torn }: Shelf, device: string, before: number, own?: Fields): Edit[] {
  // Without changes it is of no time, and nothing is lost with it: it goes with what came after it.
  const [telling, silent] = [packs.filter(({ last }) => last > 0), packs.filter(({ last }) => last === 0)]
  const end = telling.findIndex(({ toMs }) => toMs >= before)
  const old = end < 0 ? telling.length : end
  const gone = telling.slice(0, Math.max(old, tooMany(telling, sizeOf(silent))))
  const rests = torn.filter(({ toMs }) => toMs > 0 && toMs < before)
  const edits = rests.flatMap(({ id }) => gonePack(id))
  if (gone.length === 0) return edits
  const ends = new Coverage(spansOf([...gone, ...outdated]))
  const passed = silent.filter(({ spans }) => spans.every((span) => ends.covers(span)))
  const id = OUTDATED + device
  const fields = outdatedFields([...gone, ...outdated])
  return [
    own === undefined ? { kind: 'add', id, fields } : { kind: 'update', id, fields },
    ...[...gone, ...passed].flatMap((pack) => gonePack(pack.id)),
    ...edits,
  ]
}

const gonePack = (id: string): Edit[] => [
  { kind: 'delete', id },
  { kind: 'purge', id },
]

const sizeOf = (packs: readonly ShelvedPack[]): number => packs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)

/** How many of the oldest are beyond what a history may take. */
function tooMany(packs: readonly ShelvedPack[], otherBytes: number): number {
  let count = packs.length
  for (let sizeBytes = otherBytes; count > 0; count--) {
    sizeBytes += (packs[count - 1] as ShelvedPack).sizeBytes
    if (sizeBytes > MAX_HISTORY_BYTES) break
  }
  return count
}

/** That something which never came into the document is too old for it. */
export function editsForOutdated(pack: Pack, { outdated }: Shelf, device: string, own?: Fields): Edit[] {
  const id = OUTDATED + device
  const fields = outdatedFields([placesIn(pack), ...outdated])
  return [own === undefined ? { kind: 'add', id, fields } : { kind: 'update', id, fields }]
}

export const outdatedIdOf = (device: string): string => OUTDATED + device

function outdatedFields(gone: readonly Outdated[]): Record<string, JsonValue> {
  const last = Math.max(...gone.map((each) => each.last))
  return { spans: spansOf(gone).map(plain), first: 0, last, toMs: Math.max(...gone.map(({ toMs }) => toMs)) }
}

/** Of each chain everything up to the last of it. */
function spansOf(gone: readonly Pick<Outdated, 'spans'>[]): Span[] {
  const ends = new Map<string, Span>()
  for (const span of gone.flatMap(({ spans }) => spans)) {
    const key = `${span.device}/${span.incarnation}`
    ends.set(key, { ...span, from: 1, to: Math.max(span.to, ends.get(key)?.to ?? 0) })
  }
  return [...ends.values()]
}

function placesIn({ spans, changes }: Pack): Pick<ShelvedPack, 'spans' | 'first' | 'last' | 'toMs'> {
  const numbers = changes.map(({ number }) => number)
  return {
    spans,
    first: changes.length > 0 ? Math.min(...numbers) : 0,
    last: changes.length > 0 ? Math.max(...numbers) : 0,
    toMs: changes.reduce((latest, { atMs }) => Math.max(latest, atMs), 0),
  }
}

function shelved(id: string, fields: Fields, get: () => Fields | undefined): ShelvedPack {
  const parts = numberIn(fields, 'parts')
  const sizeBytes = textOf(fields, parts).length
  const read = (): Pack | undefined => {
    const now = get()
    try {
      return now && decodePack(base64urlToBytes(textOf(now, parts)))
    } catch {
      return undefined
    }
  }
  return { id, ...placeOf(fields), first: numberIn(fields, 'first'), sizeBytes, read }
}

/** @throws TypeError while a part is missing */
function textOf(fields: Fields, parts: number): string {
  let text = ''
  for (let i = 0; i < parts; i++) {
    const part = fields[`part${i}`]
    if (typeof part !== 'string') throw new TypeError('A part is missing.')
    text += part
  }
  return text
}

function placeOf(fields: Fields): Outdated {
  const { spans } = fields
  if (!Array.isArray(spans)) throw new TypeError('It is no pack.')
  return { spans: spans.map(spanOf), last: numberIn(fields, 'last'), toMs: numberIn(fields, 'toMs') }
}

function numberIn(fields: Fields, name: string): number {
  const value = fields[name]
  if (typeof value !== 'number') throw new TypeError(`${name} is missing.`)
  return value
}

const plain = ({ device, incarnation, from, to }: Span): JsonValue => [device, incarnation, from, to]

function byLast(a: ShelvedPack, b: ShelvedPack): number {
  return a.last - b.last || a.first - b.first || (a.id < b.id ? -1 : 1)
}
