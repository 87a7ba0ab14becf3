// Folds a log that became long, once nothing came for a moment: a device that has just caught up shows what it has first.
import type { DocumentHost, DocumentPart } from '../document/document-part'
import { isTailLong } from './fold'

/** So that news which come one after the other are folded together. Opening meanwhile costs the log that is there. */
const QUIET_MS = 2_000

export class Folding implements DocumentPart {
  private cancelTimer: (() => void) | undefined

  constructor(private readonly host: DocumentHost) {}

  caughtUp(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
    if (!isTailLong(this.host.state)) return
    this.cancelTimer = this.host.context.platform.setTimer(QUIET_MS, () => {
      this.cancelTimer = undefined
      this.host.runJob(() => this.host.intake.foldWhenLong())
    })
  }

  close(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
  }
}
