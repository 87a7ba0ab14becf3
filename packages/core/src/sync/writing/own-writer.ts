// Who this device writes as in one document. A life of this device that it does not remember, a clock that was far off, and a key that
// no longer counts all end in writing again what is pending; nothing is sealed or sent meanwhile.

import type { DocumentState } from '../document/document-state'
import { readStoredBase } from '../log/base'
import { observerOf } from '../observer'
import type { PushSender } from './push-sender'

/** Edits made before the relay's clock was known are moved when the device's clock is further off than this. */
const LARGE_OFFSET_MS = 300_000

export interface OwnWriterOptions {
  readonly sender: () => PushSender
  onChange(changed: undefined): void
  isClosed(): boolean
}

export class OwnWriter {
  /** A push was refused as sealed under an old key: seal anew once the keyring is read. */
  private reseal = false
  /** Another life of this device wrote to the log: take a new writer once all of it has arrived. Nothing is sent before. */
  private needsNewWriter: boolean
  /** Pending transactions are being written again; sealing the old ones meanwhile would part the log from this device. */
  private rewriting = false

  constructor(
    private readonly state: DocumentState,
    private readonly options: OwnWriterOptions,
  ) {
    this.needsNewWriter = state.hasTakenNumbers()
  }

  /** Nothing may be sealed or sent: who writes is about to change. */
  get isUnsettled(): boolean {
    return this.reseal || this.needsNewWriter || this.rewriting
  }

  /** Another life of this device wrote to the log. */
  foundOtherLife(): void {
    this.needsNewWriter = true
  }

  /** What is sealed was sealed under an old key; the keyring is to be read first. */
  sealAgain(): void {
    this.reseal = true
  }

  /** A push was refused as sealed under an old key, and the keyring was not read since. */
  get awaitsKeyring(): boolean {
    return this.reseal
  }

  /** The keyring was read. */
  followKeyring(): void {
    if (!this.reseal && !this.state.isSealedInVain()) return
    this.reseal = false
    this.startIncarnation()
  }

  /** All of the log is here. */
  async reachedEnd(): Promise<void> {
    if (this.needsNewWriter) await this.takeNewWriter()
  }

  /** Until it is done nothing is sent; what keeps it from being done now has it done at the next chance. */
  async takeNewWriter(): Promise<void> {
    this.needsNewWriter = true
    this.startIncarnation()
    await this.rewrite({ newWriter: true })
    this.needsNewWriter = false
  }

  /** Moves edits that were made before the relay's clock was known, when this device's is far from it; they keep their order. */
  async shift(): Promise<void> {
    const { outbox, context } = this.state
    const shiftMs = context.clockOffsetMs ?? 0
    if (Math.abs(shiftMs) <= LARGE_OFFSET_MS) return
    // What is sealed may be with others already, and keeps the time it has.
    if (outbox.pushes.length > 0 || !outbox.pending.some((item) => !item.isClockKnown)) return
    await this.rewrite({ newWriter: false, shiftMs })
  }

  /** What is sealed is given up; the caller writes the rows. */
  giveUpSealed(): void {
    this.options.sender().giveUpSealed()
  }

  startIncarnation(): void {
    this.giveUpSealed()
    // The rows are in the writer's queue before anything that follows; closing is the only way this can fail.
    void this.state.context.writer.write(this.state.startIncarnation()).catch(() => {})
  }

  /**
   * Does something to the live document or to what is pending; nothing is sealed or sent until it is done. Edits go on meanwhile, so
   * between reading them and putting them back nothing may be awaited.
   */
  async whileRewriting<Result>(act: () => Promise<Result>): Promise<Result> {
    this.rewriting = true
    // What is being sealed at this moment is the old writing.
    this.options.sender().discardSealing()
    try {
      return await act()
    } finally {
      this.rewriting = false
    }
  }

  /** Builds the live document anew from what was verified, and writes on it what is pending. */
  async startOver(): Promise<void> {
    await this.rewrite({ newWriter: false })
    observerOf(this.state.context.platform)?.startedOver(this.state.document)
  }

  private rewrite(options: { readonly newWriter: boolean; readonly shiftMs?: number }): Promise<void> {
    return this.whileRewriting(async () => {
      const { context, document } = this.state
      await context.writer.barrier()
      const stored = await readStoredBase(context, document)
      if (this.options.isClosed()) return
      const committed = context.writer.write(this.state.rewritePending(stored, options))
      this.options.onChange(undefined)
      await committed
    })
  }
}
