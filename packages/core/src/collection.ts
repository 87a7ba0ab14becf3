// A typed view on one document's records: what an app reads and writes. It holds no data of its own.

import { type CollectionOptions, type RecordFields, validRecord } from './collection-options'
import {
  type Conflict,
  type ConflictSource,
  conflictsIn,
  type DeleteConflict,
  deleteConflictsIn,
  newestOf,
} from './conflicts'
import { CountersAndSets } from './counters-and-sets'
import { type DeletedRecord, deletedIn, purgeNow } from './deleted-records'
import type { Edit, Fields, JsonValue, TextContent } from './document'
import { SyncError } from './errors'
import type { NamedPoint } from './named-points'
import { refuseSecrets } from './secret-fields'
import { type DocumentStatus, Listeners, type LiveDocument } from './sync'
import type { TextField } from './text-field'
import { TextNames } from './text-names'
import { begunText, chosenText, openText, writtenText } from './text-open'
import { EditStep, type ReadDocument, type Recorder, recorded } from './undo'

export type { CollectionOptions, CollectionType, RecordFields } from './collection-options'

/** What a collection needs of its account. */
export interface CollectionAccount {
  /** @param id hex of the device's id */
  deviceName(id: string): string | undefined
  /** Hex of this device's id. */
  readonly deviceId: string
  /** Milliseconds since 1970. */
  now(): number
  random(length: number): Uint8Array
  /** Names what is now, before something large that no person may be able to take back by hand. */
  namePoint(name: string): Promise<NamedPoint>
}

/**
 * Records of one data type. Reads are from memory and at once; a write is visible at once and its promise resolves when it is on disk.
 *
 * @example
 * const settings = await sync.open<{ theme: string }>('settings')
 * const stop = settings.subscribe(() => console.log(settings.get('appearance')?.theme))
 * await settings.add('appearance', { theme: 'dark' })
 * await settings.update('appearance', { theme: 'light' })
 * stop()
 */
export class Collection<T extends RecordFields<T>> extends CountersAndSets {
  private readonly listeners = new Listeners<[changed: ReadonlySet<string> | undefined]>()
  private readonly recorders = new Set<Recorder>()
  /** What is written through this object is part of. */
  private step: EditStep | undefined
  private readonly texts: TextNames

  /** @internal Use `sync.open`. */
  constructor(
    readonly name: string,
    sync: () => LiveDocument,
    private readonly options: CollectionOptions<T>,
    private readonly account: CollectionAccount,
  ) {
    super(sync)
    this.texts = new TextNames(options.texts)
  }

  /**
   * The record, or undefined when there is none or it is deleted; without its counters, sets and texts. The same frozen object until
   * the record changes.
   */
  get(id: string): (T & { readonly [field: string]: JsonValue }) | undefined {
    return this.texts.without(this.sync().registers.get(id)) as (T & Fields) | undefined
  }

  has(id: string): boolean {
    return this.sync().registers.has(id)
  }

  /** How many records there are. */
  get size(): number {
    return this.sync().registers.size
  }

  /** Ids of all records, in no particular order. */
  ids(): string[] {
    return [...this.sync().registers.ids()]
  }

  /** All records with their ids, in no particular order. */
  list(): (readonly [id: string, record: T])[] {
    const { registers } = this.sync()
    const records: (readonly [string, T])[] = []
    for (const id of registers.ids()) {
      const fields = registers.get(id)
      // What looked like a record may turn out to be something that this version cannot read.
      if (fields !== undefined) records.push([id, this.texts.without(fields) as T & Fields])
    }
    return records
  }

  /** Ids of deleted records that can still be restored. */
  deletedIds(): string[] {
    return [...this.sync().registers.deletedIds()]
  }

  /** Deleted records that can still be restored, the latest first: what is in them, which device deleted them, and when. */
  recentlyDeleted(): DeletedRecord<T>[] {
    return deletedIn(this.conflictSource)
  }

  /**
   * Removes deleted records for good, now, with their counters, sets and texts, on every device; what the history has of them stays there. By
   * itself that happens at `purgeAtMs` of `recentlyDeleted()`. Records that are not deleted stay, and those of which an edit that the delete had
   * not seen is undecided (`deleteConflicts`). An edit that no device has shown yet brings its record back whole. Cannot be undone.
   * @throws SyncError `purge-too-early`, before anything is purged, while another device that was heard of in the last 180 days has not shown
   * that it has all this one has, what is still to be sent among it: it may hold an edit. `status.copies` tells which. `device-removed`, `closed`
   *
   * @example
   * const notes = await sync.open<{ text: string }>('notes')
   * await notes.add('secret plan', { text: 'Surprise party' })
   * await notes.delete('secret plan')
   * await notes.purge('secret plan')
   * console.log(notes.deletedIds()) // []
   */
  async purge(...ids: readonly string[]): Promise<void> {
    const document = this.sync()
    // Not as a write that undo records: nothing could take it back.
    await Promise.all(document.transactAll(await purgeNow(document, ids, this.account.now())))
  }

  /**
   * Adds a record. Where one with this id is visible already, its differing fields are changed; where it was deleted, it starts anew.
   * @throws SyncError `secret-field`, `invalid-id`, `invalid-field`, `invalid-value`, `invalid-record`, `field-too-large`
   */
  async add(id: string, fields: T): Promise<void> {
    await this.write([{ kind: 'add', id, fields: this.checked(fields) }])
  }

  /**
   * Adds many records; each is on its own, together they are stored in one go.
   * @throws as `add`, before anything is written
   */
  async addAll(records: Iterable<readonly [id: string, fields: T]>): Promise<void> {
    const edits: Edit[] = []
    for (const [id, fields] of records) edits.push({ kind: 'add', id, fields: this.checked(fields) })
    await this.write(edits)
  }

  /**
   * Changes fields of a record; `undefined` clears one. Writing a field that holds a conflict decides it.
   * @throws SyncError `record-missing`, `record-deleted`, and as `add`
   */
  async update(id: string, fields: { readonly [K in keyof T]?: T[K] | undefined }): Promise<void> {
    refuseSecrets(fields, this.options.secret)
    this.texts.refuse(fields)
    const { schema } = this.options
    const present = schema === undefined ? undefined : this.get(id)
    // The schema speaks of whole records; what is wrong with fields that are not written now is not this call's business.
    const checked =
      present === undefined ? fields : validRecord(this.name, schema, { ...present, ...fields }, Object.keys(fields))
    const changes = Object.keys(fields).map((name) => [name, (checked as Partial<Fields>)[name]] as const)
    await this.write([{ kind: 'update', id, fields: Object.fromEntries(changes) }])
  }

  /** Deletes a record, which can be restored. Deleting one that is not there does nothing. */
  delete(id: string): Promise<void> {
    return this.write([{ kind: 'delete', id }])
  }

  /** Brings a deleted record back as it was. */
  restore(id: string): Promise<void> {
    return this.write([{ kind: 'restore', id }])
  }

  /**
   * A text of the record, to show and to edit it. The first call for a record begins the text.
   * @param field one of `CollectionOptions.texts`
   * @param options root: the text of this name, where two are in conflict; default the one that is shown
   * @throws SyncError `invalid-field`, `record-missing`, `record-deleted`, `closed`, `device-removed`
   *
   * @example
   * const drafts = await sync.open<{ subject: string }>('drafts', { texts: ['body'] })
   * await drafts.add('lunch', { subject: 'Lunch?' })
   * const body = await drafts.text('lunch', 'body')
   * const stop = body.subscribe(() => console.log(body.toText()))
   * body.replaceWithText('At one?')
   * stop()
   * body.close()
   */
  async text(id: string, field: string, { root }: { readonly root?: string } = {}): Promise<TextField> {
    this.texts.require(field)
    return openText(id, field, root, {
      document: this.sync,
      now: () => this.account.now(),
      random: (length) => this.account.random(length),
      subscribe: (listener) => this.subscribe(listener),
    })
  }

  /**
   * @internal What is written in a text of the record, undefined where nobody has: unlike `text`, asking begins none. The app need not have
   * opened the collection with it.
   * @param root the text of this name; default the one that is shown
   */
  textContent(id: string, field: string, root?: string): TextContent | undefined {
    return writtenText(this.sync(), id, field, root)
  }

  /** @internal Begins a text with this content. Nothing happens where somebody has written in it: that is not to be out of sight. */
  async beginText(id: string, field: string, content: TextContent): Promise<void> {
    const edit = begunText(this.sync(), id, field, content, {
      now: () => this.account.now(),
      random: (length) => this.account.random(length),
    })
    if (edit !== undefined) await this.write([edit])
  }

  /**
   * Fields with values that did not know each other. They stay until somebody writes the field. Texts merge and do not conflict; only two
   * devices that each began the text of one record do, and there a candidate's `value` names a text: `text(id, field, { root: value })`.
   * @param id of the record that is asked about; default all
   */
  conflicts(id?: string): Conflict<T>[] {
    const conflicts = conflictsIn<T>(this.conflictSource, { latestWins: this.options.latestWins, id })
    return conflicts.filter((each) => this.texts.isConflict(this.sync(), each.id, each.field))
  }

  /**
   * Records that one device deleted while another, not knowing, changed them; whichever is later is shown until somebody decides.
   * @param id of the record that is asked about; default all
   */
  deleteConflicts(id?: string): DeleteConflict[] {
    return deleteConflictsIn(this.conflictSource, id)
  }

  /**
   * Decides a conflict, on every device: for one of its candidates, or for a value of your own. The other conflicts of the record stay.
   * @param choice one of `conflicts()`'s candidates, or any other value
   * @throws as `update`
   *
   * @example
   * const contacts = await sync.open<{ name: string }>('contacts')
   * for (const { id, field, candidates } of contacts.conflicts()) {
   *   const longest = candidates.reduce((a, b) => (String(a.value).length < String(b.value).length ? b : a))
   *   await contacts.resolve(id, field, longest)
   * }
   */
  async resolve(id: string, field: keyof T & string, choice: { readonly value: JsonValue | undefined }): Promise<void> {
    if (this.texts.has(field)) return this.write([chosenText(this.sync(), id, field, choice.value)])
    await this.update(id, { [field]: choice.value } as { readonly [K in keyof T]?: T[K] | undefined })
  }

  /**
   * Decides whether a record stays that one device deleted while another changed it. Does nothing where nothing is undecided.
   * @throws SyncError `invalid-value` for another choice, `device-removed`, `closed`
   */
  async resolveDelete(id: string, choice: 'keep' | 'delete'): Promise<void> {
    if (choice !== 'keep' && choice !== 'delete')
      throw new SyncError('invalid-value', `A record is kept or deleted, not “${String(choice)}”.`)
    if (this.deleteConflicts(id).length > 0) await this.write([{ kind: choice === 'keep' ? 'restore' : 'delete', id }])
  }

  /**
   * Decides every conflict, deletes included, for what was written last, which is what is shown now.
   * @param ids of the records that are meant; default all
   * @returns how many conflicts that were
   */
  async resolveAllToNewest(ids?: Iterable<string>): Promise<number> {
    const { document } = this.conflictSource
    const newest = newestOf(this.conflictSource, this.options.latestWins ?? [], ids && new Set(ids))
    const edits = newest.flatMap((edit) => this.texts.newest(document, edit))
    await this.write(edits)
    return edits.length
  }

  /**
   * Makes one step to undo of everything that `edit` writes through the collection it is given, however long that takes. What is written
   * meanwhile through any other object is not part of it.
   * @param label what a menu says behind "Undo"
   * @returns what `edit` does
   *
   * @example
   * const contacts = await sync.open<{ name: string; group?: string }>('contacts')
   * await contacts.asOneStep('Move to Friends', async (step) => {
   *   for (const [id] of contacts.list()) await step.update(id, { group: 'Friends' })
   * })
   */
  asOneStep<Result>(label: string, edit: (collection: this) => Result): Result {
    return edit(this.within(this.step ?? new EditStep(label)))
  }

  /**
   * The same collection; what is written through the answer is part of `step`, as what is written to other collections within it. For steps
   * over several collections.
   */
  within(step: EditStep): this {
    const view = Object.create(this) as this
    view.step = step
    return view
  }

  /**
   * Names what is now in the whole account, as `restoreTo` and every import do by themselves before they write. In a tab that shares the account with others it
   * makes the tab the leading one.
   */
  namePoint(name: string): Promise<NamedPoint> {
    return this.account.namePoint(name)
  }

  /** How far this device's edits have come, and what the relay refuses of them. */
  get status(): DocumentStatus {
    return this.sync().status
  }

  /**
   * Calls `listener` after every change, with the ids of the changed records, or undefined when any may have changed.
   * @returns a function that ends it
   */
  subscribe(listener: (changed: ReadonlySet<string> | undefined) => void): () => void {
    return this.listeners.add(listener)
  }

  /** @internal */
  changed(ids: ReadonlySet<string> | undefined): void {
    this.listeners.tell(ids)
  }

  /** @internal Tells `recorder` what each write did. @returns a function that ends it */
  record(recorder: Recorder): () => void {
    this.recorders.add(recorder)
    return () => this.recorders.delete(recorder)
  }

  /** @internal What is read to undo, and hex of this device's id. */
  reading(): { readonly document: ReadDocument; readonly device: string } {
    return { document: this.sync(), device: this.account.deviceId }
  }

  /** @internal Whether the field says of a text where it is, or when it was written in: nothing that an app is shown. */
  isOfText(field: string): boolean {
    return this.texts.isReserved(field)
  }

  /** @internal Writes what was checked when it was first written. It is in the document when this returns. */
  apply(edits: readonly Edit[]): Promise<void> {
    const document = this.sync()
    const write = () => document.transactAll(edits)
    const { recorders, step, account } = this
    const stored = recorders.size === 0 ? write() : recorded(document, account.deviceId, edits, step, recorders, write)
    return Promise.all(stored).then(() => {})
  }

  private checked(fields: T): Fields {
    refuseSecrets(fields, this.options.secret)
    this.texts.refuse(fields)
    return validRecord(this.name, this.options.schema, fields)
  }

  private get conflictSource(): ConflictSource {
    return { document: this.sync(), deviceName: (id) => this.account.deviceName(id) }
  }

  protected refuseSecretName(field: string): void {
    refuseSecrets({ [field]: null }, this.options.secret)
  }

  protected async write(edits: readonly Edit[]): Promise<void> {
    await this.apply(edits)
  }
}
