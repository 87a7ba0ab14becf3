// Conflicts as the old window shows them: this device on one side, the others on the other. A conflict is of a field; one entry stands
// for those of a record, and can be decided apart from the rest of its type.
import type { Collection } from '../collection'
import type { Conflict, ConflictCandidate, ConflictOrigin, DeleteConflict } from '../conflicts'
import type { Fields, JsonValue } from '../document'
import { SyncError } from '../errors'
import type { AccountHolder } from './account-holder'
import type { ConflictInfo, ConflictStrategy } from './dto'
import type { ResolveParameters, SyncCommands } from './signatures'
import { timeField } from './times'

type AnyCollection = Collection<Fields>

interface Sides {
  readonly local: ConflictCandidate
  readonly server: ConflictCandidate
}

export function conflictCommands(holder: AccountHolder): Pick<SyncCommands, 'sync_resolve_conflict'> {
  return {
    async sync_resolve_conflict(parameters) {
      holder.noticeMasterPassword('sync_resolve_conflict', parameters)
      const { deviceId } = await holder.get()
      const collection = await holder.collection(parameters.data_type)
      if (parameters.strategy === 'manual') await resolveTo(collection, parameters)
      else await resolveAll(collection, parameters, deviceId)
    },
  }
}

/** Everything that nobody has decided, in all data types. */
export async function conflictsOf(holder: AccountHolder): Promise<ConflictInfo[]> {
  const { deviceId } = await holder.get()
  const found: ConflictInfo[] = []
  for (const [name, collection] of await holder.collections()) {
    const ids = new Set([...collection.conflicts(), ...collection.deleteConflicts()].map(({ id }) => id))
    if (ids.size === 0) continue
    const version = collection.status.lastEntry
    for (const id of ids) found.push(conflictInfo(name, collection, id, deviceId, version))
  }
  return found
}

function conflictInfo(
  name: string,
  collection: AnyCollection,
  id: string,
  deviceId: string,
  version: number,
): ConflictInfo {
  const shown = collection.get(id)
  const [deleted] = collection.deleteConflicts(id)
  const fields = collection.conflicts(id).map((conflict) => ({ conflict, sides: sidesOf(conflict, deviceId) }))
  // Of a record that is deleted, what the other changed is known without asking the disk.
  const changed = (deleted?.unseen ?? []).filter(({ element }) => element === undefined)
  const base = shown ?? Object.fromEntries(changed.map(({ field, value }) => [field, value]))
  const withSide = (side: keyof Sides): unknown => ({
    ...base,
    ...Object.fromEntries(fields.map(({ conflict, sides }) => [conflict.field, sides[side].value])),
  })
  const deletedHere = deleted?.deletes.some(({ device }) => device?.id === deviceId) ?? false
  const local = [
    ...fields.map(({ sides }) => sides.local),
    ...(deletedHere ? (deleted?.deletes ?? []) : (deleted?.unseen ?? [])),
  ]
  const server = [
    ...fields.map(({ sides }) => sides.server),
    ...(deletedHere ? (deleted?.unseen ?? []) : (deleted?.deletes ?? [])),
  ]
  return {
    data_type: name,
    record_id: id,
    local_version: version,
    server_version: version,
    ...timeField('local_updated_at', latest(local)),
    ...timeField('server_updated_at', latest(server)),
    strategy: 'manual',
    conflict_details: sentence(
      fields.map(({ conflict }) => conflict.field),
      deleted,
      [...local, ...server],
    ),
    local_data: deleted !== undefined && deletedHere ? null : withSide('local'),
    server_data: deleted !== undefined && !deletedHere ? null : withSide('server'),
    field_changes: fields.map(({ conflict, sides }) => ({
      field: conflict.field,
      local_value: sides.local.value ?? null,
      server_value: sides.server.value ?? null,
    })),
  }
}

/** What this device wrote, else what is shown; and what is newest of the others. */
function sidesOf({ candidates }: Conflict<Fields>, deviceId: string): Sides {
  const isOwn = ({ device }: ConflictCandidate): boolean => device?.id === deviceId
  const local = candidates.find(isOwn) ?? (candidates[0] as ConflictCandidate)
  const others = candidates.filter((each) => each !== local)
  const server = others.reduce((best, each) => (each.atMs > best.atMs ? each : best), others[0] as ConflictCandidate)
  return { local, server }
}

function latest(origins: readonly ConflictOrigin[]): number | undefined {
  return origins.length === 0 ? undefined : Math.max(...origins.map(({ atMs }) => atMs))
}

function sentence(
  fields: readonly string[],
  deleted: DeleteConflict | undefined,
  origins: readonly ConflictOrigin[],
): string {
  const names = new Set(origins.map(({ device }) => device?.name ?? 'another device'))
  const what = deleted === undefined ? `${fields.join(', ')} changed` : 'deleted on one and changed on another'
  return `${what}: ${[...names].join(', ')}`
}

async function resolveTo(collection: AnyCollection, { record_id, field, value }: ResolveParameters): Promise<void> {
  if (record_id === undefined || field === undefined)
    throw new SyncError('invalid-value', 'A value of one’s own needs record_id and field.')
  await collection.resolve(record_id, field, { value: value as JsonValue | undefined })
}

async function resolveAll(
  collection: AnyCollection,
  { record_id, field, strategy }: ResolveParameters,
  deviceId: string,
): Promise<void> {
  if (strategy !== 'use_local' && strategy !== 'use_server' && strategy !== 'merge')
    throw new SyncError('invalid-value', `“${strategy satisfies ConflictStrategy}” is no way to decide a conflict.`)
  const side = strategy === 'use_local' ? 'local' : 'server'
  // Deletes first: a record that is kept has fields to decide, and one that is not has none.
  for (const conflict of field === undefined ? collection.deleteConflicts(record_id) : []) {
    const deletedHere = conflict.deletes.some(({ device }) => device?.id === deviceId)
    const isDeleted = strategy === 'merge' ? conflict.isDeleted : deletedHere === (side === 'local')
    await collection.resolveDelete(conflict.id, isDeleted ? 'delete' : 'keep')
  }
  for (const conflict of collection.conflicts(record_id)) {
    if (field !== undefined && conflict.field !== field) continue
    const choice = strategy === 'merge' ? newest(conflict.candidates) : sidesOf(conflict, deviceId)[side]
    await collection.resolve(conflict.id, conflict.field, choice)
  }
}

function newest(candidates: readonly ConflictCandidate[]): ConflictCandidate {
  return candidates.reduce((best, each) => (each.atMs > best.atMs ? each : best))
}
