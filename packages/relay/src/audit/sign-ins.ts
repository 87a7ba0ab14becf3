// Who came, when and from where. A login is a row in the audit log, but a device that comes back from the same place within
// minutes is not a new event: phones lose their connection all day. When a device was last seen is kept apart, gathered and
// written together, for it changes with everything a device does.
import { type AccountId, bytesEqual, bytesToHex, type DeviceId, type ProtocolCode } from '@owlivion/sync-protocol'
import type { Standing } from '../login'
import type { RelayPlatform } from '../platform'
import type { DeviceSeen, SeenDevice } from '../store/account-rows'
import type { RelayStore } from '../store/relay-store'
import type { AuditLog } from './audit-log'

export interface SignInsParts {
  readonly platform: RelayPlatform
  readonly store: RelayStore
  readonly audit: AuditLog
}

interface Visit {
  readonly lastMs: number
  readonly address: string
}

/** A device that was away for less, and comes from the same address, has not signed in anew. */
const SAME_VISIT_MS = 600_000
/** How long sightings are gathered before they are written: many devices, one transaction. */
const GATHER_MS = 5_000
/** Logins with a recovery phrase that are remembered, over all accounts. */
const MAX_RECOVERY_VISITS = 1_000
/** Refusals of a login that tell of somebody who tried what they may not. */
const failures: ReadonlySet<string> = new Set<ProtocolCode>(['device-unknown', 'device-removed', 'bad-challenge'])

export class SignIns {
  private readonly sightings = new Map<string, DeviceSeen>()
  private readonly recoveryVisits = new Map<string, Visit>()
  private cancelFlush: (() => void) | undefined

  constructor(private readonly parts: SignInsParts) {}

  signedIn(account: AccountId, standing: Standing, address: string): void {
    // A newcomer opens an account, which is a row of its own; a removed device gets in only to read that it was removed.
    if (standing.kind === 'newcomer') return
    if (standing.kind === 'removed') {
      this.failed(account, standing.id, 'device-removed', address)
      return
    }
    this.parts.audit.keep(
      standing.kind === 'recovery'
        ? this.recoverySignedIn(account, address)
        : this.deviceSignedIn(account, standing.id, address),
    )
  }

  /** A login that was refused. Only of accounts that the relay knows is anything written. */
  failed(account: AccountId, device: DeviceId | undefined, code: string, address: string): void {
    if (failures.has(code)) this.parts.audit.note(account, 'sign-in-failed', { device, address, detail: code })
  }

  /** The device is there, or was until now. */
  seen(account: AccountId, device: DeviceId, address: string): void {
    const { platform, audit } = this.parts
    const key = `${bytesToHex(account)}/${bytesToHex(device)}`
    const lastMs = platform.now()
    const firstMs = this.sightings.get(key)?.firstMs ?? lastMs
    this.sightings.set(key, { account, device, firstMs, lastMs, address: audit.addressToKeep(address) })
    this.cancelFlush ??= platform.setTimer(GATHER_MS, () => this.parts.audit.keep(this.flush()))
  }

  /** What is kept of the account's devices, as of now. */
  async devices(account: AccountId): Promise<readonly SeenDevice[]> {
    await this.flush()
    return this.parts.store.accountRows.readDevicesSeen(account)
  }

  /** Writes what is gathered. What the disk refuses is gathered again at the next sighting. */
  async flush(): Promise<void> {
    this.cancelFlush?.()
    this.cancelFlush = undefined
    const sightings = [...this.sightings.values()]
    this.sightings.clear()
    if (sightings.length > 0) await this.parts.store.accountRows.putDevicesSeen(sightings)
  }

  private async deviceSignedIn(account: AccountId, device: DeviceId, address: string): Promise<void> {
    const { store, audit } = this.parts
    const gathered = this.sightings.get(`${bytesToHex(account)}/${bytesToHex(device)}`)
    this.seen(account, device, address)
    const before = gathered ?? (await this.lastVisit(store, account, device))
    if (!this.isSameVisit(before, address)) await audit.write(account, 'sign-in', { device, address })
  }

  private async lastVisit(store: RelayStore, account: AccountId, device: DeviceId): Promise<Visit | undefined> {
    const row = (await store.accountRows.readDevicesSeen(account)).find((each) => bytesEqual(each.device, device))
    return row && { lastMs: row.lastSeenMs, address: row.address }
  }

  private async recoverySignedIn(account: AccountId, address: string): Promise<void> {
    const { platform, audit } = this.parts
    const key = bytesToHex(account)
    const before = this.recoveryVisits.get(key)
    this.recoveryVisits.delete(key)
    this.recoveryVisits.set(key, { lastMs: platform.now(), address: audit.addressToKeep(address) })
    const [oldest] = this.recoveryVisits.keys()
    if (this.recoveryVisits.size > MAX_RECOVERY_VISITS) this.recoveryVisits.delete(oldest as string)
    if (!this.isSameVisit(before, address))
      await audit.write(account, 'sign-in', { address, detail: 'recovery-phrase' })
  }

  private isSameVisit(before: Visit | undefined, address: string): boolean {
    if (before === undefined || before.address !== this.parts.audit.addressToKeep(address)) return false
    return this.parts.platform.now() - before.lastMs < SAME_VISIT_MS
  }
}
