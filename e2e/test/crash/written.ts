// What `keepWriting` of a device must have left behind.
import type { Fields } from '@owlivion/sync'
import { expect } from 'vitest'
import type { DeviceContent } from '../../support/device-process'

/**
 * Insists that every record up to and including `last` is there and whole. The pointer to the next record is written after it,
 * so the last one may lack its own, and so may each at which the writer was interrupted.
 */
export function expectWritten(
  content: DeviceContent,
  prefix: string,
  last: number,
  interrupted: ReadonlySet<number> = new Set(),
): void {
  const missing: string[] = []
  for (let i = 0; i <= last; i++) {
    const id = `${prefix}${i}`
    const { value, note, next } = (content.records[id] ?? {}) as Fields
    const isWhole = value === `${prefix} ${i}` && (note as string | undefined)?.length === (i * 37) % 400
    const isLinked = next === i + 1 || (next === undefined && (i === last || interrupted.has(i)))
    if (!isWhole || !isLinked) missing.push(id)
  }
  expect(missing).toEqual([])
}
