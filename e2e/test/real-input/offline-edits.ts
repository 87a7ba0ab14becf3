// Two devices' edits while both are offline, and what must stand afterwards. Which of them may touch what is fixed by the place
// of a record in its list, so that the outcome of every field can be said without a second engine: a field that one of them
// wrote holds its last value, one that both wrote holds one of the two and names the other.
import type { Fields, JsonValue } from '@owlivion/sync'
import type { DeviceEdit } from '../../support/device-process'
import type { Random } from '../../support/random'

export type Records = ReadonlyMap<string, Fields>

/** Fields of a collection by who writes them. */
export interface Territory {
  readonly a: readonly string[]
  readonly b: readonly string[]
  readonly shared: readonly string[]
}

type Side = 'a' | 'b'

/** What one device did to the records, and how they look to it afterwards. */
interface SideEdits {
  readonly edits: DeviceEdit[]
  /** Undefined where the record is deleted. */
  readonly view: Map<string, Fields | undefined>
  /** What a restore brings back. */
  readonly beforeDeletion: Map<string, Fields>
  readonly touchedFields: Map<string, Set<string>>
}

export interface OfflineEdits {
  readonly a: readonly DeviceEdit[]
  readonly b: readonly DeviceEdit[]
  readonly expected: {
    /** Every record that is visible whatever order the edits are merged in, with the values that each field may hold. */
    readonly fields: ReadonlyMap<string, ReadonlyMap<string, readonly unknown[]>>
    readonly deleted: readonly string[]
    /** `id field` of fields that hold two values, with both. A value that was cleared is null. */
    readonly conflicts: ReadonlyMap<string, readonly unknown[]>
    /** Records that one device deleted while the other changed them, with the last values written: they may be shown or not. */
    readonly deleteConflicts: ReadonlyMap<string, Fields>
  }
}

/** `edits`: both write fields of it; `a`, `b`: only this one touches it, and deletes and restores it too; `a-deletes`: the other writes. */
type Role = 'edits' | Side | 'a-deletes' | 'b-deletes' | 'untouched'
const roles: readonly Role[] = ['edits', 'edits', 'edits', 'a', 'b', 'a-deletes', 'b-deletes', 'untouched']

export function planOfflineEdits(base: Records, territory: Territory, count: number, random: Random): OfflineEdits {
  const ids = [...base.keys()]
  const roleOf = (id: string): Role => roles[ids.indexOf(id) % roles.length] as Role
  const withRole = (role: Role): string[] => ids.filter((id) => roleOf(id) === role)
  const deleters: { readonly [S in Side]: Role } = { a: 'a-deletes', b: 'b-deletes' }

  const plan = (side: Side): SideEdits => {
    const other = side === 'a' ? 'b' : 'a'
    const state: SideEdits = { edits: [], view: new Map(base), beforeDeletion: new Map(), touchedFields: new Map() }
    const added: string[] = []
    const write = (id: string, field: string): void => {
      if (random.below(12) === 0) edit(state, { kind: 'update', id, fields: {}, cleared: [field] })
      else edit(state, { kind: 'update', id, fields: { [field]: `${side} ${random.text(16)}` } })
    }
    for (const id of withRole(deleters[side])) edit(state, { kind: 'delete', id })
    while (state.edits.length < count) {
      const [kind, own] = [random.below(100), random.pick(territory[side])]
      const mine = random.pick([...withRole(side), ...added.slice(-5)])
      if (kind < 40) write(random.pick(withRole('edits')), own)
      else if (kind < 55) write(random.pick(withRole('edits')), random.pick(territory.shared))
      else if (kind < 65) write(random.pick(withRole(deleters[other])), own)
      else if (kind < 75) {
        const id = `${side}-${random.text(10)}@offline.example`
        edit(state, { kind: 'add', id, fields: { [own]: `new ${random.text(16)}`, created: random.below(1_000_000) } })
        added.push(id)
      } else if (kind < 78) {
        const id = `both-${random.below(20)}@offline.example`
        edit(state, {
          kind: 'add',
          id,
          fields: { [territory.shared[0] as string]: `${side} ${random.text(16)}`, same: id },
        })
      } else if (mine === undefined) continue
      else if (state.view.get(mine) !== undefined) {
        if (random.below(3) > 0) write(mine, own)
        else edit(state, { kind: 'delete', id: mine })
      } else if (random.below(2) === 0) edit(state, { kind: 'restore', id: mine })
      else edit(state, { kind: 'add', id: mine, fields: { [own]: `anew ${random.text(16)}` } })
    }
    return state
  }

  const [a, b] = [plan('a'), plan('b')]
  return { a: a.edits, b: b.edits, expected: merge(base, a, b) }
}

/** Adds an edit and does to the view what an app expects of it. */
function edit(side: SideEdits, next: DeviceEdit): void {
  side.edits.push(next)
  const { id } = next
  const now = side.view.get(id)
  const touched = side.touchedFields.get(id) ?? new Set<string>()
  side.touchedFields.set(id, touched)
  if (next.kind === 'delete') {
    if (now !== undefined) side.beforeDeletion.set(id, now)
    side.view.set(id, undefined)
  } else if (next.kind === 'restore') {
    side.view.set(id, side.beforeDeletion.get(id))
  } else {
    const cleared = next.kind === 'update' ? (next.cleared ?? []) : []
    const fields = Object.entries<JsonValue>({ ...now, ...next.fields }).filter(([field]) => !cleared.includes(field))
    side.view.set(id, Object.fromEntries(fields))
    for (const field of Object.keys(next.fields)) touched.add(field)
    // Clearing a field that is not there writes nothing.
    for (const field of cleared) if (now !== undefined && Object.hasOwn(now, field)) touched.add(field)
  }
}

function merge(base: Records, a: SideEdits, b: SideEdits): OfflineEdits['expected'] {
  const fields = new Map<string, ReadonlyMap<string, readonly unknown[]>>()
  const deleted: string[] = []
  const conflicts = new Map<string, readonly unknown[]>()
  const deleteConflicts = new Map<string, Fields>()
  for (const id of new Set([...base.keys(), ...a.view.keys(), ...b.view.keys()])) {
    const [touchedA, touchedB] = [a.touchedFields.get(id), b.touchedFields.get(id)]
    if (touchedA === undefined || touchedB === undefined) {
      const view = (touchedB === undefined ? a : b).view.get(id)
      if (view === undefined) deleted.push(id)
      else fields.set(id, new Map(Object.entries(view).map(([field, value]) => [field, [value]])))
      continue
    }
    const [viewA, viewB] = [a.view.get(id), b.view.get(id)]
    if (viewA === undefined || viewB === undefined) {
      const [view, touched] = viewA === undefined ? [viewB, touchedB] : [viewA, touchedA]
      const written = Object.entries(view ?? {}).filter(([field]) => touched.has(field))
      deleteConflicts.set(id, Object.fromEntries(written))
      continue
    }
    const values = new Map<string, readonly unknown[]>()
    for (const field of new Set([...Object.keys(viewA), ...Object.keys(viewB), ...touchedA, ...touchedB])) {
      const both = touchedA.has(field) && touchedB.has(field)
      const possible = both ? [viewA[field], viewB[field]] : [(touchedB.has(field) ? viewB : viewA)[field]]
      const distinct = [...new Set(possible)]
      if (distinct.length > 1)
        conflicts.set(
          `${id} ${field}`,
          distinct.map((value) => value ?? null),
        )
      if (distinct.some((value) => value !== undefined)) values.set(field, distinct)
    }
    fields.set(id, values)
  }
  return { fields, deleted: deleted.sort(), conflicts, deleteConflicts }
}
