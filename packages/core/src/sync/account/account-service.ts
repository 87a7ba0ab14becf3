// What an account asks of its relay beside syncing: where its devices were seen, its audit log, and its end.
import {
  bytesEqual,
  bytesToBase64url,
  bytesToHex,
  type DeviceId,
  deletionSigningBytes,
  type KeyringState,
  MAX_ADDRESS_BYTES,
} from '@owlivion/sync-protocol'
import { parseRecoveryPhrase, recoveryKeysOf } from '../../account'
import { SyncError } from '../../errors'
import { countIn, fieldsOf, listIn, textIn } from './answer-fields'
import { auditCsv } from './audit-csv'
import { type AuditContext, type AuditOptions, type AuditReport, readAuditLog } from './audit-log'

/** When and from where the relay saw a device. */
export interface DeviceSighting {
  /** By the relay's clock, in ms since 1970. */
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  /** Of its last connection; empty when the relay does not know or keeps no addresses. */
  readonly address: string
}

export interface ServiceContext extends AuditContext {
  keyring(): KeyringState
}

/** Devices that were ever in an account, as far as a relay may say it saw them. */
const MAX_SIGHTINGS = 16_384
/** The keyring may change while a deletion is on its way. */
const DELETION_ATTEMPTS = 3

export class AccountService {
  private sightings: ReadonlyMap<string, DeviceSighting> = new Map()

  constructor(private readonly context: ServiceContext) {}

  /** What the relay said at the last `refreshSightings`. */
  sightingOf(device: DeviceId): DeviceSighting | undefined {
    return this.sightings.get(bytesToHex(device))
  }

  async refreshSightings(): Promise<void> {
    const fields = fieldsOf(await this.context.calls.ask('devices.list', {}))
    const sightings = new Map<string, DeviceSighting>()
    for (const item of listIn(fields, 'devices', MAX_SIGHTINGS)) {
      const device = fieldsOf(item)
      sightings.set(textIn(device, 'device', /^[0-9a-f]{32}$/), {
        firstSeenMs: countIn(device, 'firstSeenMs'),
        lastSeenMs: countIn(device, 'lastSeenMs'),
        address: textIn(device, 'address', new RegExp(`^[^\\p{Cc}]{0,${MAX_ADDRESS_BYTES}}$`, 'u')),
      })
    }
    this.sightings = sightings
  }

  audit(options: AuditOptions): Promise<AuditReport> {
    return readAuditLog(this.context, options)
  }

  /** Noted in the log first: an export that fails was tried, and one that nobody wrote down must not happen. */
  async auditAsCsv(options: AuditOptions): Promise<string> {
    await this.noteExport('audit-log')
    return auditCsv((await this.audit(options)).entries)
  }

  async noteExport(detail: string): Promise<void> {
    await this.context.calls.ask('audit.note', { kind: 'exported', detail })
  }

  async deleteAccount(recoveryPhrase: string): Promise<void> {
    const { platform, account, keyring } = this.context
    const recovery = recoveryKeysOf(await parseRecoveryPhrase(recoveryPhrase), platform.signing)
    for (let attempt = 1; ; attempt++) {
      const { head, recovery: current } = keyring()
      if (!bytesEqual(recovery.signing, current.signing))
        throw new SyncError('wrong-account', 'The recovery phrase is not the one of this account.')
      const signature = await platform.signing.sign(recovery.signingSeed, deletionSigningBytes(account, head))
      try {
        await this.context.calls.ask('account.delete', { signature: bytesToBase64url(signature) })
        return
      } catch (error) {
        const { code } = error as SyncError
        // The answer was lost, and what it said was not.
        if (code === 'account-deleted') return
        // The relay's keyring was another for a moment; what changed has come or is about to.
        const isOutdated = (code === 'keyring-conflict' || code === 'call-refused') && !bytesEqual(keyring().head, head)
        if (!isOutdated || attempt >= DELETION_ATTEMPTS) throw error
      }
    }
  }
}
