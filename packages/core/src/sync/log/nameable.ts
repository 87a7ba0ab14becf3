// How far this device tells others that it has seen them. Whoever reads that waits until it has as much, so nothing may be named that a log need
// not have: an entry that its author wrote again, since its key is of a branch of the keyring that does not count, is taken by no relay that
// the log is given back to. The entry that stands for it is named in its place.
import { bytesEqual, type DeviceId } from '@owlivion/sync-protocol'
import { LineageMap } from '../device-map'
import type { LogReplicaState } from './log-replica'

/**
 * @param own the device that names them
 * @returns the last entry of each chain that is applied and was not written again since; of this device's own chains, none in which it had to
 */
export function nameableEnds(
  { applied, held }: Pick<LogReplicaState, 'applied' | 'held'>,
  own: DeviceId,
): LineageMap<number> {
  const again = new LineageMap<Set<number>>()
  for (const { entry, reason } of held)
    if (reason === 'repaired') again.set(entry, (again.get(entry) ?? new Set()).add(entry.sequence))
  if (again.size === 0) return applied
  const ends = new LineageMap(applied)
  for (const [lineage, sequences] of again) {
    let end = bytesEqual(lineage.device, own) ? 0 : (applied.get(lineage) ?? 0)
    while (sequences.has(end)) end--
    ends.set(lineage, end)
  }
  return new LineageMap([...ends].filter(([, end]) => end > 0))
}
