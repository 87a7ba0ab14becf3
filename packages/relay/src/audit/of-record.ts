// What the audit log says of a keyring record.
import { type DeviceId, deviceIdOf, type KeyringRecord } from '@owlivion/sync-protocol'
import type { RelayPlatform } from '../platform'
import type { AuditEvent } from '../store/account-rows'
import type { AuditDetails, AuditLog } from './audit-log'

export interface RecordOrigin {
  readonly address: string
  /** The relay had lost it, and got it back. */
  readonly isRestored?: boolean
  /** It took the place of another record, and what followed that one went. */
  readonly isReplacing?: boolean
}

export function auditOfRecord(
  { audit, platform: { sha512 } }: { readonly audit: AuditLog; readonly platform: RelayPlatform },
  record: KeyringRecord,
  { address, isRestored, isReplacing }: RecordOrigin,
): AuditEvent[] {
  const common: AuditDetails = { device: record.signer, address, ...(isRestored && { detail: 'restored' }) }
  const event = (kind: AuditEvent['kind'], details: AuditDetails = {}) => audit.event(kind, { ...common, ...details })
  const removals = (removed: readonly DeviceId[]) => removed.map((target) => event('devices-removed', { target }))
  const newDevice = () => deviceIdOf(sha512, (record as { device: { signing: Uint8Array } }).device.signing)

  function eventsOf(): AuditEvent[] {
    switch (record.type) {
      case 'genesis':
        // A device brings its genesis in the same way to a relay that never had it and to one that lost it.
        return [event('account-created', { device: newDevice(), detail: '' })]
      case 'add': {
        const isSignInKey = record.device.role === 'sign-in'
        return [event('device-added', { target: newDevice(), ...(isSignInKey && { detail: 'sign-in-key' }) })]
      }
      case 'remove':
        return removals(record.removed)
      case 'rekey':
        return [event('rekeyed')]
      case 'recover':
        return [event('recovered', { target: newDevice() }), ...removals(record.removed)]
      case 'leave':
        return [event('device-left')]
      case 'request':
        return [event('reissue-requested')]
      case 'veto':
        return [event('reissue-vetoed')]
      case 'reissue':
        return [event('reissued')]
    }
  }

  return isReplacing ? [event('branch-replaced'), ...eventsOf()] : eventsOf()
}
