// Which fields of a collection are texts. They are not among a record's fields: those are read and written as a whole, texts are not.
import type { Edit, Fields } from './document'
import { SyncError } from './errors'
import { isWritten, type LiveDocument, rootNames, TOUCHED } from './sync'

export class TextNames {
  private readonly names: ReadonlySet<string>
  /** What an app is shown of a record, which is the same object as long as the record is. */
  private readonly shown = new WeakMap<Fields, Fields>()

  constructor(names: readonly string[] = []) {
    this.names = new Set(names)
  }

  has(field: string): boolean {
    return this.names.has(field)
  }

  /** The record without its texts. */
  without<F extends Fields | undefined>(fields: F): F {
    if (fields === undefined || this.names.size === 0) return fields
    const known = this.shown.get(fields)
    if (known !== undefined) return known as F
    const entries = Object.entries(fields).filter(([name]) => !this.isReserved(name))
    const shown = Object.freeze(Object.assign(Object.create(null), Object.fromEntries(entries))) as Fields
    this.shown.set(fields, shown)
    return shown as F
  }

  /** @throws SyncError `invalid-field` */
  refuse(fields: object): void {
    const name = Object.keys(fields).find((each) => this.isReserved(each))
    if (name !== undefined)
      throw new SyncError('invalid-field', `The field ${JSON.stringify(name)} is a text: write it through text().`)
  }

  /** @throws SyncError `invalid-field` */
  require(field: string): void {
    if (!this.names.has(field))
      throw new SyncError('invalid-field', `The collection was not opened with a text ${JSON.stringify(field)}.`)
  }

  /** False for two names of texts of which nobody has written in more than one. */
  isConflict(document: LiveDocument, id: string, field: string): boolean {
    if (field === TOUCHED) return false
    return (
      !this.names.has(field) ||
      rootNames(document, id, field).filter((name) => isWritten(document.texts, name)).length > 1
    )
  }

  /** What decides a conflict for what is shown: of a text, that which is; nothing where nobody sees a conflict. */
  newest(document: LiveDocument, edit: Edit): Edit[] {
    const [field] = edit.kind === 'update' ? Object.keys(edit.fields) : []
    if (field === undefined || !this.isReserved(field)) return [edit]
    if (!this.isConflict(document, edit.id, field)) return []
    return [{ kind: 'update', id: edit.id, fields: { [field]: rootNames(document, edit.id, field)[0]! } }]
  }

  /** A field that no app reads or writes: a text, or what the library keeps of texts. */
  isReserved(name: string): boolean {
    return this.names.has(name) || (name === TOUCHED && this.names.size > 0)
  }
}
