// A whole account into a file and back. The import is a forward change like any other: it is shown first, what the file says replaces what
// the account says field by field, and what the file does not mention stays.
import type { Fields, JsonValue, TextContent } from '../../document'
import type { Contact } from '../contact'
import type { LeftOut } from '../import-report'
import { mailTypes } from '../mail-types'
import { IMPORT_LABEL, type ImportOptions } from '../slices'
import { canonicalText } from '../text'
import { writeCard } from '../vcard/write-card'
import { type AccountFile, type FileRecord, FORMAT, readAccountFile, type TransferType, VERSION } from './account-file'
import { type ChangedRecord, fieldChanges, type ImportPreview, type ImportRefusal, type NewRecord } from './preview'
import { type ImportPoint, type ImportResult, type ImportTarget, pointBefore, writeImport } from './write'

/** Of a collection what exporting and importing need. */
export interface TransferCollection extends ImportTarget<Fields> {
  has(id: string): boolean
  counter(id: string, field: string): number
  increment(id: string, field: string, by?: number): Promise<void>
  set(id: string, field: string): readonly string[]
  addToSet(id: string, field: string, ...elements: readonly string[]): Promise<void>
  /** The counters and sets of the record, also those that the data type does not name. Without it those stay behind. */
  besideNames?(id: string): { readonly counters: readonly string[]; readonly sets: readonly string[] }
  conflicts(): readonly {
    readonly id: string
    readonly field: string
    readonly candidates: readonly { readonly value: JsonValue | undefined }[]
  }[]
  /** What is written in a text of the record, undefined where nobody has. Without it texts are neither exported nor imported. */
  textContent?(id: string, field: string, root?: string): TextContent | undefined
  /** Begins a text of the record with this, unless somebody has written in it. */
  beginText?(id: string, field: string, content: TextContent): Promise<void>
  within?(step: { readonly label: string }): TransferCollection
}

/** Of an account what exporting and importing need: `Sync` is one. */
export interface TransferAccount {
  open(type: TransferType): Promise<TransferCollection>
}

/** Every data type of `mailTypes`. */
const allTypes = Object.values(mailTypes) as unknown as readonly TransferType[]

/** What to export, or to take of a file. */
export interface ExportOptions {
  /** The data types to export; default all of `mailTypes`. */
  readonly types?: readonly TransferType[]
}

/** An account as files. */
export interface ExportedAccount {
  /** Every record of every data type: fields, counters, sets, texts, and what is undecided. UTF-8. */
  readonly json: string
  /** The address book again, as vCard 3.0, for other programs. UTF-8. */
  readonly vcards: string
}

/**
 * What an account holds of the data types of a mail client, or of those in `types`, as files: JSON to read and to import again, and vCards for
 * other programs. Nothing in them is encrypted, and passwords are not in them because they are not in the account. Deleted records, the
 * history and documents that an app attached stay behind: what those hold only the app knows.
 *
 * @example
 * const { json, vcards } = await exportAccount(sync)
 */
export async function exportAccount(
  account: TransferAccount,
  { types = allTypes }: ExportOptions = {},
): Promise<ExportedAccount> {
  const collections: [string, FileRecord[]][] = []
  let vcards = ''
  for (const type of types) {
    const collection = await account.open(type)
    const records = fileRecords(collection, type)
    collections.push([type.name, records])
    if (type.name !== mailTypes.contacts.name) continue
    vcards = records.map(({ fields }) => writeCard(fields as unknown as Contact, '3.0')).join('')
  }
  const file: AccountFile = { format: FORMAT, version: VERSION, collections: Object.fromEntries(collections) }
  return { json: `${JSON.stringify(file, null, 2)}\n`, vcards }
}

/** By id, so that two exports of the same account are the same text. */
function fileRecords(collection: TransferCollection, { counters, sets, texts = [] }: TransferType): FileRecord[] {
  const undecidedById = new Map<string, [field: string, values: JsonValue[]][]>()
  for (const { id, field, candidates } of collection.conflicts()) {
    // Of a text a candidate is its name, which says nothing outside of the account.
    const values = candidates.map(({ value = null }) =>
      texts.includes(field) ? (asJson(collection.textContent?.(id, field, String(value))) ?? null) : value,
    )
    undecidedById.set(id, [...(undecidedById.get(id) ?? []), [field, values]])
  }
  return [...collection.list()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, fields]) => {
      const beside = collection.besideNames?.(id) ?? { counters: [], sets: [] }
      const counted = namesOf(counters, beside.counters)
        .map((field) => [field, collection.counter(id, field)] as const)
        .filter(([, count]) => count !== 0)
      const filled = namesOf(sets, beside.sets)
        .map((field) => [field, collection.set(id, field)] as const)
        .filter(([, elements]) => elements.length > 0)
      const written = texts.flatMap((field) => {
        const content = collection.textContent?.(id, field)
        return content === undefined ? [] : [[field, content] as const]
      })
      const undecided = undecidedById.get(id)
      return {
        id,
        fields,
        ...(counted.length === 0 ? {} : { counters: Object.fromEntries(counted) }),
        ...(filled.length === 0 ? {} : { sets: Object.fromEntries(filled) }),
        ...(written.length === 0 ? {} : { texts: Object.fromEntries(written) }),
        ...(undecided === undefined ? {} : { undecided: Object.fromEntries(undecided) }),
      }
    })
}

/** Those that the data type names, and those that are there and only a newer version of it names. */
const namesOf = (known: readonly string[], there: readonly string[]): readonly string[] => [
  ...new Set([...known, ...there]),
]

const asJson = (content: TextContent | undefined): JsonValue | undefined => content as JsonValue | undefined

/** What an import changes in one data type. */
export interface CollectionPreview extends ImportPreview<Fields> {
  readonly type: TransferType
  /** Counters that stand higher in the file, and elements of sets that the record lacks. */
  readonly beside: readonly BesideFields[]
  /** Texts that are in the file and that nobody has written here. One that says something else here stays, and is in `leftOut`. */
  readonly texts: readonly ImportedText[]
}

/** A text of a record that an import would begin. */
export interface ImportedText {
  readonly id: string
  readonly field: string
  readonly content: TextContent
}

/** A counter or a set of a record that an import would raise or fill. */
export interface BesideFields {
  readonly id: string
  readonly field: string
  /** What the counter stands at in the file, or the elements. */
  readonly value: number | readonly string[]
}

/** What the import of an account would do. */
export interface AccountPreview {
  readonly collections: readonly CollectionPreview[]
  /** What is not imported, with line and reason. */
  readonly refused: readonly ImportRefusal[]
}

/**
 * Compares the JSON of `exportAccount` with an account; writes nothing. A record is recognised by its id. Never throws for what the file
 * holds: what cannot be imported is in `refused`.
 * @throws as `sync.open`
 *
 * @example
 * const preview = await previewAccountImport(sync, '{"format":"something else"}')
 * console.log(preview.refused[0]?.code) // 'not-an-export'
 */
export async function previewAccountImport(
  account: TransferAccount,
  input: Uint8Array | string,
  { types = allTypes }: ExportOptions = {},
): Promise<AccountPreview> {
  const { recordsByType, lineByRecord, refused } = readAccountFile(input, types)
  const collections: CollectionPreview[] = []
  for (const [type, records] of recordsByType)
    collections.push(compare(await account.open(type), type, records, lineByRecord))
  return { collections, refused }
}

function compare(
  collection: TransferCollection,
  type: TransferType,
  records: readonly FileRecord[],
  lineByRecord: ReadonlyMap<FileRecord, number>,
): CollectionPreview {
  const added: NewRecord<Fields>[] = []
  const changed: ChangedRecord<Fields>[] = []
  const same: string[] = []
  for (const { id, fields } of records) {
    const known = collection.get(id)
    const changes = known === undefined ? [] : fieldChanges(known, replaceFields(known, fields))
    if (known === undefined) added.push({ id, record: fields })
    else if (changes.length > 0) changed.push({ id, record: fields, changes })
    else same.push(id)
  }
  const beside = records.flatMap((record) => besideFields(collection, type, record))
  const texts: ImportedText[] = []
  const leftOut: LeftOut[] = []
  for (const record of records) {
    for (const each of textsOf(record, type)) {
      const here = collection.textContent?.(each.id, each.field)
      if (here === undefined) texts.push(each)
      else if (canonicalText(here) !== canonicalText(each.content)) {
        // To write over it would take away what somebody types meanwhile, and no undo would bring it back.
        const reason = `The text “${each.field}” of “${each.id}” says something else in the account, and stays.`
        leftOut.push({ line: lineByRecord.get(record) ?? 1, property: each.field, code: 'text-differs', reason })
      }
    }
  }
  return { type, added, changed, same, beside, texts, refused: [], leftOut }
}

function textsOf({ id, texts = {} }: FileRecord, type: TransferType): ImportedText[] {
  return (type.texts ?? []).flatMap((field) => {
    const content = Object.hasOwn(texts, field) ? texts[field] : undefined
    return content === undefined || content.length === 0 ? [] : [{ id, field, content }]
  })
}

function besideFields(
  collection: TransferCollection,
  type: TransferType,
  { id, counters, sets }: FileRecord,
): BesideFields[] {
  const counted = namesOf(type.counters, Object.keys(counters ?? {})).flatMap((field) => {
    const value = counters?.[field] ?? 0
    return value > collection.counter(id, field) ? [{ id, field, value }] : []
  })
  const filled = namesOf(type.sets, Object.keys(sets ?? {})).flatMap((field) => {
    const here = collection.set(id, field)
    const value = sets?.[field]?.filter((element) => !here.includes(element)) ?? []
    return value.length > 0 ? [{ id, field, value }] : []
  })
  return [...counted, ...filled]
}

function replaceFields(known: Fields, said: Fields): Fields {
  return { ...known, ...said }
}

/**
 * Writes what a preview of an account's file shows, data type by data type, in slices. Cancelled, it keeps what it wrote and says so. All of it is
 * one step to undo, and what was there before has a name among the account's points.
 * @throws SyncError as `collection.addAll`, but not for a single record
 *
 * @example
 * const { json } = await exportAccount(sync)
 * const { added, changed } = await applyAccountImport(sync, await previewAccountImport(sync, json))
 * console.log(added, changed) // 0 0
 */
export async function applyAccountImport(
  account: TransferAccount,
  { collections }: AccountPreview,
  { onProgress, signal, label = IMPORT_LABEL }: ImportOptions = {},
): Promise<ImportResult> {
  const step = { label }
  const total = collections.reduce((sum, { added, changed }) => sum + added.length + changed.length, 0)
  const refused: ImportRefusal[] = []
  let [added, changed, unchanged, done] = [0, 0, 0, 0]
  let before: ImportPoint | undefined
  for (const preview of collections) {
    const opened = await account.open(preview.type)
    const collection = opened.within?.(step) ?? opened
    if (isEmpty(preview)) continue
    before ??= await pointBefore(opened, label)
    const doneBefore = done
    const result = await writeImport(collection, preview, replaceFields, {
      ...(signal === undefined ? {} : { signal }),
      onProgress: (progress) => {
        done = doneBefore + progress.done
        onProgress?.({ done, total })
      },
    })
    added += result.added
    changed += result.changed
    unchanged += result.unchanged
    refused.push(...result.refused)
    if (result.isCancelled || signal?.aborted) return { added, changed, unchanged, refused, isCancelled: true, before }
    await writeBeside(collection, preview.beside)
    for (const { id, field, content } of preview.texts)
      if (collection.has(id)) await collection.beginText?.(id, field, content)
  }
  return { added, changed, unchanged, refused, isCancelled: false, before }
}

const isEmpty = ({ added, changed, beside, texts }: CollectionPreview): boolean =>
  added.length + changed.length + beside.length + texts.length === 0

/** Counters are raised to what the file says, so that importing it again counts nothing twice. */
async function writeBeside(collection: TransferCollection, beside: readonly BesideFields[]): Promise<void> {
  for (const { id, field, value } of beside) {
    if (!collection.has(id)) continue
    if (typeof value !== 'number') await collection.addToSet(id, field, ...value)
    else if (value > collection.counter(id, field))
      await collection.increment(id, field, value - collection.counter(id, field))
  }
}
