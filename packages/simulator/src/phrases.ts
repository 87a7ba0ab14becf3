// The recovery phrases that the people of a world have written down, on one sheet of paper that all of them can read.
export class Phrases {
  /** Newest first: which of them counts, only the account knows. */
  readonly #known: string[] = []
  /** The relay has the account: whoever holds the phrase can join. */
  isAtRelay = false

  get all(): readonly string[] {
    return this.#known
  }

  get exist(): boolean {
    return this.#known.length > 0
  }

  write(phrase: string): void {
    if (!this.#known.includes(phrase)) this.#known.unshift(phrase)
  }
}
