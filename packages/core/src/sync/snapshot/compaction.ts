// Keeps what a document costs in proportion to what it holds: sums up a long log in a snapshot, judges those of others, and lets go of what
// a settled one covers. All of it is done while the document has nothing else to do, after a random wait, so that not all devices do the
// same at once. Never on the path of an edit. (Taking a snapshot over is another matter: `adoption.ts`.)
import { bytesEqual, bytesToHex, type Frame, type Hash, type Refusal, splitSnapshot } from '@owlivion/sync-protocol'
import { isSyncError, type SyncError } from '../../errors'
import { randomUint32 } from '../account-context'
import { LARGE_ANSWER_TIMEOUT_MS, QuestionTimer } from '../connection/question-timer'
import type { DocumentLink } from '../document/document-link'
import type { DocumentFrame, DocumentHost, DocumentPart } from '../document/document-part'
import { owedPacks } from '../history/owed-packs'
import { PacksFirst } from '../history/packs-first'
import { CompactionNeed } from './compaction-need'
import type { CurrentSnapshot } from './current-snapshot'
import { moveFoundation } from './foundation-move'
import type { ArrivedSnapshot } from './snapshot-arrivals'
import { buildSnapshot } from './snapshot-build'
import { openSnapshot, type SealedSnapshot } from './snapshot-format'
import { judgeSnapshot } from './snapshot-judge'

/** Before anything is done unasked. Long enough that of several devices one has done it before the others begin. */
const MAX_WAIT_MS = 30_000

/** What there is to do, the most urgent first. `fetch-back`: a single device's own snapshot, to see that the relay's copy is whole. */
type Task =
  | { readonly kind: 'judge' | 'fetch-back'; readonly hash: Hash }
  | { readonly kind: 'build' }
  | { readonly kind: 'move'; readonly number: number; readonly hash: Hash }

export class Compaction implements DocumentPart {
  private readonly need: CompactionNeed
  private fetching: Extract<Task, { hash: Hash; kind: 'judge' | 'fetch-back' }> | undefined
  private uploading: (SealedSnapshot & { readonly number: number; readonly parent: Hash | undefined }) | undefined
  /** By the hex of the hash: what the relay does not have, or has whole. */
  private readonly fetchedBack = new Map<string, boolean>()
  /** The keyring was read for the sake of these. */
  private readonly keyringReadFor = new Set<string>()
  private cancelTimer: (() => void) | undefined
  private readonly timer: QuestionTimer
  /** The relay refuses this device's snapshots for good; tried once more on the next connection. */
  private isRefused = false
  private readonly packs: PacksFirst

  constructor(
    private readonly host: DocumentHost,
    private readonly current: CurrentSnapshot,
  ) {
    this.need = new CompactionNeed(host.state)
    this.timer = new QuestionTimer(host.context.platform)
    this.packs = new PacksFirst(host, () => this.caughtUp())
  }

  get needsConnection(): boolean {
    const { fetching, uploading, cancelTimer, packs } = this
    return fetching !== undefined || uploading !== undefined || cancelTimer !== undefined || packs.isWaiting
  }

  connected(): void {
    this.isRefused = false
  }

  disconnected(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
    this.packs.disconnected()
    this.timer.stop()
    this.fetching = undefined
    this.uploaded()
  }

  close(): void {
    this.disconnected()
  }

  /** Looks whether there is something to do, and does it after a while. */
  async caughtUp(): Promise<void> {
    if (this.needsConnection || (await this.nextTask(false)) === undefined) return
    if (this.cancelTimer !== undefined || this.host.link === undefined) return
    const { platform } = this.host.context
    this.cancelTimer = platform.setTimer(randomUint32(platform) % MAX_WAIT_MS, () => {
      this.cancelTimer = undefined
      this.host.runJob(() => this.work())
    })
  }

  /** What was summed up may count no more. */
  keyringChanged(): Promise<void> {
    return this.caughtUp()
  }

  async received(frame: DocumentFrame): Promise<boolean> {
    if (frame.type === 'snapshot-stored') {
      await this.stored(frame.hash)
      return true
    }
    if (frame.type === 'snapshot-offered' && this.host.isCaughtUp) await this.caughtUp()
    return false
  }

  async refused({ request }: Refusal, error: SyncError, link: DocumentLink): Promise<boolean> {
    if (request === 'snapshot-put' && this.uploading !== undefined) {
      // What it was built on is not the relay's current one: another is, of which it has told, or none.
      if (error.code === 'snapshot-conflict') this.current.forget(this.uploading?.parent)
      this.uploaded()
      if (error.code === 'stale-epoch') link.readKeyring()
      if (!error.retryable) {
        this.isRefused = true
        this.host.context.report(error)
      }
      // Lost to another device, whose snapshot is to be judged then; or later again.
      await this.caughtUp()
      return true
    }
    // Said twice, or of one that was given up meanwhile.
    if (request === 'snapshot-put' && error.retryable) return true
    if (request !== 'snapshot-fetch' || this.fetching === undefined) return false
    const { kind, hash } = this.fetching
    this.timer.stop()
    this.fetching = undefined
    if (kind === 'judge') this.current.found.set(bytesToHex(hash), 'unknown')
    else this.fetchedBack.set(bytesToHex(hash), false)
    await this.caughtUp()
    return true
  }

  async snapshotArrived(arrived: ArrivedSnapshot, link: DocumentLink): Promise<boolean> {
    const { fetching } = this
    if (fetching === undefined || !bytesEqual(fetching.hash, arrived.hash)) return false
    this.timer.stop()
    this.fetching = undefined
    if (fetching.kind === 'judge') await this.judge(arrived, link)
    else this.fetchedBack.set(bytesToHex(arrived.hash), await this.isWhole(arrived))
    await this.caughtUp()
    return true
  }

  private get isReady(): boolean {
    const { host } = this
    return host.link !== undefined && host.isCaughtUp && !host.isHealing && host.context.isKeyringHidden !== true
  }

  /** @param isIdle as in `CompactionNeed` */
  private async nextTask(isIdle: boolean): Promise<Task | undefined> {
    const { current, host } = this
    const { offer } = current
    if (!this.isReady || (offer !== undefined && offer.documentEpoch !== host.state.documentEpoch)) return undefined
    if (offer !== undefined && (await current.isToBeJudged())) return { kind: 'judge', hash: offer.hash }
    if (await this.isBuildDue(isIdle)) return { kind: 'build' }
    const settled = await current.settled()
    if (settled === undefined) return undefined
    const { isAccepted, hash, number } = settled
    const isWhole = isAccepted || this.fetchedBack.get(bytesToHex(hash))
    if (isWhole === undefined) return { kind: 'fetch-back', hash }
    return isWhole ? { kind: 'move', hash, number } : undefined
  }

  private async isBuildDue(isIdle: boolean): Promise<boolean> {
    const { offer, isUntrue } = this.current
    const { number } = this.host.state.replica.state
    if (this.isRefused || this.current.isUploading || number <= (offer?.coveredNumber ?? 0) || this.current.isTainted)
      return false
    // Until a true one takes its place, who is new gets what is wrong.
    return isUntrue || this.need.isThere(offer, isIdle)
  }

  /** Time has passed, and things may be otherwise: another device may have done it. */
  private async work(): Promise<void> {
    const { link } = this.host
    const task = this.needsConnection ? undefined : await this.nextTask(true)
    if (task === undefined || link === undefined || link !== this.host.link) return
    switch (task.kind) {
      case 'judge':
      case 'fetch-back':
        this.fetching = task
        this.timer.ask(
          link,
          { type: 'snapshot-fetch', document: this.host.state.document, hash: task.hash },
          LARGE_ANSWER_TIMEOUT_MS,
        )
        return
      case 'build':
        if (await this.packs.areBrought()) await this.build(link)
        return
      case 'move':
        await this.move(task)
        await this.caughtUp()
    }
  }

  private async build(link: DocumentLink): Promise<void> {
    const { state, context } = this.host
    const { number } = state.replica.state
    try {
      const parent = this.current.offer?.hash
      const sealed = await buildSnapshot(state, parent)
      if (link !== this.host.link || this.current.isUploading) return
      this.current.isUploading = true
      this.uploading = { ...sealed, number, parent }
      this.timer.askLarge(link, partsOf(state.document, sealed))
    } catch (error) {
      if (!isSyncError(error, 'entry-too-large')) throw error
      // Nobody would open it. What it would cover stays as it is.
      this.isRefused = true
      context.report(error)
    }
  }

  private uploaded(): void {
    if (this.uploading !== undefined) this.current.isUploading = false
    this.uploading = undefined
    this.timer.stop()
  }

  private async stored(hash: Hash): Promise<void> {
    const { uploading } = this
    if (uploading === undefined || !bytesEqual(uploading.hash, hash)) return
    this.uploaded()
    const note = { number: uploading.number, hash, storedAtMs: this.host.context.now(), isAccepted: false }
    await this.current.shelf.put(note, uploading.bytes)
    this.host.onStatus()
  }

  private async judge(arrived: ArrivedSnapshot, link: DocumentLink): Promise<void> {
    const { state, context } = this.host
    const opened = await openSnapshot(context, state.document, arrived.bytes)
    if ('failure' in opened) {
      if (opened.failure === 'unreadable')
        await this.current.judged(arrived.hash, opened.author, { verdict: 'reject', reason: 'it cannot be read' })
      else if (opened.failure === 'needs-keyring' && !this.keyringReadFor.has(bytesToHex(arrived.hash))) {
        this.keyringReadFor.add(bytesToHex(arrived.hash))
        link.readKeyring()
      }
      // Whoever it is by, it is not what the relay calls it; or the keyring does not say who may have made it.
      else this.current.found.set(bytesToHex(arrived.hash), 'unknown')
      return
    }
    const judgement = bytesEqual(opened.hash, arrived.hash)
      ? await judgeSnapshot(state, opened)
      : ({ verdict: 'unknown', reason: 'it is another than it is called' } as const)
    if (this.host.isClosed) return
    await this.current.judged(arrived.hash, opened.author, judgement, opened)
  }

  private async isWhole({ hash, bytes }: ArrivedSnapshot): Promise<boolean> {
    const opened = await openSnapshot(this.host.context, this.host.state.document, bytes)
    return !('failure' in opened) && bytesEqual(opened.hash, hash)
  }

  private async move({ number, hash }: { readonly number: number; readonly hash: Hash }): Promise<void> {
    const { state, context, intake } = this.host
    await intake.fold()
    if (this.host.isClosed) return
    await context.writer.barrier()
    const packs = await owedPacks(state)
    const batch = await moveFoundation(state, { number, hash })
    if (batch === undefined || this.host.isClosed) return
    this.current.shelf.forget(number - 1)
    await context.writer.write({ ...batch, put: [...(batch.put ?? []), ...packs] })
    if (packs.length > 0) context.history?.owed(state.document)
  }
}

export function* partsOf(
  document: DocumentHost['state']['document'],
  { hash, bytes }: SealedSnapshot,
): Generator<Frame> {
  for (const part of splitSnapshot(hash, bytes)) yield { type: 'snapshot-put', document, part }
}
