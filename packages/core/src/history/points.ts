// Moments that somebody may want to go back to, under a name: records of the account like any other, so every device lists the same.
import { bytesToHex } from '@owlivion/sync-protocol'
import type { Sync } from '../client'
import type { Collection } from '../collection'
import type { SyncEngine } from '../sync'

/** The collection that holds them. */
const COLLECTION = 'history:points'
const ID_BYTES = 16

type PointRecord = { readonly name: string; readonly atMs: number; readonly isAutomatic?: boolean }

/** A moment with a name. */
export interface NamedPoint {
  readonly id: string
  readonly name: string
  /** In ms since 1970, by the clock of the device that named it as its relay corrects it. */
  readonly atMs: number
  /** Made by the library, before something large. */
  readonly isAutomatic: boolean
}

/** The named points of an account. */
export class Points {
  /** @internal Use `openPoints`. */
  constructor(
    private readonly collection: Collection<PointRecord>,
    private readonly engine: Pick<SyncEngine, 'now' | 'platform'>,
  ) {}

  /**
   * Names what is now. What is written after the promise has resolved comes after the point.
   * @param options `isAutomatic`: no person asked for it
   */
  async add(name: string, { isAutomatic = false }: { readonly isAutomatic?: boolean } = {}): Promise<NamedPoint> {
    const { engine } = this
    const id = bytesToHex(engine.platform.random(ID_BYTES))
    const atMs = Math.floor(engine.now())
    await this.collection.add(id, { name, atMs, ...(isAutomatic && { isAutomatic }) })
    // A point is the end of its millisecond.
    while (Math.floor(engine.now()) <= atMs) await new Promise<void>((resolve) => engine.platform.setTimer(1, resolve))
    return { id, name, atMs, isAutomatic }
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
  return new Points(await sync.open<PointRecord>(COLLECTION), engine)
}
