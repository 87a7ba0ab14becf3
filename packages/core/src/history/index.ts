// What became of a collection, and going back to what it was.
import { bytesToHex } from '@owlivion/sync-protocol'
import { engineOf, keepHistoryFor, type Sync } from '../client'
import type { Collection, RecordFields } from '../collection'
import { SyncError } from '../errors'
import type { NamedPoint } from '../named-points'
import type { PackedChange, SyncEngine } from '../sync'
import { type HistoryChange, type HistoryOptions, type HistoryPage, type KnownHistory, pageOf } from './changes'
import {
  differencesSince,
  editsBack,
  type Moment,
  type PointRecord,
  shownDifferences,
  withoutTexts,
} from './differences'
import { OlderChanges } from './older-changes'
import { type Points, pointsWith } from './points'

export type { NamedPoint } from '../named-points'
export type { HistoryChange, HistoryOptions, HistoryPage, HistoryPosition } from './changes'
export type { PointField, PointRecord } from './differences'
export type { Points } from './points'

const DAY_MS = 86_400_000

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
    private readonly collection: Pick<Collection<never>, 'name' | 'asOneStep' | 'deletedIds' | 'apply' | 'isOfText'>,
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
    const { engine, known } = await this.read()
    const names = new Map(engine.devices().map(({ id, name }) => [id, name]))
    return pageOf(known, options, { deviceName: (id) => names.get(id), isOfText: this.isOfText })
  }

  /**
   * What the account keeps of the history beside the log, in bytes as they are sealed, about: it is no part of what the collection itself takes.
   * @throws as `changes`
   */
  async bytes(): Promise<number> {
    const engine = await engineOf(this.sync)
    const open = await engine.documents.open(this.collection.name)
    const { packs } = await engine.history.read(open().document)
    return packs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  }

  /**
   * What is different now from what was then, without changing anything.
   * @throws SyncError `invalid-value` when the history does not go back that far, and as `changes`
   */
  async differencesAt(point: HistoryPoint): Promise<PointRecord[]> {
    return shownDifferences(withoutTexts(await this.differences(point), this.isOfText), this.isOfText)
  }

  /**
   * Makes records what they were: by edits made now, which other devices see as any other, and which can be undone in one step. What another
   * device writes meanwhile stays beside them, as a conflict where it is the same field. Counters are left as they are, and texts.
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
    const read = async (): Promise<PointRecord[]> =>
      withoutTexts(await this.differences(point), this.isOfText).filter(({ id }) => wanted?.has(id) ?? true)
    if ((await read()).length === 0) return { restored: 0, before: undefined }
    const points = await openPoints(this.sync)
    const before = await points.add(`Before restoring ${this.collection.name}`, { isAutomatic: true })
    const records = await read()
    const deleted = new Set(this.collection.deletedIds())
    const edits = editsBack(records, (id) => deleted.has(id))
    await this.collection.asOneStep('Restore', (step) => step.apply(edits))
    return { restored: records.length, before }
  }

  private readonly isOfText = (field: string): boolean => this.collection.isOfText(field)

  private async differences(point: HistoryPoint): Promise<PointRecord[]> {
    const moment: Moment = typeof point === 'number' ? { atMs: point } : point
    // Before a moment that is none there was nothing, and going back to that would delete everything.
    if (!Number.isFinite(moment.number ?? moment.atMs)) throw new SyncError('invalid-value', 'The moment is no time.')
    const { changes, isWhole, older } = (await this.read()).known
    if (older.reaches(moment)) return differencesSince(joined(older.forward(), changes), moment)
    const first = changes[0]
    const isKnown = isWhole || (first !== undefined && first.atMs <= moment.atMs)
    if (!isKnown)
      throw new SyncError('invalid-value', 'The history of this collection does not go back that far on this device.')
    return differencesSince(changes, moment)
  }

  private async read(): Promise<{ readonly engine: SyncEngine; readonly known: KnownHistory }> {
    const engine = await engineOf(this.sync)
    const open = await engine.documents.open(this.collection.name)
    const { changes, isWhole, below } = await open().changes()
    if (isWhole) return { engine, known: { changes, isWhole, older: new OlderChanges(undefined, false, () => false) } }
    const stored = await engine.history.read(open().document)
    const ends = new Map(
      [...below].map(([{ device, incarnation }, to]) => [`${bytesToHex(device)}/${incarnation}`, to]),
    )
    const isCounted = ({ device, incarnation, sequence }: PackedChange): boolean =>
      sequence <= (ends.get(`${device}/${incarnation}`) ?? 0)
    const older = new OlderChanges(stored, stored.isComplete(below), isCounted)
    return { engine, known: { changes, isWhole: older.isWhole, older } }
  }
}

function* joined<T>(...parts: readonly Iterable<T>[]): Generator<T> {
  for (const part of parts) yield* part
}

/**
 * For how long this device lets the account keep what became of records, from now on; 90 days unless said. A device that sums up a collection
 * deletes what is older. It is not stored: say it whenever the account is opened, in every tab, and the same on all devices, for the shortest
 * counts.
 * @throws SyncError `invalid-value` for less than a day
 *
 * @example
 * await keepHistory(sync, { days: 365 })
 */
export async function keepHistory(sync: Sync, { days }: { readonly days: number }): Promise<void> {
  if (!(days >= 1)) throw new SyncError('invalid-value', 'A history is kept for a day at least.')
  keepHistoryFor(sync, days * DAY_MS)
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
