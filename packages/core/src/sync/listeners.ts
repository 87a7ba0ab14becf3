// Those who want to be told. One that throws is a defect of the app: the others are told all the same, nothing of the engine's own
// work breaks off because of it, and it comes up where uncaught errors do.
export class Listeners<Arguments extends readonly unknown[]> {
  private readonly entries = new Set<{ readonly listener: (...values: Arguments) => void }>()

  /** @returns a function that ends it */
  add(listener: (...values: Arguments) => void): () => void {
    const entry = { listener }
    this.entries.add(entry)
    return () => {
      this.entries.delete(entry)
    }
  }

  tell(...values: Arguments): void {
    for (const entry of [...this.entries]) {
      // One that was told before may have ended this one.
      if (!this.entries.has(entry)) continue
      try {
        entry.listener(...values)
      } catch (error) {
        void Promise.reject(error)
      }
    }
  }

  get size(): number {
    return this.entries.size
  }

  clear(): void {
    this.entries.clear()
  }
}
