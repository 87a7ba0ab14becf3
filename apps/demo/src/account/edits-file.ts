// A file of edits that a locked-out device could not send: what `unsentEdits` gave, and what a person reads of it.
import { contentToText, type RecordChange, SyncError, type UnsentEdits } from '@owlivion/sync'

const kindText = { create: 'Added', change: 'Changed', delete: 'Deleted', count: 'Counted' } as const

/** Characters of a value: somebody's notes may be pages. */
const LONGEST_VALUE = 120

export function editsToFile(edits: UnsentEdits): string {
  return `${JSON.stringify(edits, undefined, 2)}\n`
}

export function countEdits({ collections }: UnsentEdits): number {
  return collections.reduce((sum, { changes }) => sum + changes.length, 0)
}

/**
 * The edits in a file, as far as they must be in order to be shown; every value is checked when they are taken in.
 * @throws SyncError `invalid-value`
 */
export function fileToEdits(text: string): UnsentEdits {
  const edits = parse(text) as Partial<UnsentEdits> | null
  const isReadable =
    edits?.format === 'owlivion-unsent-edits' &&
    Array.isArray(edits.collections) &&
    edits.collections.every(
      (each) => typeof each?.name === 'string' && Array.isArray(each.changes) && each.changes.every(isReadableChange),
    )
  if (!isReadable) throw new SyncError('invalid-value', 'This file holds no edits of a locked-out device.')
  return edits as UnsentEdits
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A file of any other kind.
    return null
  }
}

function isReadableChange(change: unknown): boolean {
  const { id, kind, timeMs } = (change ?? {}) as Record<string, unknown>
  if (typeof id !== 'string' || typeof timeMs !== 'number' || typeof kind !== 'string' || !(kind in kindText))
    return false
  try {
    changeText(change as RecordChange)
    return true
  } catch {
    // Its parts are of another shape.
    return false
  }
}

/** "Changed ida@berg.example" and a line for each value. */
export function changeText(change: RecordChange): { readonly title: string; readonly lines: readonly string[] } {
  const { id, kind, fields = {}, cleared = [], added = {}, removed = {}, counted = {}, texts = {} } = change
  const name = typeof fields.name === 'string' ? fields.name : id
  return {
    title: `${kindText[kind]} ${name}`,
    lines: [
      ...Object.entries(fields).map(([field, value]) => `${field}: ${valueText(value)}`),
      ...cleared.map((field) => `${field}: cleared`),
      ...Object.entries(added).map(([field, values]) => `${field}: with ${valueText(values)}`),
      ...Object.entries(removed).map(([field, values]) => `${field}: without ${valueText(values)}`),
      ...Object.entries(counted).map(([field, by]) => `${field}: ${by > 0 ? '+' : ''}${by}`),
      ...Object.entries(texts).map(([field, { after }]) => `${field}: ${valueText(contentToText(after))}`),
    ],
  }
}

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)} …` : text
}
