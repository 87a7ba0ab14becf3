// Finds a relay that shows two logs. Every device says, sealed, which number of the log it has read and what the log's hash is there; a hash
// stands for everything before it. Two devices that read one log agree at every number, whoever is ahead.
//
// A row that does not fit accuses nobody yet: it may have been written before the relay was put back to a backup, by a device that has not been
// there since. Devices speak only of a log that the relay has just vouched for, and say it anew when they heal. So a second, later row that does not
// fit either is proof, and this device says its own anew to get one. A reader that is merely behind is kept from the end, which is no fork.
import { activeDevice, bytesEqual, bytesToHex, type DeviceId, type Hash, hexToBytes } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { DocumentHost, DocumentPart } from '../document/document-part'
import type { PartStatus } from '../document/document-status'
import { ownLogHashes } from '../healing/roll-back'
import type { Suspicion } from './suspicion'

/** What a device says, in a row that was verified. */
export interface LogClaim {
  readonly device: DeviceId
  readonly number: number
  readonly logHash: Hash
  readonly sealedAtMs: number
}

/** Log hashes kept in memory. Devices that are live mostly speak of one of the last few numbers; older ones are counted up from the disk. */
const KEPT_HASHES = 32
/** So that the devices of an account, and the documents of a device, do not all read their disks at once. */
const MAX_WAIT_MS = 30_000

export class LogWitness implements DocumentPart {
  private readonly hashes = new Map<number, Hash>()
  /** The newest row of each device that was not compared yet. */
  private readonly claims = new Map<string, LogClaim>()
  /** When the row was sealed that did not fit, by device. */
  private readonly doubts = new Map<string, number>()
  private readonly suspicions = new Map<string, Suspicion>()
  private listed: readonly Suspicion[] = []
  private cancelTimer: (() => void) | undefined

  constructor(
    private readonly host: DocumentHost,
    /** Tells the others anew what this device has read. */
    private readonly tellAgain: () => void,
  ) {}

  get status(): Partial<PartStatus> {
    return { suspicions: this.listed }
  }

  told(claim: LogClaim): void {
    const { device, number, sealedAtMs } = claim
    const key = bytesToHex(device)
    if (number === 0 || bytesEqual(device, this.host.context.device)) return
    if ((this.claims.get(key)?.sealedAtMs ?? -1) > sealedAtMs) return
    this.claims.set(key, { ...claim, device: device.slice() as DeviceId, logHash: claim.logHash.slice() as Hash })
    this.compare()
  }

  caughtUp(): void {
    const { number, hash } = this.host.state.replica.state
    const before = this.hashes.get(number)
    // What this device said was of another log than the one that it has read since, by a summary.
    if (before !== undefined && !bytesEqual(before, hash)) {
      this.hashes.clear()
      this.tellAgain()
    }
    this.hashes.set(number, hash)
    for (const [old] of this.hashes) {
      if (this.hashes.size <= KEPT_HASHES) break
      this.hashes.delete(old)
    }
    this.compare()
  }

  /** While the relay is given back what it lost, the log is about to be another, and nothing said before counts against it. */
  received(): boolean {
    if (this.host.isHealing) this.forget()
    return false
  }

  refused(): boolean {
    return this.received()
  }

  keyringChanged(): void {
    const isGone = (key: string): boolean =>
      activeDevice(this.host.context.keyring(), hexToBytes(key) as DeviceId) === undefined
    for (const key of [...this.claims.keys(), ...this.doubts.keys(), ...this.suspicions.keys()])
      if (isGone(key)) this.acquit(key)
  }

  disconnected(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
    // The next connection brings them again.
    this.claims.clear()
  }

  close(): void {
    this.disconnected()
  }

  private forget(): void {
    this.hashes.clear()
    this.claims.clear()
    this.doubts.clear()
    this.suspicions.clear()
    this.list()
  }

  private get canCompare(): boolean {
    return this.host.link !== undefined && this.host.isCaughtUp && !this.host.isHealing && !this.host.isClosed
  }

  private compare(): void {
    if (this.claims.size === 0 || !this.canCompare) return
    const { number, hash } = this.host.state.replica.state
    let mustCount = false
    for (const claim of [...this.claims.values()]) {
      const own = claim.number === number ? hash : this.hashes.get(claim.number)
      if (own !== undefined) this.judge(claim, own)
      // Of what is not here yet, nothing can be said.
      else if (claim.number < number) mustCount = true
    }
    if (!mustCount || this.cancelTimer !== undefined) return
    const { platform } = this.host.context
    const [byte = 0] = platform.random(1)
    this.cancelTimer = platform.setTimer((byte / 255) * MAX_WAIT_MS, () => {
      this.cancelTimer = undefined
      this.host.runJob(() => this.countUp())
    })
  }

  /** Reads this device's own log again, which is as long as what no snapshot sums up. */
  private async countUp(): Promise<void> {
    const { host } = this
    if (!this.canCompare) return
    await host.context.writer.barrier()
    // Rows may move to other places while they are read; it is counted up again with the next row that somebody says.
    const counted = await ownLogHashes(host.state).catch(() => undefined)
    if (counted === undefined || !this.canCompare) return
    const { first, own } = counted
    for (const claim of [...this.claims.values()]) {
      if (claim.number >= first + own.length) continue
      const hash = own[claim.number - first]
      if (hash === undefined) this.claims.delete(bytesToHex(claim.device))
      else this.judge(claim, hash)
    }
  }

  private judge({ device, number, logHash, sealedAtMs }: LogClaim, own: Hash): void {
    const key = bytesToHex(device)
    this.claims.delete(key)
    if (bytesEqual(logHash, own)) {
      this.acquit(key)
      return
    }
    const doubtedAtMs = this.doubts.get(key)
    if (doubtedAtMs !== undefined && sealedAtMs <= doubtedAtMs) return
    this.doubts.set(key, sealedAtMs)
    if (this.suspicions.has(key)) return
    this.tellAgain()
    if (doubtedAtMs === undefined) return
    const { context } = this.host
    this.suspicions.set(key, { device: key, number, sinceMs: context.now() })
    this.list()
    const message = `The relay shows another device another history: the two differ at entry ${number} of a collection or before it.`
    context.report(new SyncError('relay-forked', message, { device: key }))
  }

  private acquit(key: string): void {
    this.claims.delete(key)
    this.doubts.delete(key)
    if (this.suspicions.delete(key)) this.list()
  }

  private list(): void {
    if (this.listed.length === 0 && this.suspicions.size === 0) return
    this.listed = [...this.suspicions.values()]
    this.host.onStatus()
  }
}
