// How many edits the relay has confirmed since the client was started. The outbox forgets what has arrived; the old queue kept it to show.
const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

export class SentEdits {
  #unsent = 0
  #sent: { readonly atMs: number; readonly count: number }[] = []
  /** The run whose failure a person has seen and cleared. */
  clearedFailureMs: number | undefined

  get count(): number {
    return this.#sent.reduce((sum, { count }) => sum + count, 0)
  }

  unsentIs(unsent: number, nowMs: number): void {
    const confirmed = this.#unsent - unsent
    this.#unsent = unsent
    if (confirmed <= 0) return
    const last = this.#sent.at(-1)
    // By the minute, so that a client that runs for weeks keeps a short list.
    if (last !== undefined && Math.abs(nowMs - last.atMs) < MINUTE_MS)
      this.#sent[this.#sent.length - 1] = { atMs: last.atMs, count: last.count + confirmed }
    else this.#sent.push({ atMs: nowMs, count: confirmed })
  }

  /** @returns how many were forgotten */
  clear(olderThanDays: number, nowMs: number): number {
    const before = this.count
    this.#sent = this.#sent.filter(({ atMs }) => nowMs - atMs < olderThanDays * DAY_MS)
    return before - this.count
  }
}
