// What was read of the predecessor's data, and how much of it: every row is in a record, joined with another, or left out with its reason.
import { mailTypes } from '../mail-types'
import { type AccountFile, type FileRecord, FORMAT, VERSION } from '../transfer/account-file'
import { flawOf, withLongBody } from './long-bodies'

/** Something that was not taken. */
export interface MigrationNotice {
  /** The table, or the type of the sealed document. */
  readonly source: string
  /** The row's id, or its place in the document; absent when it is all of it. */
  readonly row?: number
  /** A sentence for the person. */
  readonly reason: string
}

/** The predecessor's data, ready for `previewAccountImport`. */
export interface MigratedData {
  /** As `exportAccount` writes it. */
  readonly json: string
  /** Rows that were read, by table. */
  readonly rows: Readonly<Record<string, number>>
  /** Records that came of them, by data type. Fewer than rows where several were of one person. */
  readonly records: Readonly<Record<string, number>>
  readonly leftOut: readonly MigrationNotice[]
  /** Secrets that were found and stay where they are: how many of each name. Their values were not read. */
  readonly secrets: Readonly<Record<string, number>>
}

type TypeName = keyof typeof mailTypes

export class Migration {
  readonly rows = new Map<string, number>()
  readonly leftOut: MigrationNotice[] = []
  secrets = new Map<string, number>()
  readonly #records = new Map<TypeName, Map<string, FileRecord>>()

  row(source: string, count = 1): void {
    this.rows.set(source, (this.rows.get(source) ?? 0) + count)
  }

  /**
   * Records of one id are one: their content gave it.
   * @param leaveOut told of a record that cannot be written, and of what one comes without
   * @returns whether it is taken
   */
  add(type: TypeName, record: FileRecord, leaveOut: (reason: string) => void): boolean {
    const fitting = withLongBody(type, record, leaveOut)
    const flaw = flawOf(fitting)
    if (flaw !== undefined) {
      leaveOut(flaw)
      return false
    }
    const known = this.#records.get(type) ?? new Map<string, FileRecord>()
    known.set(record.id, fitting)
    this.#records.set(type, known)
    return true
  }

  /** An account names its signature only when that is there. */
  addAccount(account: FileRecord, signature: FileRecord | undefined, leaveOut: (reason: string) => void): void {
    const signs =
      signature !== undefined && this.add('signatures', signature, (reason) => leaveOut(`Its signature: ${reason}`))
    const { defaultSignature: _, ...others } = account.fields
    this.add('accounts', signs ? account : { ...account, fields: others }, leaveOut)
  }

  leaveOut(source: string, row: number | undefined, reason: string): void {
    this.leftOut.push({ source, ...(row === undefined ? {} : { row }), reason })
  }

  collections(): [name: string, records: FileRecord[]][] {
    return [...this.#records].map(([type, records]) => [mailTypes[type].name, [...records.values()]])
  }
}

export function accountFileText(migration: Migration): MigratedData {
  const collections = migration.collections()
  const file: AccountFile = { format: FORMAT, version: VERSION, collections: Object.fromEntries(collections) }
  return {
    json: `${JSON.stringify(file, null, 2)}\n`,
    rows: Object.fromEntries(migration.rows),
    records: Object.fromEntries(collections.map(([name, records]) => [name, records.length])),
    leftOut: migration.leftOut,
    secrets: Object.fromEntries(migration.secrets),
  }
}
