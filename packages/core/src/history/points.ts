// Moments that somebody may want to go back to, under a name.
import type { Sync } from '../client'
import type { Collection } from '../collection'
import { addPoint, type NamedPoint, POINTS, type PointFields } from '../named-points'
import type { SyncEngine } from '../sync'

/** The named points of an account. */
export class Points {
  /** @internal Use `openPoints`. */
  constructor(
    private readonly collection: Collection<PointFields>,
    private readonly engine: Pick<SyncEngine, 'documents' | 'endMillisecond' | 'platform'>,
  ) {}

  /**
   * Names what is now. What is written after the promise has resolved comes after the point.
   * @param options `isAutomatic`: no person asked for it
   */
  add(name: string, { isAutomatic = false }: { readonly isAutomatic?: boolean } = {}): Promise<NamedPoint> {
    return addPoint(this.collection, this.engine, { name, isAutomatic })
  }

  /** Newest first. */
  list(): NamedPoint[] {
    return this.collection
      .list()
      .map(([id, { name, atMs, isAutomatic = false }]) => ({ id, name, atMs, isAutomatic }))
      .sort((a, b) => b.atMs - a.atMs)
  }

  /** Takes the name away; what was then stays in the history. */
  remove(id: string): Promise<void> {
    return this.collection.delete(id)
  }
}

/** @internal */
export async function pointsWith(sync: Sync, engine: SyncEngine): Promise<Points> {
  return new Points(await sync.open<PointFields>(POINTS), engine)
}
