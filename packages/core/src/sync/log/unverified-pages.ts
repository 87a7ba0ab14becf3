// What the relay sends of edits as they are made is shown before its signature is checked: the box's MAC and the chain say that a device of the
// account sealed it, and of the key in force now. Checking a signature takes longer than everything else together, and one covers all that
// its author wrote before it: so it is checked once for what came in a moment. Cursor, disk and what others are told wait for that. What
// turns out to be signed wrongly is taken out of the live document again, which is built anew from what was verified.
//
// Only what is plain is shown so: edits of records by others, each in its place, while nothing of this device waits to be sent. Everything
// else that is done to a document has these pages verified first.
import { bytesEqual, decodeEnvelope, type Frame, newestEpoch, roots, type SignedHead } from '@owlivion/sync-protocol'
import { LineageMap } from '../device-map'
import type { DocumentState } from '../document/document-state'
import type { LogReplica, OpenedEntry } from './log-replica'
import { type OpenPageInput, placeEntries, verifyEntries } from './open-page'
import { type PlacedDots, placedDots } from './placed-dots'

type Page = Extract<Frame, { type: 'page' }>

/** Long enough that somebody who types is checked twice a second, and short beside how often devices tell what they have. */
const VERIFY_AFTER_MS = 400
/** So much is not held back from the disk for long. */
const MAX_BYTES = 262_144

export interface UnverifiedPagesOptions {
  /** The document is at rest: it is caught up, and nothing else is under way. */
  canShow(): boolean
  onChange(changed: ReadonlySet<string>, placed: PlacedDots): void
  onStatus(): void
  /** `verify` is to be called within a job. */
  due(): void
  /** Entries that follow the cursor. @param isShown the live document has them */
  takeIn(entries: readonly OpenedEntry[], heads: readonly SignedHead[], isShown: boolean): Promise<void>
  /** Builds the live document anew from what was verified, with what this device has written since. */
  startOver(): Promise<void>
}

export class UnverifiedPages {
  private shown: OpenedEntry[] = []
  private heads: SignedHead[] = []
  private bytes = 0
  /** The log as it will be when all of them are verified. */
  private ahead: LogReplica | undefined
  private cancelTimer: (() => void) | undefined

  constructor(
    private readonly state: DocumentState,
    private readonly options: UnverifiedPagesOptions,
  ) {}

  /** Oldest first. */
  get entries(): readonly OpenedEntry[] {
    return this.shown
  }

  get isEmpty(): boolean {
    return this.shown.length === 0
  }

  /** Number of the last entry that the live document shows. */
  get lastEntry(): number {
    return this.shown.at(-1)?.number ?? this.state.replica.state.number
  }

  /**
   * Call within a job.
   * @returns false when the page has to be verified first, and these before it
   */
  show(page: Page): boolean {
    const { state } = this
    if (!this.options.canShow() || state.outbox.pending.length > 0 || state.replica.state.held.length > 0) return false
    this.ahead ??= state.replica.clone()
    const { ahead } = this
    const last = page.first + page.entries.length - 1
    if (page.first !== ahead.state.number + 1 || page.newest !== last) return false
    const entries = this.place(page, ahead)
    if (entries === undefined || !bytesEqual(ahead.hashAfter(entries), page.logHash)) return false
    // What is left of it when this fails is never used: the caller has what was shown verified, and it begins anew.
    if (ahead.receive(entries).newlyHeld.length > 0) return false
    let changed: ReadonlySet<string>
    try {
      changed = state.registers.apply(entries.flatMap(updatesOf))
    } catch {
      // Found again by the way that knows what to do about it.
      return false
    }
    for (const entry of entries) this.keep(entry)
    this.heads.push(...page.heads)
    this.options.onChange(changed, placedDots([], state.outbox))
    this.options.onStatus()
    if (this.bytes > MAX_BYTES) this.options.due()
    else this.start()
    return true
  }

  /** Verifies what was shown, and takes it in. Call within a job, before anything else is done to the document. */
  async verify(): Promise<void> {
    this.cancelTimer?.()
    this.cancelTimer = undefined
    this.ahead = undefined
    if (this.isEmpty) return
    try {
      await this.takeInShown(this.shown, this.heads)
    } finally {
      // Until then they count as shown: who wrote what, and how far this device is, is read meanwhile.
      this.shown = []
      this.heads = []
      this.bytes = 0
    }
  }

  private async takeInShown(entries: readonly OpenedEntry[], heads: readonly SignedHead[]): Promise<void> {
    const input = this.inputFor(entries[0]!.number)
    const ends = [...new LineageMap(heads.map((head) => [head, head] as const))].map(([, head]) => head)
    let page = await verifyEntries({ ...input, heads: ends }, entries)
    // The last of an author's signatures does not cover what came before it when it is not its own: each is tried.
    if (page.entries.some(isHeld)) page = await verifyEntries({ ...input, heads }, entries)
    // Their author may have been removed meanwhile: of what it sent, only what came before that counts.
    const isShown = this.state.replica.clone().receive(page.entries).newlyHeld.length === 0
    if (!isShown) await this.options.startOver()
    await this.options.takeIn(page.entries, page.heads, isShown)
  }

  close(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
  }

  private place(page: Page, ahead: LogReplica): readonly OpenedEntry[] | undefined {
    const { context } = this.state
    const newest = newestEpoch(context.keyring()).position
    const chains = ahead.state.chains
    const entries = placeEntries({ ...this.inputFor(page.first), chains, entries: page.entries, heads: page.heads })
    const isPlain = (entry: OpenedEntry): boolean =>
      'body' in entry.outcome &&
      entry.outcome.body.repairs === undefined &&
      entry.outcome.body.updates.every(({ root, format }) => root !== roots.texts && format === 1) &&
      !bytesEqual(entry.device, context.device) &&
      decodeEnvelope(entry.bytes).epoch === newest
    return entries?.every(isPlain) ? entries : undefined
  }

  private inputFor(first: number): OpenPageInput {
    const { context, document, documentEpoch, replica } = this.state
    return {
      account: context.account,
      document,
      documentEpoch,
      keyring: context.keyring(),
      isKeyringFresh: false,
      keyAt: (position) => context.keyAt(document, position),
      signing: context.platform.signing,
      inflate: context.platform.inflate,
      chains: replica.state.chains,
      first,
      entries: [],
      heads: [],
      findOwn: () => undefined,
    }
  }

  private keep(entry: OpenedEntry): void {
    // A page is a view into what the connection received, and is kept for a moment only.
    this.shown.push(entry)
    this.bytes += entry.bytes.length
  }

  private start(): void {
    this.cancelTimer ??= this.state.context.platform.setTimer(VERIFY_AFTER_MS, () => {
      this.cancelTimer = undefined
      this.options.due()
    })
  }
}

function updatesOf({ outcome }: OpenedEntry): readonly Uint8Array[] {
  return 'body' in outcome ? outcome.body.updates.map(({ bytes }) => bytes) : []
}

function isHeld({ outcome }: OpenedEntry): boolean {
  return 'held' in outcome
}
