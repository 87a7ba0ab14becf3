// Brings packs from this device's store into the account: into a document beside the collection's, which nobody opens but for its history.
// No job of the collection waits for it, and what is not brought yet is in the store.
import { bytesToHex, type DocumentId } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { AccountContext } from '../account-context'
import { randomUint32 } from '../account-context'
import type { ConnectionState } from '../connection/connection-state'
import type { LineageMap } from '../device-map'
import { decodeName, nameKey } from '../document/document-names'
import type { DocumentSync } from '../document/document-sync'
import { Coverage, overlap } from './coverage'
import type { HistoryKeeper } from './history-keeper'
import { hasHistory, historyNameOf } from './history-names'
import { documentOf, packKeys, packPrefix } from './owed-packs'
import { decodePack, type EncodedPack, encodePack, keyOf, type Pack } from './pack'
import {
  editsFor,
  editsForOutdated,
  editsToForget,
  type Outdated,
  outdatedIdOf,
  readShelf,
  type ShelvedPack,
  shelvedOf,
} from './pack-shelf'

/** How long a history is kept when nobody says otherwise. */
export const HISTORY_KEEP_MS = 90 * 86_400_000
/** Whoever sums up goes first; the others mostly find theirs there. */
const MIN_WAIT_MS = 20_000
const MAX_FURTHER_WAIT_MS = 40_000
/** Somebody waits for a page of a history: what is not here by then is not in it. */
const READ_WAIT_MS = 10_000

export interface PackKeeperOptions {
  readonly context: AccountContext
  open(name: string): Promise<() => DocumentSync>
  connection(): ConnectionState
  onStatus(listener: () => void): () => void
}

/** A collection's history below what this device keeps of its log. */
export interface StoredHistory {
  /** By their last places in the log, rising. */
  readonly packs: readonly ShelvedPack[]
  readonly outdated: readonly Outdated[]
  /** Packs, or their deletion for their age, speak of everything that there was. */
  isComplete(below: LineageMap<number>): boolean
}

export class PackKeeper implements HistoryKeeper {
  /** Packs whose latest change is older go. */
  keepMs = HISTORY_KEEP_MS
  private isClosed = false
  /** By document: what is being brought, one after the other. */
  private readonly work = new Map<string, Promise<void>>()
  private readonly due = new Map<string, () => void>()

  constructor(private readonly options: PackKeeperOptions) {}

  /** Whether the document is one whose changes are kept. */
  async keeps(document: DocumentId): Promise<boolean> {
    const name = await this.nameOf(document)
    return name !== undefined && hasHistory(name)
  }

  /** Packs of it are in the store. @param options isFirst: of a summary that this device made */
  owed(document: DocumentId, { isFirst = false }: { readonly isFirst?: boolean } = {}): void {
    if (this.isClosed) return
    const key = bytesToHex(document)
    const { platform } = this.options.context
    const waitMs = isFirst ? 0 : MIN_WAIT_MS + (randomUint32(platform) % MAX_FURTHER_WAIT_MS)
    this.due.get(key)?.()
    const cancel = platform.setTimer(waitMs, () => void this.bring(document))
    this.due.set(key, cancel)
  }

  /** Packs of it are on this device alone. */
  async isOwing(document: DocumentId): Promise<boolean> {
    return (await this.options.context.store.list(packKeys.of(document))).length > 0
  }

  /** Brings its packs into the account now. @returns when the relay has them, or that was given up; never when it does not answer */
  bring(document: DocumentId): Promise<void> {
    const key = bytesToHex(document)
    this.due.get(key)?.()
    this.due.delete(key)
    const before = this.work.get(key) ?? Promise.resolve()
    const work = before.then(() => this.publish(document)).catch((cause: unknown) => this.failed(cause))
    this.work.set(key, work)
    return work
  }

  /** What was not brought into the account when it was closed. */
  async resume(): Promise<void> {
    const rows = await this.options.context.store.list(packPrefix)
    for (const hex of new Set(rows.map(([key]) => key[1]))) {
      const row = rows.find(([key]) => key[1] === hex)
      if (row !== undefined) this.owed(documentOf(row[0]))
    }
  }

  close(): void {
    this.isClosed = true
    for (const cancel of this.due.values()) cancel()
    this.due.clear()
  }

  /** What is known of a collection beside its log; waits a few seconds for a relay that is there. */
  async read(document: DocumentId): Promise<StoredHistory> {
    const name = await this.nameOf(document)
    const opened = name === undefined ? undefined : await this.options.open(historyNameOf(name))
    if (opened !== undefined) await this.caughtUp(opened, READ_WAIT_MS)
    // Nothing is awaited between the two but the store: a pack that goes from one to the other meanwhile is in both.
    const rows = await this.options.context.store.list(packKeys.of(document))
    const shelf = opened === undefined ? { packs: [], outdated: [], torn: [] } : readShelf(opened().registers)
    const known = new Set(shelf.packs.map(({ id }) => id))
    const owed = rows.flatMap(([key, bytes]) => shelvedOf({ id: key[2] as string, bytes }) ?? [])
    const packs = [...shelf.packs, ...owed.filter(({ id }) => !known.has(id))].sort((a, b) => a.last - b.last)
    const coverage = new Coverage([...packs, ...shelf.outdated].flatMap(({ spans }) => spans))
    return { packs, outdated: shelf.outdated, isComplete: (below) => coverage.coversAll(below) }
  }

  private async nameOf(document: DocumentId): Promise<string | undefined> {
    const row = await this.options.context.store.get(nameKey(document))
    return row && decodeName(row)
  }

  private async publish(document: DocumentId): Promise<void> {
    const { context } = this.options
    const rows = await context.store.list(packKeys.of(document))
    const name = await this.nameOf(document)
    if (rows.length === 0 || name === undefined || context.isOff?.(document) || this.isStopped) return
    const opened = await this.options.open(historyNameOf(name))
    // What others have written by then need not be written again.
    if (!(await this.caughtUp(opened))) return
    for (const [key, bytes] of rows) {
      if (this.isStopped) return
      await this.put(opened(), { id: key[2] as string, bytes })
      await context.writer.write({ remove: [key] })
    }
    await this.forgetOld(opened())
    const isConfirmed = opened().confirmation()
    await this.until(isConfirmed)
  }

  /** Writes what of a pack the document lacks: it may hold it already, as this device or another found it. */
  private async put(document: DocumentSync, owed: EncodedPack): Promise<void> {
    const pack = decodePack(owed.bytes)
    if (pack === undefined) return
    const shelf = readShelf(document.registers)
    const { device, now } = this
    const latestMs = pack.changes.reduce((latest, { atMs }) => Math.max(latest, atMs), 0)
    if (pack.changes.length > 0 && latestMs < now - this.keepMs) {
      const own = document.registers.get(outdatedIdOf(device))
      await Promise.all(document.transactAll(editsForOutdated(pack, shelf, device, own)))
      return
    }
    if (shelf.packs.some(({ id }) => id === owed.id)) return
    const lacking = lackOf(pack, shelf.packs)
    if (lacking === undefined) return
    const part = lacking === pack ? owed : encodePack(this.options.context.platform.signing.sha512, lacking)
    await Promise.all(document.transactAll(editsFor(part, lacking, document.registers.get(part.id))))
  }

  private async forgetOld(document: DocumentSync): Promise<void> {
    const { device, now } = this
    const shelf = readShelf(document.registers)
    const own = document.registers.get(outdatedIdOf(device))
    await Promise.all(document.transactAll(editsToForget(shelf, device, now - this.keepMs, own)))
  }

  private get device(): string {
    return bytesToHex(this.options.context.device)
  }

  private get now(): number {
    return this.options.context.now()
  }

  private get isStopped(): boolean {
    return this.isClosed || this.options.context.isRemoved
  }

  private caughtUp(opened: () => DocumentSync, waitMs?: number): Promise<boolean> {
    return this.until(() => opened().status.caughtUp, waitMs)
  }

  /** @returns false when that was given up */
  private until(isThere: () => boolean, waitMs?: number): Promise<boolean> {
    const { options } = this
    return new Promise((resolve) => {
      const end = (answer: boolean): void => {
        unsubscribe()
        cancel?.()
        resolve(answer)
      }
      const check = (): void => {
        if (isThere()) end(true)
        else if (this.isStopped || (waitMs !== undefined && options.connection() === 'offline')) end(false)
      }
      const unsubscribe = options.onStatus(check)
      const cancel = waitMs === undefined ? undefined : options.context.platform.setTimer(waitMs, () => end(false))
      check()
    })
  }

  private failed(cause: unknown): void {
    if (this.isStopped) return
    const error = cause instanceof SyncError ? cause : undefined
    const { context } = this.options
    context.report(error ?? new SyncError('internal-error', 'A history could not be kept.', { cause }))
  }
}

/** What nobody has written of it; undefined when that is nothing. The pack itself when it is all. */
function lackOf(pack: Pack, shelved: readonly ShelvedPack[]): Pack | undefined {
  const others = shelved.filter(({ spans }) => overlap(spans, pack.spans))
  if (others.length === 0) return pack
  const known = new Set<string>()
  for (const other of others) for (const change of other.read()?.changes ?? []) known.add(keyOf(change))
  const coverage = new Coverage(others.flatMap(({ spans }) => spans))
  const changes = pack.changes.filter((change) => !known.has(keyOf(change)))
  const isCovered = pack.spans.every((span) => coverage.covers(span))
  return changes.length === 0 && isCovered ? undefined : { spans: pack.spans, changes }
}
