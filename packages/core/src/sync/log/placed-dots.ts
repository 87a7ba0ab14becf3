// Which of several transactions came first in the log, where entries of this device are placed together with others: a page may hold both
// sides of what did not know of each other.
import type { Dot } from '../../document'
import { writerFromBytes } from '../writer-bytes'
import type { Outbox } from '../writing/outbox'
import type { OpenedEntry } from './log-replica'

/** @returns the number of the entry that a transaction is in; undefined when it is in none of these */
export type PlacedDots = (dot: Dot) => number | undefined

/** Call before what is confirmed leaves the outbox. */
export function placedDots(entries: readonly OpenedEntry[], outbox: Outbox): PlacedDots {
  if (!entries.some(({ own }) => own)) return () => undefined
  const placed = entries.flatMap(({ number, own, incarnation, sequence, outcome }) => {
    const writers = own ? outbox.find(incarnation, sequence)?.writers : 'body' in outcome ? outcome.body.writers : []
    return (writers ?? []).map(({ writer, n }) => ({ number, writer: writerFromBytes(writer), n }))
  })
  return (dot) => {
    const of = placed.filter(({ writer, n }) => writer === dot.writer && n >= dot.n)
    return of.length > 0 ? Math.min(...of.map(({ number }) => number)) : undefined
  }
}
