// The row that a rebase folded a record into: everything that stands in it, each value under the dot and the time of the write that it
// came from, so that later writes, deletes and joins find what they have seen.
//
//   [writer, t, n, {field: value}, birth, t, n, {field: value}, birth, …, writer, t, n, …]
//
// t and n are how much greater than those of the group before them (n: of the same writer), since of a book that was edited field by
// field most bytes would be digits. birth follows what was written as a row, which is what the record exists by: [] when the row was
// born with its own dot, else that dot: [n], or [writer, n] when it is another writer's. What was written as cells has none.
//
// A folded row is written once, with its document epoch, and only ever removed whole. What goes of it before the rest is named by
// the cell or the row that replaced it.
import { type Dot, isCount, isSameDot, isTime } from './dot'
import { canonicalJson, isList, isObject, type JsonValue } from './json'
import { isWriter, type Writer } from './names'
import type { RowGroup } from './own-row'

export function encodeFolded(groups: readonly RowGroup[]): string {
  const parts: (string | number)[] = []
  let last = { writer: '', t: 0, n: 0 }
  for (const group of [...groups].sort(inOrder)) {
    const { writer, t, n, fields, born } = group
    if (writer !== last.writer) parts.push(JSON.stringify(writer))
    parts.push(t - last.t, writer === last.writer ? n - last.n : n, canonicalJson(fields))
    if (born) parts.push(encodeBirth(born, group))
    last = { writer, t, n }
  }
  return `[${parts.join(',')}]`
}

export function decodeFolded(parts: readonly JsonValue[]): RowGroup[] | undefined {
  const groups: RowGroup[] = []
  let writer: Writer | undefined
  let [t, n] = [0, 0]
  for (let at = 0; at < parts.length; ) {
    const first = parts[at]
    if (typeof first === 'string') {
      if (!isWriter(first)) return undefined
      ;[writer, n] = [first, 0]
      at++
    }
    const later = parts[at]
    const greater = parts[at + 1]
    const fields = parts[at + 2]
    const birth = parts[at + 3]
    if (writer === undefined || typeof later !== 'number' || typeof greater !== 'number') return undefined
    ;[t, n] = [t + later, n + greater]
    if (!isTime(t) || !isCount(n) || !isObject(fields)) return undefined
    const born = isList(birth) ? decodeBirth(birth, { writer, n }) : undefined
    if (isList(birth) && !born) return undefined
    groups.push({ writer, t, n, fields, born })
    at += isList(birth) ? 4 : 3
  }
  return groups.length > 0 ? groups : undefined
}

function encodeBirth(born: Dot, row: Dot): string {
  if (isSameDot(born, row)) return '[]'
  return JSON.stringify(born.writer === row.writer ? [born.n] : [born.writer, born.n])
}

function decodeBirth(birth: readonly JsonValue[], row: Dot): Dot | undefined {
  if (birth.length === 0) return row
  const [writer, n] = birth.length === 1 ? [row.writer, birth[0]] : birth
  return birth.length <= 2 && isWriter(writer) && isCount(n) ? { writer, n } : undefined
}

/** An order that depends on nothing but the groups, so that equal states have equal texts. */
function inOrder(a: RowGroup, b: RowGroup): number {
  if (a.writer !== b.writer) return a.writer < b.writer ? -1 : 1
  if (a.n !== b.n) return a.n - b.n
  if (a.t !== b.t) return a.t - b.t
  if ((a.born === undefined) !== (b.born === undefined)) return a.born ? -1 : 1
  return canonicalJson(a.fields) < canonicalJson(b.fields) ? -1 : 1
}
