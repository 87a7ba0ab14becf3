// Everything an account holds as one JSON file that a person can read and this package reads back: a list of records for each data type.
import { checkContent, checkEdit, type Fields, type JsonValue, type TextContent } from '../../document'
import { SyncError } from '../../errors'
import { refuseSecrets } from '../../secret-fields'
import { MAX_FILE_BYTES, MAX_NOTICES } from '../limits'
import type { MailType } from '../mail-type'
import { wellFormed } from '../text'
import { decodeFile, isCompressed } from '../vcard/charset'
import type { ImportRefusal } from './preview'

/** The `format` and `version` of the file. A version is new when an older reader would misread it; further members are not that. */
export const FORMAT = 'owlivion-sync-account'
export const VERSION = 1

/** A data type as exporting and importing see it. */
export type TransferType = MailType<Fields>

/** A record with what is counted and collected beside its fields. */
export interface FileRecord {
  readonly id: string
  readonly fields: Fields
  readonly counters?: Readonly<Record<string, number>>
  readonly sets?: Readonly<Record<string, readonly string[]>>
  /** What is written in its texts, by field: blocks with letters in them. */
  readonly texts?: Readonly<Record<string, TextContent>>
  /** Fields that nobody has decided: all values, the one that is shown first. For the reader; an import takes the shown ones. */
  readonly undecided?: Readonly<Record<string, readonly JsonValue[]>>
}

export interface AccountFile {
  readonly format: typeof FORMAT
  readonly version: typeof VERSION
  readonly collections: Readonly<Record<string, readonly FileRecord[]>>
}

/** What a file holds that may be imported. */
export interface ReadAccountFile {
  readonly recordsByType: ReadonlyMap<TransferType, readonly FileRecord[]>
  /** Where in the file a record with texts stands. */
  readonly lineByRecord: ReadonlyMap<FileRecord, number>
  readonly refused: readonly ImportRefusal[]
}

/** Never throws: what cannot be read is refused with line and reason. */
export function readAccountFile(input: Uint8Array | string, types: readonly TransferType[]): ReadAccountFile {
  const refused: ImportRefusal[] = []
  const refuse: Refuse = (line, code, reason) => {
    if (refused.length < MAX_NOTICES) refused.push({ line, code, reason })
  }
  const recordsByType = new Map<TransferType, readonly FileRecord[]>()
  const lineByRecord = new Map<FileRecord, number>()
  const result = { recordsByType, lineByRecord, refused }

  if (input.length > MAX_FILE_BYTES) {
    refuse(1, 'file-too-large', `The file is larger than ${MAX_FILE_BYTES} bytes.`)
    return result
  }
  if (isCompressed(input)) {
    refuse(1, 'file-compressed', 'The file is compressed; unpack it first.')
    return result
  }
  const text = decodeFile(input)
  const content = parse(text, refuse)
  if (content === undefined) return result
  if (!isObject(content) || content.format !== FORMAT || !isObject(content.collections)) {
    refuse(1, 'not-an-export', 'The file is no export of an account.')
    return result
  }
  if (content.version !== VERSION) {
    refuse(1, 'newer-export', 'The file was written by a newer version of the app; update this one first.')
    return result
  }
  const lines = new LineFinder(text)
  for (const [name, records] of Object.entries(content.collections)) {
    const type = types.find((each) => each.name === name)
    const line = lines.of(name)
    if (type === undefined || !Array.isArray(records)) {
      refuse(line, 'unknown-collection', `The data type “${name}” is not known to this version of the app.`)
      continue
    }
    const taken = new Set<string>()
    recordsByType.set(
      type,
      records.flatMap((record: unknown) => {
        const flaw = flawOf(record, type, taken)
        if (flaw === undefined) {
          const good = record as FileRecord
          taken.add(good.id)
          if (good.texts !== undefined) lineByRecord.set(good, lines.of(good.id))
          return [good]
        }
        const id = isObject(record) && typeof record.id === 'string' ? record.id : ''
        refuse(lines.of(id), flaw.code, `${name}, record “${id}”: ${flaw.reason}`)
        return []
      }),
    )
  }
  return result
}

type Refuse = (line: number, code: ImportRefusal['code'], reason: string) => void

function parse(text: string, refuse: Refuse): unknown {
  try {
    // Halves of surrogate pairs have no UTF-8; a record may not hold them, and one of them is no reason to lose a note.
    return JSON.parse(text, (_name, value: unknown) => (typeof value === 'string' ? wellFormed(value) : value))
  } catch (cause) {
    // The parser goes down one step for each level.
    if (cause instanceof RangeError) {
      refuse(1, 'not-an-export', 'The file nests its values deeper than anything that an account holds.')
      return undefined
    }
    const message = cause instanceof Error ? cause.message : ''
    const position = Number(/position (\d+)/.exec(message)?.[1] ?? 0)
    refuse(text.slice(0, position).split('\n').length, 'not-an-export', `The file is no JSON: ${message}`)
    return undefined
  }
}

interface Flaw {
  readonly code: ImportRefusal['code']
  readonly reason: string
}

/** @param taken ids of the records before it: of two with one id the second would write over the first */
function flawOf(record: unknown, type: TransferType, taken: ReadonlySet<string>): Flaw | undefined {
  const invalid = (reason: string): Flaw => ({ code: 'invalid-record', reason })
  if (!isObject(record) || typeof record.id !== 'string' || !isObject(record.fields))
    return invalid('It has no id or no fields.')
  if (taken.has(record.id)) return invalid('The file has another record with this id before it.')
  try {
    refuseSecrets(record, type.secret)
  } catch (cause) {
    return { code: 'secret-field', reason: cause instanceof Error ? cause.message : 'It holds a secret.' }
  }
  const result = type.schema['~standard'].validate(record.fields)
  const [issue] = 'issues' in result ? (result.issues ?? []) : []
  if (issue !== undefined) return invalid(`${issue.path?.map(String).join('.') ?? ''}: ${issue.message}.`)
  const numbers = record.counters === undefined || hasOnly(record.counters, Number.isSafeInteger)
  const texts =
    record.sets === undefined ||
    hasOnly(record.sets, (each) => Array.isArray(each) && each.every((element) => typeof element === 'string'))
  if (!numbers || !texts) return invalid('Its counters or sets are none.')
  try {
    checkWritable(record as unknown as FileRecord, type)
    return undefined
  } catch (cause) {
    return invalid(cause instanceof Error ? cause.message : 'It cannot be written.')
  }
}

/** Here, where the line is known, and not when it is written: what is refused then is refused after others were written. */
function checkWritable({ id, fields, counters = {}, sets = {}, texts = {} }: FileRecord, type: TransferType): void {
  const text = type.texts?.find((name) => Object.hasOwn(fields, name))
  if (text !== undefined) throw new SyncError('invalid-field', `The field “${text}” is a text, and none of the fields.`)
  checkEdit({ kind: 'add', id, fields })
  for (const [field, by] of Object.entries(counters)) checkEdit({ kind: 'increment', id, field, by })
  for (const [field, elements] of Object.entries(sets)) checkEdit({ kind: 'set-add', id, field, elements })
  for (const content of Object.values(texts)) checkContent(content)
}

function hasOnly(value: unknown, test: (each: unknown) => boolean): boolean {
  return isObject(value) && Object.values(value).every(test)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Searches in vain reach to the end of the file each time. */
const MAX_VAIN_SEARCHES = 100

/** Where in the file a name stands, so that a person finds what was refused. Names are asked for in the order of the file. */
class LineFinder {
  #at = 0
  #line = 1
  #vain = 0

  constructor(private readonly text: string) {}

  of(name: string): number {
    if (this.#vain >= MAX_VAIN_SEARCHES) return this.#line
    const found = this.text.indexOf(JSON.stringify(name), this.#at)
    if (found === -1) this.#vain++
    else {
      this.#line += this.text.slice(this.#at, found).split('\n').length - 1
      this.#at = found
    }
    return this.#line
  }
}
