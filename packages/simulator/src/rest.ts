// When a world has come to rest: everybody is connected, has what the others have of what it syncs, and wants nothing more.
import { areEqual, digestOf, haveOneKeyring } from './checks'
import type { SimDevice } from './device'

/** A new recovery phrase that a young device grants counts no sooner. */
const waitsForAWeek = new Set(['approve', 'reissue'])

/** Every person wants to be up to date at once from now on; with `isAll` of all data types. */
export function wantLive(devices: readonly SimDevice[], isAll: boolean): void {
  for (const { sync, life, choices, state } of devices) {
    if (sync === undefined || state !== 'open') continue
    choices.resume(sync, life, { mode: 'live' })
    if (isAll) choices.wantAll(sync, life)
  }
}

export function areAtRest(devices: readonly SimDevice[], collections: readonly string[]): boolean {
  return (
    devices.every(isAtRest) &&
    haveOneKeyring(devices) &&
    collections.every((name) => {
      const those = devices.filter(({ choices }) => !choices.isOff(name))
      return those.length === 0 || areEqual(those, name)
    })
  )
}

function isAtRest({ sync }: SimDevice): boolean {
  if (sync === undefined) return false
  const { connection, owed, isGreen, documents, storage, refusal, keyringFork, isKeyringHidden } = sync.status
  // What is unsent of what is off is all that may keep the light from being green.
  const isSilent = (): boolean =>
    [storage, refusal].every((each) => each === undefined) &&
    !keyringFork &&
    !isKeyringHidden &&
    Object.values(documents).some(({ isOff, unsent }) => isOff && unsent > 0) &&
    Object.values(documents).every(
      ({ isOff, unsent, caughtUp, healing, held, suspicions, refused }) =>
        isOff ||
        (unsent === 0 && caughtUp && !healing && held.length === 0 && suspicions.length === 0 && refused === undefined),
    )
  return connection === 'online' && (isGreen || isSilent()) && owed.every(({ kind }) => waitsForAWeek.has(kind))
}

export function describeDevices(devices: readonly SimDevice[]): string {
  return devices
    .map(({ name, state, sync, collections }) => {
      const digests = [...collections.values()].map(digestOf)
      return `${name} is ${state}, ${JSON.stringify({ ...sync?.status, schedule: sync?.schedule.mode, digests })}`
    })
    .join('; ')
}
