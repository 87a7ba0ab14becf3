// The relay's own record of security events of an account: rows in a hash chain. The relay can leave out what it did not write
// down, but not change or drop a row that a device has seen the hash of.
//
//   version 1 · n varuint · time varuint · kind 1 · device optional · target optional · address text · detail text
import { decodeWhole, Writer } from './codec'
import { ProtocolFailure } from './codes'
import { hashParts, type Sha512 } from './hash'
import { type AccountId, DEVICE_ID_BYTES, type DeviceId, type Hash } from './ids'
import { MAX_ADDRESS_BYTES, MAX_AUDIT_DETAIL_BYTES } from './limits'

const AUDIT_VERSION = 1

/** What an audit row can tell of; a kind's place in this list is its byte, so new ones go to the end. */
export const auditKinds = [
  'account-created',
  'sign-in',
  'sign-in-failed',
  'sign-in-locked',
  'device-added',
  'devices-removed',
  'device-left',
  'device-suspended',
  'rekeyed',
  'recovered',
  'reissue-requested',
  'reissue-vetoed',
  'reissued',
  'branch-replaced',
  'password-set',
  'password-changed',
  'password-removed',
  'two-factor-enabled',
  'two-factor-disabled',
  'backup-code-used',
  'backup-codes-made',
  'passkey-added',
  'passkey-removed',
  'exported',
  'deletion-refused',
  'sign-in-unlocked',
] as const

export type AuditKind = (typeof auditKinds)[number]

export interface AuditRow {
  /** From 1, without a gap. */
  readonly n: number
  /** The relay's clock, in ms since 1970. */
  readonly timeMs: number
  readonly kind: AuditKind
  /** Who did it: a device, or undefined for the recovery key or somebody who never got in. */
  readonly device?: DeviceId
  /** To whom it was done. */
  readonly target?: DeviceId
  /** Where the connection came from, as the relay saw it; empty when it does not know or may not say. */
  readonly address: string
  /** Codes and counts, never content. */
  readonly detail: string
}

export function encodeAuditRow(row: AuditRow): Uint8Array {
  const writer = new Writer().byte(AUDIT_VERSION).varUint(row.n).varUint(row.timeMs).byte(auditKinds.indexOf(row.kind))
  writer.optional(row.device, (id) => writer.fixed(id, DEVICE_ID_BYTES))
  writer.optional(row.target, (id) => writer.fixed(id, DEVICE_ID_BYTES))
  return writer.text(row.address, MAX_ADDRESS_BYTES).text(row.detail, MAX_AUDIT_DETAIL_BYTES).finish()
}

/** @throws ProtocolFailure */
export function decodeAuditRow(bytes: Uint8Array): AuditRow {
  return decodeWhole(bytes, (reader) => {
    if (reader.byte() !== AUDIT_VERSION)
      throw new ProtocolFailure('unsupported-version', 'an audit row is of a version this side does not know')
    const n = reader.varUint()
    const timeMs = reader.varUint()
    const kind = auditKinds[reader.byte()]
    if (kind === undefined)
      throw new ProtocolFailure('unsupported-version', 'an audit row is of a kind this side does not know')
    const device = reader.optional(() => reader.fixed<DeviceId>(DEVICE_ID_BYTES))
    const target = reader.optional(() => reader.fixed<DeviceId>(DEVICE_ID_BYTES))
    const address = reader.text(MAX_ADDRESS_BYTES)
    const detail = reader.text(MAX_AUDIT_DETAIL_BYTES)
    return { n, timeMs, kind, ...(device && { device }), ...(target && { target }), address, detail }
  })
}

/** The chain's hash before its first row. */
export function emptyAuditHash(sha512: Sha512, account: AccountId): Hash {
  return hashParts(sha512, 'audit-start', account)
}

export function nextAuditHash(sha512: Sha512, previous: Hash, row: Uint8Array): Hash {
  return hashParts(sha512, 'audit', previous, row)
}
