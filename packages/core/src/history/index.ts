// What became of a collection, and going back to what it was.
import { engineOf, type Sync } from '../client'
import type { Collection, RecordFields } from '../collection'
import { SyncError } from '../errors'
import type { NamedPoint } from '../named-points'
import type { SyncEngine } from '../sync'
import { type HistoryChange, type HistoryOptions, type HistoryPage, pageOf } from './changes'
import { differencesSince, editsBack, type Moment, type PointRecord, shownDifferences } from './differences'
import { type Points, pointsWith } from './points'

export type { NamedPoint } from '../named-points'
export type { HistoryChange, HistoryOptions, HistoryPage, HistoryPosition } from './changes'
export type { PointField, PointRecord } from './differences'
export type { Points } from './points'

/** A moment in a collection's history: a time in ms since 1970, what `openPoints` names, or a change, which is the last that counts. */
export type HistoryPoint = number | Pick<NamedPoint, 'atMs'> | Pick<HistoryChange, 'number' | 'atMs'>

/** What `restoreTo` did. */
export interface RestoreResult {
  /** Records that are what they were again. */
  readonly restored: number
  /** Where to go back to, if it was a mistake: named before anything was written. Undefined when there was nothing to do. */
  readonly before: NamedPoint | undefined
}

/** What became of the records of one collection. It is read when it is asked for, and kept nowhere. */
export class History {
  /** @internal Use `historyOf`. */
  constructor(
    private readonly sync: Sync,
    private readonly collection: Pick<Collection<never>, 'name' | 'asOneStep' | 'deletedIds' | 'apply'>,
  ) {}

  /**
   * Who changed what, when, on which device: the newest first, edits of this device that wait to be sent among them.
   * @throws SyncError `profile-damaged`, `closed`, `device-removed`; `profile-in-use` as `takeLead`
   *
   * @example
   * const contacts = await sync.open<{ name: string }>('contacts')
   * const { changes } = await historyOf(sync, contacts).changes({ limit: 20 })
   * for (const { kind, id, device, atMs } of changes) console.log(new Date(atMs), device.name, kind, id)
   */
  async changes(options: HistoryOptions = {}): Promise<HistoryPage> {
    const { engine, log } = await this.read()
    const names = new Map(engine.devices().map(({ id, name }) => [id, name]))
    return pageOf(log.changes, log.isWhole, options, (id) => names.get(id))
  }

  /**
   * What is different now from what was then, without changing anything.
   * @throws SyncError `invalid-value` when the history does not go back that far, and as `changes`
   */
  async differencesAt(point: HistoryPoint): Promise<PointRecord[]> {
    return shownDifferences(await this.differences(point))
  }

  /**
   * Makes records what they were: by edits made now, which other devices see as any other, and which can be undone in one step. What another
   * device writes meanwhile stays beside them, as a conflict where it is the same field. Counters are left as they are.
   * @param options `ids`: of the records that are meant; default all
   * @throws as `differencesAt`
   *
   * @example
   * const contacts = await sync.open<{ name: string }>('contacts')
   * const before = await (await openPoints(sync)).add('Before tidying up')
   * await contacts.add('ann@example.com', { name: 'Ann' })
   * await historyOf(sync, contacts).restoreTo(before)
   * console.log(contacts.has('ann@example.com')) // false
   */
  async restoreTo(point: HistoryPoint, { ids }: { readonly ids?: Iterable<string> } = {}): Promise<RestoreResult> {
    const wanted = ids && new Set(ids)
    const isWanted = ({ id }: PointRecord): boolean => wanted === undefined || wanted.has(id)
    if (!(await this.differences(point)).some(isWanted)) return { restored: 0, before: undefined }
    const points = await openPoints(this.sync)
    const before = await points.add(`Before restoring ${this.collection.name}`, { isAutomatic: true })
    const records = (await this.differences(point)).filter(isWanted)
    const deleted = new Set(this.collection.deletedIds())
    const edits = editsBack(records, (id) => deleted.has(id))
    await this.collection.asOneStep('Restore', (step) => step.apply(edits))
    return { restored: records.length, before }
  }

  private async differences(point: HistoryPoint): Promise<PointRecord[]> {
    const moment: Moment = typeof point === 'number' ? { atMs: point } : point
    const { log } = await this.read()
    const first = log.changes[0]
    const isKnown = log.isWhole || (first !== undefined && first.atMs <= moment.atMs)
    if (!isKnown)
      throw new SyncError('invalid-value', 'The history of this collection does not go back that far on this device.')
    return differencesSince(log.changes, moment)
  }

  private async read() {
    const engine = await engineOf(this.sync)
    const document = await engine.documents.open(this.collection.name)
    return { engine, log: await document().changes() }
  }
}

/**
 * The history of a collection. In a tab that shares the account with others, asking it something makes the tab the leading one.
 *
 * @example
 * const contacts = await sync.open<{ name: string }>('contacts')
 * const lastWeek = await historyOf(sync, contacts).differencesAt(Date.parse('2026-11-16T08:00'))
 */
export function historyOf<T extends RecordFields<T>>(sync: Sync, collection: Collection<T>): History {
  return new History(sync, collection as unknown as Collection<never>)
}

/**
 * The named points of the account.
 *
 * @example
 * const points = await openPoints(sync)
 * await points.add('Before the spring cleaning')
 * points.list()[0]?.name // 'Before the spring cleaning'
 */
export async function openPoints(sync: Sync): Promise<Points> {
  const engine: SyncEngine = await engineOf(sync)
  return pointsWith(sync, engine)
}
