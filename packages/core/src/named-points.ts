// Moments of an account under a name: records like any other, so that every device lists the same. What names them is kept apart from what
// reads the history, which not every app loads.
import { bytesToHex } from '@owlivion/sync-protocol'
import type { SyncEngine } from './sync'

/** The collection that holds them. */
export const POINTS = 'history:points'
const ID_BYTES = 16

export type PointFields = { readonly name: string; readonly atMs: number; readonly isAutomatic?: boolean }

/** A moment with a name. */
export interface NamedPoint {
  readonly id: string
  readonly name: string
  /** In ms since 1970, by the clock of the device that named it as its relay corrects it. */
  readonly atMs: number
  /** Made by the library, before something large. */
  readonly isAutomatic: boolean
}

/** Names what is now. What is written after the promise has resolved comes after the point. */
export async function addPoint(
  points: { add(id: string, fields: PointFields): Promise<void> },
  engine: Pick<SyncEngine, 'documents' | 'endMillisecond' | 'platform'>,
  { name, isAutomatic }: Pick<NamedPoint, 'name' | 'isAutomatic'>,
): Promise<NamedPoint> {
  const id = bytesToHex(engine.platform.random(ID_BYTES))
  // A point is the end of its millisecond.
  const atMs = engine.endMillisecond()
  for (const document of engine.documents.all()) document.endEntry()
  await points.add(id, { name, atMs, ...(isAutomatic && { isAutomatic }) })
  return { id, name, atMs, isAutomatic }
}
