// The part of the README that a run of all engines writes: the targets, between two marks.
import type { Measured } from '../rounds'
import { targetTable } from './markdown'

export const marks = { start: '<!-- written by npm run bench -- --peers -->', end: '<!-- until here -->' }

/** @returns the page with the targets of this run @throws when the page has no place for them */
export function withTargets(readme: string, measured: readonly Measured[]): string {
  const [start, end] = [readme.indexOf(marks.start), readme.indexOf(marks.end)]
  if (start < 0 || end < start) throw new Error(`The README has no lines "${marks.start}" and "${marks.end}".`)
  return `${readme.slice(0, start + marks.start.length)}\n\n${targetTable(measured)}\n\n${readme.slice(end)}`
}
