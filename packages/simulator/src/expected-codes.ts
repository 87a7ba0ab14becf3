// Which errors a device may report, and when; every other one is a failure of its world.
import { isSyncError, type SyncError } from '@owlivion/sync'
import type { SimDeviceOptions } from './device-options'

type Codes = ReadonlySet<SyncError['code']>

/** What may be reported while the network and the disks are as bad as they can be and the relay is honest. */
export const expectedCodes: Codes = new Set([
  'connection-lost',
  'relay-unreachable',
  'storage-failed',
  'storage-unavailable',
  'draining',
  'timeout',
  'replaced-connection',
  'slow-consumer',
  'too-many-requests',
  'device-suspended',
  // Followed by its proof, or taken back.
  'device-removed',
])
/** Messages of a login that came twice, late or never: a device that hears one of these starts over. */
export const codesOfBadOrder: Codes = new Set([
  'not-authenticated',
  'bad-challenge',
  'malformed-frame',
  'keyring-conflict',
])

/** A phrase that is not known yet, or was replaced while it was typed in; a pairing in which one of the two got lost. */
export const codesOfFailedEntries: Codes = new Set([
  'account-unknown',
  'wrong-account',
  'pairing-refused',
  'pairing-expired',
  'pairing-mismatch',
  'pairing-not-found',
  'mailbox-taken',
  'mailbox-expired',
  // Somebody recovered the account between the two halves of a pairing.
  'device-removed',
])

/** What a device says of a relay that lies to it. */
export const codesOfLies: Codes = new Set([
  'relay-misbehaved',
  'keyring-hidden',
  'relay-forked',
  // Who was shown another log finds the true one to be another.
  'relay-rolled-back',
  // What it summed up is the log that it was shown.
  'snapshot-refused',
])

/** What a device says of a relay that has not what it had, or tells others something else. */
export const codesOfLostRelay: Codes = new Set([
  'cursor-ahead',
  'cursor-mismatch',
  'chain-gap',
  'relay-misbehaved',
  'relay-forked',
  'relay-rolled-back',
  // As long as nobody has given the keyring back to it.
  'keyring-hidden',
  'unknown-epoch',
  'device-unknown',
  'account-unknown',
  'keyring-refused',
])

/** What `flush` and `syncNow` may end with: the network, the relay and the device's person are as they are. */
const refusalsToSync: Codes = new Set([
  'closed',
  'device-removed',
  'sync-offline',
  'sync-paused',
  'sync-unfinished',
  'relay-unreachable',
  'connection-lost',
  'timeout',
  'draining',
  'too-many-requests',
  'replaced-connection',
  'slow-consumer',
  'device-unknown',
  'device-suspended',
  'keyring-hidden',
  'keyring-fork',
  ...codesOfBadOrder,
  ...codesOfLostRelay,
])

/** The same of a disk that is full or taken away; at rest every disk is well. */
const refusalsOfDisks: Codes = new Set(['storage-failed', 'storage-unavailable'])

/** Of a device what tells which reports are part of its world. */
interface Reporter {
  readonly name: string
  readonly mayComplain: boolean
  readonly options: Pick<SimDeviceOptions, 'network' | 'duties' | 'losses' | 'phrases'>
}

/** The device reports something that is part of its world. */
export function isExpectedReport({ name, mayComplain, options }: Reporter, { code, message }: SyncError): boolean {
  const { network, duties, losses, phrases } = options
  if (mayComplain && (expectedCodes.has(code) || codesOfBadOrder.has(code))) return true
  if (codesOfLies.has(code) && network.liesTo(name).haveBeenTold) {
    duties.noticed(name)
    return true
  }
  // What another one was told does not fit what this one was.
  if (code === 'relay-forked' && network.hasBeenLiedOn) return true
  // It had undertaken to ask for a phrase, died, and another one was quicker.
  if (code === 'keyring-refused' && /^Another device asks/.test(message))
    return phrases.askedOn.has(name) && phrases.askedOn.size > 1
  return codesOfLostRelay.has(code) && losses.haveHappened
}

/** `flush` or `syncNow` of the device may end with the error: who cannot write to its disk says so, and promises nothing. */
export function isExpectedRefusal({ mayComplain }: Pick<Reporter, 'mayComplain'>, error: unknown): boolean {
  if (!isSyncError(error)) return false
  return refusalsToSync.has(error.code) || (mayComplain && refusalsOfDisks.has(error.code))
}
