// Tells the other devices what this one has applied, and learns what they have: one sealed, signed row per device and
// document, overwritten at the relay, so that a reader that never writes is seen too.
import {
  activeDevice,
  bytesEqual,
  bytesToHex,
  type DeviceId,
  decodeEnvelope,
  decodeSeenBody,
  ENVELOPE_VERSION,
  encodeSeenBody,
  envelopeKinds,
  epochAt,
  type Frame,
  type Hash,
  type KeyringHead,
  type SeenEntry,
  SUITE_SECRETBOX,
  seenSigningBytes,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import { hashEntry, openEntry, sealEntry } from '../../crypto'
import { SyncError } from '../../errors'
import type { AccountContext } from '../account-context'
import type { Lineage } from '../device-map'
import type { LogClaim } from '../log/log-witness'
import { Copies, copiesKey, type DocumentCopy, type HolderProgress } from './copies'
import type { DocumentState } from './document-state'

/** At most this often, so that a burst of edits does not answer itself with a burst of rows. */
const SEEN_INTERVAL_MS = 2_000
/**
 * Each row goes to all others: with the devices their number grows as a square. With 50 devices that read along, opening each other's rows every
 * 2 seconds took a third of all their time. So all devices together say this at most every so many milliseconds.
 */
const SEEN_INTERVAL_OF_ALL_MS = 200

/**
 * So many rows are read at once, and the others after a pause: those of fifty devices come together, and checking them took a third of a second
 * in which nothing else was done. Meanwhile a newer row of a device takes the place of its older one.
 */
const ROWS_AT_ONCE = 4
const ROWS_PAUSE_MS = 200

/** What fits a row at the relay. The oldest lineages end first, and were seen long ago. */
const MAX_TOLD_LINEAGES = 500
/** What was learned of other devices is written this often at most; what a crash loses of it the relay sends again. */
const KEEP_INTERVAL_MS = 60_000

interface Outlet {
  send(frame: Frame): void
}

export class SeenRows {
  private cancelTimer: (() => void) | undefined
  private lastSentMs: number | undefined
  /** The log number the last row on this connection spoke of. */
  private lastSentNumber = -1
  /** What the log's hash was there. */
  private lastSentHash: Hash = ZERO_HASH
  private sending = false
  /** By device, the oldest first. */
  private readonly unread = new Map<string, Extract<Frame, { type: 'seen' }>>()
  private readSincePause = 0
  private cancelPause: (() => void) | undefined
  private readonly copies = new Copies()
  private listed: readonly DocumentCopy[] = []
  private listedAsOf = ''
  private keptVersion = 0
  private keptAtMs = Number.NEGATIVE_INFINITY

  constructor(
    private readonly context: AccountContext,
    private readonly state: DocumentState,
    private readonly outlet: () => Outlet | undefined,
    private readonly onStatus: () => void,
    private readonly claimed: (author: Lineage, number: number, head: KeyringHead) => void = () => {},
    private readonly witness: (claim: LogClaim) => void = () => {},
    private readonly runJob: (job: () => Promise<void>) => void = (job) => void job(),
  ) {}

  /** Sends a row soon, unless there is nothing new to tell. Call after what was applied is on disk. */
  schedule(waitMs = 0): void {
    if (this.cancelTimer !== undefined || this.sending || !this.hasNews()) return
    const now = this.context.platform.now()
    const intervalMs = this.intervalMs()
    const since = this.lastSentMs === undefined ? intervalMs : Math.abs(now - this.lastSentMs)
    this.cancelTimer = this.context.platform.setTimer(Math.max(waitMs, intervalMs - since), () => {
      this.cancelTimer = undefined
      void this.send()
    })
  }

  private intervalMs(): number {
    const { devices } = this.context.keyring()
    // Few devices are the rule, and need no counting.
    if (devices.size * SEEN_INTERVAL_OF_ALL_MS <= SEEN_INTERVAL_MS) return SEEN_INTERVAL_MS
    const active = [...devices.values()].filter(({ id }) => this.isActive(id)).length
    return Math.max(SEEN_INTERVAL_MS, active * SEEN_INTERVAL_OF_ALL_MS)
  }

  /** The last row did not get through, or was sealed under an older key. */
  tellAgain(waitMs?: number): void {
    this.lastSentNumber = -1
    this.schedule(waitMs)
  }

  disconnected(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
    this.lastSentNumber = -1
    // The next connection brings them again.
    this.unread.clear()
    this.cancelPause?.()
    this.cancelPause = undefined
    this.readSincePause = 0
    this.keepCopies()
  }

  /** What is here was told to the others, or there is nobody to tell. */
  get isTold(): boolean {
    return !this.sending && !this.hasNews()
  }

  /** Which other devices hold the document. The same list until something in it may have changed: a status is asked for with every edit. */
  listCopies(): readonly DocumentCopy[] {
    const { context, state, copies } = this
    const { number, held } = state.replica.state
    const hasUnsent = state.outbox.pending.length > 0
    const asOf = [copies.version, number, held.length, hasUnsent, context.keyring().length].join()
    if (asOf !== this.listedAsOf) {
      this.listed = copies.list({ applied: state.appliedByOthers(), number, hasUnsent }, this.isActive, context.now())
      this.listedAsOf = asOf
    }
    return this.listed
  }

  /** True when every other device of the account that was heard of after `sinceMs` has shown that it has applied this much. */
  holdersHave(progress: HolderProgress, sinceMs: number): boolean {
    const others = [...this.context.keyring().devices.values()]
      .map(({ id }) => id)
      .filter((device) => this.isActive(device) && !bytesEqual(device, this.context.device))
    return this.copies.haveAll(others, progress, sinceMs)
  }

  private readonly isActive = (device: DeviceId): boolean =>
    activeDevice(this.context.keyring(), device)?.role === 'device'

  /** What was known of the copies when this device was last open. @throws SyncError `profile-damaged` */
  async restore(): Promise<void> {
    const row = await this.context.store.get(copiesKey(this.state.document))
    if (row !== undefined) this.copies.restore(row)
  }

  private keepCopies(): void {
    if (this.copies.version === this.keptVersion || this.context.isRemoved) return
    this.keptVersion = this.copies.version
    this.keptAtMs = this.context.platform.now()
    const put = [[copiesKey(this.state.document), this.copies.toRow()]] as const
    // Closing rejects it, and nobody waits for it.
    void this.context.writer.write({ put }).catch(() => {})
  }

  /** What the author of an entry has: the entry, and what it says it had seen. */
  learnFromEntry(entry: SeenEntry, seen: readonly SeenEntry[], sealedAtMs: number): void {
    this.learn(entry, seen)
    this.heard(entry.device, [...seen, entry], sealedAtMs)
  }

  private heard(device: DeviceId, has: readonly SeenEntry[], saidAtMs: number, unnamedThrough?: number): void {
    if (bytesEqual(device, this.context.device)) return
    this.copies.heard(device, has, saidAtMs, unnamedThrough)
    this.context.heard?.(device, saidAtMs)
    if (Math.abs(this.context.platform.now() - this.keptAtMs) >= KEEP_INTERVAL_MS) this.keepCopies()
  }

  close(): void {
    this.disconnected()
  }

  /** Takes note of what another device says it has seen of our entries. */
  learn(author: Lineage, seen: readonly SeenEntry[]): void {
    if (bytesEqual(author.device, this.context.device)) return
    for (const entry of seen) {
      if (!bytesEqual(entry.device, this.context.device)) continue
      const before = this.state.own.seenByOthers.get(entry) ?? 0
      if (entry.sequence > before) this.state.own.seenByOthers.set(entry, entry.sequence)
    }
  }

  /** True when every entry of ours in the log was seen by another device. */
  areOwnSeen(): boolean {
    let hasOwn = false
    for (const [lineage, sequence] of this.state.replica.state.applied) {
      if (!bytesEqual(lineage.device, this.context.device)) continue
      hasOwn = true
      if ((this.state.own.seenByOthers.get(lineage) ?? 0) < sequence) return false
    }
    return hasOwn
  }

  /** Call within a job. */
  async receive(frame: Extract<Frame, { type: 'seen' }>): Promise<void> {
    const device = bytesToHex(decodeEnvelope(frame.envelope).device)
    this.unread.delete(device)
    this.unread.set(device, frame)
    await this.readRows()
  }

  private async readRows(): Promise<void> {
    if (this.unread.size === 0) return
    this.cancelPause ??= this.context.platform.setTimer(ROWS_PAUSE_MS, () => {
      this.cancelPause = undefined
      this.readSincePause = 0
      if (this.unread.size > 0) this.runJob(() => this.readRows())
    })
    for (const [device, frame] of this.unread) {
      if (this.readSincePause >= ROWS_AT_ONCE) break
      this.readSincePause++
      this.unread.delete(device)
      await this.read(frame)
    }
  }

  private async read(frame: Extract<Frame, { type: 'seen' }>): Promise<void> {
    const { context, state } = this
    const { signing } = context.platform
    const envelope = decodeEnvelope(frame.envelope)
    const epoch = epochAt(context.keyring(), envelope.epoch)
    const key = context.keyAt(state.document, envelope.epoch)
    const device = activeDevice(context.keyring(), envelope.device)
    // From a device or under a key this one has not read of yet: the next row will come after the keyring.
    if (epoch === undefined || key === undefined || device === undefined || envelope.kind !== envelopeKinds.seen) return
    const place = { account: context.account, document: state.document, keyId: epoch.keyId, previous: ZERO_HASH }
    const { hash } = hashEntry(signing.sha512, frame.envelope, envelope, place)
    const isSigned = await signing.verify(
      device.signing,
      seenSigningBytes(context.account, state.document, hash),
      frame.signature,
    )
    const opened = isSigned
      ? openEntry({ sha512: signing.sha512, key, bytes: frame.envelope, envelope, place })
      : undefined
    if (!opened?.ok) {
      context.report(new SyncError('relay-misbehaved', 'The relay sent a row of seen entries that does not verify.'))
      return
    }
    const body = decodeSeenBody(opened.content)
    this.learn(envelope, body.seen)
    const isFull = body.seen.length >= MAX_TOLD_LINEAGES
    this.heard(envelope.device, body.seen, body.sealedAtMs, isFull ? body.number : undefined)
    this.claimed(envelope, body.number, body.keyringHead)
    const { number, logHash, sealedAtMs } = body
    this.witness({ device: envelope.device, number, logHash, sealedAtMs })
    this.onStatus()
  }

  private hasNews(): boolean {
    const { number, hash } = this.state.replica.state
    if (this.outlet() === undefined || number === 0 || !this.hasReaders()) return false
    // A log that was read again, and is as long as the one that the others were told of, may be another.
    return number > this.lastSentNumber || (number === this.lastSentNumber && !bytesEqual(hash, this.lastSentHash))
  }

  /** There is another device that rows are for. */
  private hasReaders(): boolean {
    for (const { id } of this.context.keyring().devices.values())
      if (!bytesEqual(id, this.context.device) && this.isActive(id)) return true
    return false
  }

  private async send(): Promise<void> {
    const outlet = this.outlet()
    if (outlet === undefined || !this.hasNews()) return
    this.sending = true
    try {
      const { number, hash: logHash } = this.state.replica.state
      const { envelope, hash } = this.sealRow()
      const signature = await this.context.sign(seenSigningBytes(this.context.account, this.state.document, hash))
      if (this.outlet() === outlet) {
        outlet.send({ type: 'seen-put', document: this.state.document, envelope, signature })
        this.lastSentNumber = number
        this.lastSentHash = logHash
        this.lastSentMs = this.context.platform.now()
      }
    } catch (cause) {
      // Nobody waits for a row; the next entry brings another try.
      this.context.report(
        cause instanceof SyncError
          ? cause
          : new SyncError('internal-error', 'A seen row could not be made.', { cause }),
      )
      return
    } finally {
      this.sending = false
    }
    this.onStatus()
    this.schedule()
  }

  private sealRow(): { readonly envelope: Uint8Array; readonly hash: Hash } {
    const { context, state } = this
    const { number, hash: logHash, applied } = state.replica.state
    const keyring = context.keyring()
    const { position, keyId, key } = context.newestKey(state.document)
    const content = encodeSeenBody({
      sealedAtMs: Math.max(0, Math.floor(context.now())),
      keyringHead: { length: keyring.length, hash: keyring.head },
      number,
      logHash,
      seen: [...applied].slice(-MAX_TOLD_LINEAGES).map(([lineage, sequence]) => ({ ...lineage, sequence })),
    })
    const header = {
      version: ENVELOPE_VERSION,
      suite: SUITE_SECRETBOX,
      kind: envelopeKinds.seen,
      documentEpoch: state.documentEpoch,
      epoch: position,
      device: context.device,
      incarnation: state.own.incarnation,
      sequence: number,
    }
    const place = { account: context.account, document: state.document, keyId, previous: ZERO_HASH }
    const { sha512 } = context.platform.signing
    return sealEntry({ sha512, random: context.platform.random, key, header, place, content })
  }
}
