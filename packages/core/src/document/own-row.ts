// A writer's row of a record: what it created or restored.
import { type Dot, decodeDots, encodeDots, isCount, isSameDot, isTime } from './dot'
import { canonicalJson, type Fields, isList, isObject, type JsonValue } from './json'
import { isWriter, type Writer } from './names'

/** Fields written together. A row is one group; a folded row and a row with kept values are several. */
export interface RowGroup extends Dot {
  readonly t: number
  readonly fields: Fields
  /** Undefined in a folded row for what was written as cells: such a group is no row that the record exists by. */
  readonly born: Dot | undefined
  /** What the row replaced of the folded row. Only in the newest group of a writer's own row. */
  readonly gone?: readonly GoneGroup[]
}

/** A group of the folded row that was replaced as a whole. */
export interface GoneGroup extends Dot {
  /** False for what was written as cells. */
  readonly isRow: boolean
}

/** The newest group first, except in a folded row. */
export type RowSlot = readonly RowGroup[]

export function encodeOwnRow([newest, ...kept]: RowSlot): string {
  const { writer, t, n, fields, gone = [] } = newest!
  const born = newest!.born ?? newest!
  const parts: (string | number)[] = [t, n, canonicalJson(fields)]
  const namesBirth = !isSameDot(born, newest!) || gone.length > 0
  if (kept.length > 0) parts.push(`[${kept.map((group) => `${group.t},${canonicalJson(group.fields)}`).join(',')}]`)
  else if (namesBirth) parts.push(0)
  if (namesBirth) parts.push(born.writer === writer ? born.n : encodeDots([born]))
  if (gone.length > 0) parts.push(encodeDots(gone.map((each) => ({ ...each, n: each.isRow ? each.n : -each.n }))))
  return `[${parts.join(',')}]`
}

export function decodeOwnRow(parts: readonly JsonValue[], writer: Writer): RowSlot | undefined {
  const newest = decodeGroup(writer, [parts[0], parts[1], parts[2], parts[4]])
  const kept = parts[3] ?? 0
  const gone = parts[5] === undefined ? undefined : decodeGone(parts[5])
  if (!newest || parts.length > 6 || (parts.length === 6 && !gone)) return undefined
  const groups: RowGroup[] = [gone ? { ...newest, gone } : newest]
  if (kept === 0) return groups
  if (!isList(kept) || kept.length % 2 !== 0) return undefined
  for (let at = 0; at < kept.length; at += 2) {
    const t = kept[at]
    const fields = kept[at + 1]
    if (!isTime(t) || !isObject(fields)) return undefined
    groups.push({ ...newest, t, fields })
  }
  return groups
}

function decodeGone(list: JsonValue): GoneGroup[] | undefined {
  if (!isList(list) || list.length % 2 !== 0) return undefined
  const gone: GoneGroup[] = []
  for (let at = 0; at < list.length; at += 2) {
    const writer = list[at]
    const n = list[at + 1]
    if (!isWriter(writer) || typeof n !== 'number' || !isCount(Math.abs(n))) return undefined
    gone.push({ writer, n: Math.abs(n), isRow: n > 0 })
  }
  return gone
}

function decodeGroup(writer: Writer, parts: readonly (JsonValue | undefined)[]): RowGroup | undefined {
  const [t, n, fields, birth] = parts
  if (!isTime(t) || !isCount(n) || !isObject(fields)) return undefined
  const born = birth === undefined ? { writer, n } : isCount(birth) ? { writer, n: birth } : decodeDots(birth)?.[0]
  return born && { writer, t, n, fields, born }
}
