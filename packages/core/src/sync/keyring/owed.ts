// What this device has undertaken to do to the keyring. It is on disk before anything is sent, so that a crash at any point is
// completed on the next start; and whether it is done is never remembered, but read off the keyring each time.
//
//   ['owed', n]   one undertaking, in the order in which they were made
import {
  activeDevice,
  bytesEqual,
  DEVICE_ID_BYTES,
  type DeviceId,
  decodeSignedRecord,
  decodeWhole,
  type KeyringState,
  MAX_ACTIVE_DEVICES,
  type NextRecovery,
  newestEpoch,
  PUBLIC_KEY_BYTES,
  type PublicKeys,
  type Reader,
  SIGNATURE_BYTES,
  Writer,
} from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { StoreKey } from '../../storage'

export const owedPrefix: StoreKey = ['owed']
export const owedKey = (number: number): StoreKey => ['owed', number]

export type Owed =
  /** Done when none of them is active. */
  | { readonly kind: 'remove'; readonly devices: readonly DeviceId[] }
  /** Done when there is an epoch newer than the one at this position. */
  | { readonly kind: 'rekey'; readonly after: number }
  | { readonly kind: 'leave' }
  /** Asks for the phrase with these keys; `after` records were there when it was wished. */
  | { readonly kind: 'request'; readonly next: NextRecovery; readonly after: number }
  /** Grants the request at this position, or withdraws it. */
  | { readonly kind: 'approve' | 'veto'; readonly request: number; readonly next: PublicKeys }

/** The keyring as an undertaking is judged by it. */
export interface JudgedKeyring {
  readonly state: KeyringState
  recordAt(position: number): { readonly record: Uint8Array }
}

/** @returns `impossible` with the reason when no record of this device can do it any more */
export function judgeOwed(
  owed: Owed,
  keyring: JudgedKeyring,
  self: DeviceId,
): 'owed' | 'done' | { readonly impossible: SyncError } {
  const { state } = keyring
  const isMember = activeDevice(state, self) !== undefined
  if (owed.kind === 'leave') return isMember ? 'owed' : 'done'
  if (!isMember)
    return { impossible: new SyncError('device-removed', 'This device was removed from the account meanwhile.') }
  switch (owed.kind) {
    case 'remove':
      return owed.devices.some((id) => activeDevice(state, id) !== undefined) ? 'owed' : 'done'
    case 'rekey':
      return newestEpoch(state).position > owed.after ? 'done' : 'owed'
    case 'request':
      // The answer to its granting may have been lost, and the same draft been asked for since: it counts, and no record is left to make.
      if (bytesEqual(state.recovery.signing, owed.next.signing) || wasAsked(owed, keyring)) return 'done'
      return state.reissueRequest === undefined
        ? 'owed'
        : { impossible: new SyncError('keyring-refused', 'Another device asks for a new recovery phrase already.') }
    case 'approve':
    case 'veto': {
      if (state.reissueRequest?.position === owed.request) return 'owed'
      const isGranted = bytesEqual(state.recovery.signing, owed.next.signing)
      if (isGranted === (owed.kind === 'approve')) return 'done'
      const message = isGranted
        ? 'The new recovery phrase was granted before it could be withdrawn.'
        : 'The request for a new recovery phrase was withdrawn meanwhile.'
      return { impossible: new SyncError('keyring-refused', message) }
    }
  }
}

/** It may have been asked for, and withdrawn by somebody else, while this device was away: to ask again would be another wish. */
function wasAsked({ next, after }: Extract<Owed, { kind: 'request' }>, keyring: JudgedKeyring): boolean {
  for (let position = after; position < keyring.state.length; position++) {
    const { record } = decodeSignedRecord(keyring.recordAt(position).record)
    if (record.type === 'request' && bytesEqual(record.next.signing, next.signing)) return true
  }
  return false
}

/** The undertaking to change the key as the keyring stands. */
export function owedRekey(state: KeyringState): Owed {
  return { kind: 'rekey', after: newestEpoch(state).position }
}

const ROW_VERSION = 1
const kinds = ['remove', 'rekey', 'leave', 'request', 'approve', 'veto'] as const

export function encodeOwed(owed: Owed): Uint8Array {
  const writer = new Writer().byte(ROW_VERSION).byte(kinds.indexOf(owed.kind))
  switch (owed.kind) {
    case 'remove':
      writer.list(owed.devices, (id) => writer.fixed(id, DEVICE_ID_BYTES), MAX_ACTIVE_DEVICES)
      break
    case 'rekey':
      writer.varUint(owed.after)
      break
    case 'leave':
      break
    case 'request':
      writer.varUint(owed.after)
      writeKeys(writer, owed.next)
      writer.fixed(owed.next.proof, SIGNATURE_BYTES)
      break
    case 'approve':
    case 'veto':
      writer.varUint(owed.request)
      writeKeys(writer, owed.next)
      break
  }
  return writer.finish()
}

/** @throws SyncError `profile-damaged` */
export function decodeOwed(bytes: Uint8Array): Owed {
  try {
    return decodeWhole(bytes, (reader) => {
      if (reader.byte() !== ROW_VERSION) throw new SyncError('profile-damaged', 'It was written by another version.')
      const kind = kinds[reader.byte()]
      switch (kind) {
        case 'remove': {
          const devices = reader.list(MAX_ACTIVE_DEVICES, DEVICE_ID_BYTES, () =>
            reader.fixed<DeviceId>(DEVICE_ID_BYTES).slice(),
          )
          return { kind, devices: devices as DeviceId[] }
        }
        case 'rekey':
          return { kind, after: reader.varUint() }
        case 'leave':
          return { kind }
        case 'request':
          return { kind, after: reader.varUint(), next: readNext(reader) }
        case 'approve':
        case 'veto':
          return { kind, request: reader.varUint(), next: readKeys(reader) }
        default:
          throw new SyncError('profile-damaged', 'It is of a kind that this version does not know.')
      }
    })
  } catch (cause) {
    throw new SyncError('profile-damaged', 'What this device still owes to the keyring cannot be read.', { cause })
  }
}

function writeKeys(writer: Writer, { signing, box }: PublicKeys): void {
  writer.fixed(signing, PUBLIC_KEY_BYTES).fixed(box, PUBLIC_KEY_BYTES)
}

function readNext(reader: Reader): NextRecovery {
  return { ...readKeys(reader), proof: reader.fixed(SIGNATURE_BYTES).slice() }
}

function readKeys(reader: Reader): PublicKeys {
  return { signing: reader.fixed(PUBLIC_KEY_BYTES).slice(), box: reader.fixed(PUBLIC_KEY_BYTES).slice() }
}
