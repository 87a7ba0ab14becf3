// Who waits for the relay to have handled what was sent before a ping. A relay handles the frames of a connection in order: an answer to a
// later ping tells as much of the earlier ones, whose own may have been lost on a connection that goes on.

export class PingAnswers {
  private last = 0
  private readonly waiting = new Map<number, () => void>()

  /** @returns the id of the ping to send */
  next(answered: () => void = () => {}): number {
    this.waiting.set(++this.last, answered)
    return this.last
  }

  answered(id: number): void {
    for (const [earlier, answer] of [...this.waiting]) {
      if (earlier > id) return
      if (this.waiting.delete(earlier)) answer()
    }
  }

  /** The connection ended. */
  clear(): void {
    this.waiting.clear()
  }
}
