// What a tab wrote while it led and of which the store has not said that it has it. When the lead is lost in the middle of that, the store
// still says which of it it took; the rest is written again by whoever this tab is then.

import { SyncError } from '../errors'
import type { WrittenTransaction } from '../sync'

interface Item {
  readonly transaction: WrittenTransaction
  /** Settled when the store has said what became of it. */
  readonly outcome: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class Unstored {
  private items: Item[] = []

  get size(): number {
    return this.items.length
  }

  /**
   * @param stored undefined for what nobody was asked to store
   * @returns when it is stored, now or later
   */
  add(transaction: WrittenTransaction, stored: Promise<void> | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const outcome =
        stored?.then(
          () => {
            this.items = this.items.filter((each) => each !== item)
            resolve()
          },
          () => {
            // Only a lead that was lost, or a tab that is closed, ends it early.
          },
        ) ?? Promise.resolve()
      const item: Item = { transaction, outcome, resolve, reject }
      this.items.push(item)
    })
  }

  /** Resolves when of each it is known whether the store has it. */
  async settled(): Promise<void> {
    await Promise.all(this.items.map(({ outcome }) => outcome))
  }

  /** Those that are in no store, for whoever sees to it that they are. */
  take(): { readonly transactions: readonly WrittenTransaction[]; storedBy(stored: Promise<void>): void } {
    const { items } = this
    this.items = []
    return {
      transactions: items.map(({ transaction }) => transaction),
      storedBy: (stored) => {
        const resolve = (): void => {
          for (const item of items) item.resolve()
        }
        stored.then(resolve, (error) => {
          for (const item of items) item.reject(error)
        })
      },
    }
  }

  close(): void {
    for (const { reject } of this.items)
      reject(new SyncError('closed', 'The account was closed before this could be stored.'))
    this.items = []
  }
}
