// What the first entry of a new incarnation names as the end of the ones before: whoever reads it has to have that.
import type { DeviceId } from '@owlivion/sync-protocol'
import type { StateRow } from '../document/state-row'
import type { LogReplicaState } from './log-replica'

/** For an incarnation of `device` that begins now, after the one that `own` tells of. */
export function continuesFrom(
  device: DeviceId,
  { incarnation, continues }: Pick<StateRow, 'incarnation' | 'continues'>,
  { chains, applied }: Pick<LogReplicaState, 'chains' | 'applied'>,
): StateRow['continues'] {
  const chain = chains.get({ device, incarnation })
  const end = applied.get({ device, incarnation }) ?? 0
  if (chain !== undefined && !chain.broken && end === chain.sequence)
    return { incarnation, sequence: chain.sequence, hash: chain.hash }
  if (continues === undefined) return undefined
  // A rebase that was made elsewhere may leave out what had been confirmed: everybody would wait for it, and with that for what makes it good.
  const isThere = (applied.get({ device, incarnation: continues.incarnation }) ?? 0) >= continues.sequence
  return isThere ? continues : undefined
}
