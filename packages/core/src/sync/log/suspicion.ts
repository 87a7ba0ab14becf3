/** Another device has read another log of this collection than this one, from the same relay. */
export interface Suspicion {
  /** Hex of the device's id, as in `devices()`. */
  readonly device: string
  /** At this number of the log, or before it, the two differ. */
  readonly number: number
  /** When it was certain, by the corrected clock, in ms since 1970. */
  readonly sinceMs: number
}
