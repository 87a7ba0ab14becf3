// What happens while nothing happens: a sign of life is asked for, a relay that gives none is given up, and what the relay has is compared with
// what this device has, which finds a notice that was lost.
import type { DocumentSync } from '../document/document-sync'

/** How often cursors are compared with the relay while nothing else happens; finds a lost notice within this time. */
export const HEARTBEAT_MS = 15_000
/** Heartbeats in a row without a single frame from the relay after which a connection is given up. Counted, not timed: clocks jump. */
const MAX_SILENT_BEATS = 2
/** Documents whose cursors are compared at one heartbeat. */
const MAX_COMPARED = 64

export class Heartbeat {
  private silentBeats = 0
  /** Whose turn it is to be compared. */
  private turn = 0

  /** The relay sent something. */
  heard(): void {
    this.silentBeats = 0
  }

  /** @returns false when the relay has been silent for too long */
  beat(): boolean {
    if (this.silentBeats >= MAX_SILENT_BEATS) return false
    this.silentBeats++
    return true
  }

  /** All documents in turn: comparing a thousand at every heartbeat would cost more than everything else. */
  nextCompared(all: Iterable<DocumentSync>): DocumentSync[] {
    const documents = [...all]
    const turns = Math.max(1, Math.ceil(documents.length / MAX_COMPARED))
    this.turn = (this.turn + 1) % turns
    return documents.slice(this.turn * MAX_COMPARED, (this.turn + 1) * MAX_COMPARED)
  }
}
