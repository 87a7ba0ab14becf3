// One write: who made it, and which of its writer's transactions it belongs to. The dot decides causality, the time only order.
import { isList, type JsonValue } from './json'
import { isWriter, type Writer } from './names'

/** One writer's nth transaction: which write a value comes from. */
export interface Dot {
  readonly writer: Writer
  readonly n: number
}

export function isSameDot(a: Dot, b: Dot): boolean {
  return a.n === b.n && a.writer === b.writer
}

export function encodeDots(dots: readonly Dot[]): string {
  const sorted = [...dots].sort((a, b) => (a.writer === b.writer ? a.n - b.n : a.writer < b.writer ? -1 : 1))
  return JSON.stringify(sorted.flatMap(({ writer, n }) => [writer, n]))
}

export function decodeDots(list: JsonValue | undefined): Dot[] | undefined {
  if (!isList(list) || list.length % 2 !== 0) return undefined
  const dots: Dot[] = []
  for (let at = 0; at < list.length; at += 2) {
    const writer = list[at]
    const n = list[at + 1]
    if (!isWriter(writer) || !isCount(n)) return undefined
    dots.push({ writer, n })
  }
  return dots
}

export function isTime(value: JsonValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

export function isCount(value: JsonValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1
}
