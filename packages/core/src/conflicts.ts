// What nobody has decided between yet, as a person sees it: each value with the device that wrote it and when.
import type { Candidate, Edit, JsonValue } from './document'
import type { LiveDocument } from './sync'

/** Who wrote a value. */
export interface ConflictDevice {
  /** Hex of the device id, as in `devices()`. */
  readonly id: string
  /** Undefined when this device cannot open what the other said of itself. */
  readonly name: string | undefined
}

/** What an edit left, and whose it is. */
export interface ConflictOrigin {
  /** When it was written, in milliseconds since 1970, by the writing device's clock as the relay corrects it. */
  readonly atMs: number
  /** Undefined where it is not known: it was written before devices kept account of that. */
  readonly device: ConflictDevice | undefined
}

/** One of the values of a field in conflict. */
export interface ConflictCandidate extends ConflictOrigin {
  /** `undefined` when this edit cleared the field. */
  readonly value: JsonValue | undefined
}

/** A field that holds two or more values nobody has decided between. */
export interface Conflict<T> {
  readonly id: string
  readonly field: keyof T & string
  /** The winner first, which is what the record shows. */
  readonly candidates: readonly ConflictCandidate[]
}

/** A change that whoever deleted the record did not know of. */
export interface UnseenChange extends ConflictCandidate {
  readonly field: string
  /** Where the field is a set: the element that was put in (`value` is true) or taken out (`value` is undefined). */
  readonly element?: string
}

/** A record that one device deleted while another, not knowing, changed it. */
export interface DeleteConflict {
  readonly id: string
  /** False while the change is the later of the two: the record is shown then. */
  readonly isDeleted: boolean
  readonly unseen: readonly UnseenChange[]
  readonly deletes: readonly ConflictOrigin[]
}

/** What of the account conflicts need. */
export interface ConflictSource {
  readonly document: LiveDocument
  /** @param id hex of the device's id */
  deviceName(id: string): string | undefined
}

/** @param ids of the records that are asked about; default all */
export function conflictsIn<T>(
  source: ConflictSource,
  { latestWins = [], id }: { readonly latestWins?: readonly string[] | undefined; readonly id?: string | undefined },
): Conflict<T>[] {
  const originOf = originsIn(source)
  const conflicts: Conflict<T>[] = []
  for (const conflict of source.document.registers.conflicts()) {
    if (latestWins.includes(conflict.field) || (id !== undefined && conflict.id !== id)) continue
    const candidates = conflict.candidates.map((each) => ({ value: each.value, ...originOf(each) }))
    conflicts.push({ id: conflict.id, field: conflict.field as keyof T & string, candidates })
  }
  return conflicts
}

export function deleteConflictsIn(source: ConflictSource, id: string | undefined): DeleteConflict[] {
  const { registers } = source.document
  const originOf = originsIn(source)
  const conflicts: DeleteConflict[] = []
  for (const conflict of registers.deleteConflicts()) {
    if (id !== undefined && conflict.id !== id) continue
    const record = registers.inspect(conflict.id)
    conflicts.push({
      id: conflict.id,
      isDeleted: record?.standing === 'hidden',
      unseen: conflict.unseen.map(({ field, element, ...each }) => ({
        field,
        ...(element !== undefined && { element }),
        value: each.value,
        ...originOf(each),
      })),
      deletes: (record?.marks ?? []).map(originOf),
    })
  }
  return conflicts
}

/** What decides for that which is shown now, in each of these records. */
export function newestOf(
  { document: { registers } }: ConflictSource,
  latestWins: readonly string[],
  ids: ReadonlySet<string> | undefined,
): Edit[] {
  const isAsked = (id: string): boolean => ids === undefined || ids.has(id)
  const edits: Edit[] = []
  for (const { id } of registers.deleteConflicts())
    if (isAsked(id)) edits.push({ kind: registers.has(id) ? 'restore' : 'delete', id })
  for (const { id, field, candidates } of registers.conflicts()) {
    if (isAsked(id) && !latestWins.includes(field))
      edits.push({ kind: 'update', id, fields: Object.fromEntries([[field, candidates[0]?.value]]) })
  }
  return edits
}

/** Tells of a value or a delete who wrote it, and when. */
export function originsIn({
  document,
  deviceName,
}: ConflictSource): (write: Pick<Candidate, 'writer' | 't'>) => ConflictOrigin {
  const { authors } = document
  return ({ writer, t }) => {
    const id = authors.deviceOf(writer)
    return { atMs: t, device: id === undefined ? undefined : { id, name: deviceName(id) } }
  }
}
