// The part of an open account that asks its relay: when it saw the devices, what its audit log says, and to forget the account.
import type { AccountEngine, AuditOptions, AuditReport } from './sync'

/** What an account asks of its relay beside syncing. */
export abstract class AccountAtRelay {
  /** @internal */
  protected readonly engine: AccountEngine

  /** @internal */
  constructor(engine: AccountEngine) {
    this.engine = engine
  }

  /**
   * Asks the relay when and from where it saw the devices; `devices()` tells from then on. The relay's word only, and as of now.
   * @throws SyncError `connection-lost` while there is no connection, `relay-unreachable`
   *
   * @example
   * await sync.refreshDevices()
   * for (const { name, lastSeenMs } of sync.devices()) console.log(name, lastSeenMs && new Date(lastSeenMs))
   */
  async refreshDevices(): Promise<void> {
    await this.engine.service.refreshSightings()
    this.engine.statusChanged()
  }

  /**
   * Reads the account's audit log from the relay, and verifies it against what this device has seen of it: a row that was changed or
   * dropped since is in `problems`, and told as an event too. What the relay never wrote down, nobody can miss.
   * @param options which rows; filters change nothing in what is verified
   * @throws SyncError `connection-lost` while there is no connection, `relay-unreachable`, `relay-misbehaved`
   *
   * @example
   * const { entries, problems, statistics } = await sync.audit({ kinds: ['sign-in', 'sign-in-failed'] })
   * for (const { row, message } of problems) console.warn(row, message)
   * console.log(statistics.byKind['sign-in-failed'] ?? 0, 'failed of', entries.length)
   */
  audit(options: AuditOptions = {}): Promise<AuditReport> {
    return this.engine.service.audit(options)
  }

  /**
   * The audit log as CSV, for other programs. The export is a row of the log itself.
   * @throws as `audit`; `too-many-requests`
   *
   * @example
   * const csv = await sync.exportAudit({ sinceMs: Date.parse('2026-11-01') })
   * const file = new Blob([csv], { type: 'text/csv' })
   */
  exportAudit(options: AuditOptions = {}): Promise<string> {
    return this.engine.service.auditAsCsv(options)
  }

  /**
   * Deletes the account at the relay, for good: its data, its devices, its audit log. Nobody can open it there again. Every device
   * is told and goes to the connection state `refused` with the code `account-deleted`; what devices have stored themselves stays
   * until they `wipe`.
   * @param options `recoveryPhrase`: the one that counts now
   * @throws SyncError `wrong-account` when it is another, `phrase-length`, `phrase-word`, `phrase-checksum`, `connection-lost` while there is no
   * connection; nothing is deleted then. After `relay-unreachable` the next connection tells whether it was
   *
   * @example
   * await sync.deleteAccount({ recoveryPhrase: prompt('The 24 words, to delete everything') ?? '' })
   * await sync.wipe()
   */
  deleteAccount({ recoveryPhrase }: { readonly recoveryPhrase: string }): Promise<void> {
    return this.engine.service.deleteAccount(recoveryPhrase)
  }
}
