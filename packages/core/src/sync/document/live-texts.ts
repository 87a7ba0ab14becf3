// The texts of one document while it is open. An editor holds on to their Y.Doc, so it stays the same one as long as Yjs allows. What
// comes from elsewhere carries an origin that tells it apart: whatever else changes the document was written here, and is to be sent.
import { Y } from '../../yjs'

/** The origin of every Yjs transaction that was not written in this document: entries of the log, rows of the store, other tabs. */
export const receivedOrigin: symbol = Symbol('owlivion-sync')

/** Called with the Yjs update, in format 1, of a transaction that was written here. */
export type OnTextWritten = (update: Uint8Array) => void

export class LiveTexts {
  private isOwner = true

  constructor(
    private current: Y.Doc,
    private written: OnTextWritten = () => {},
  ) {
    current.on('update', this.told)
  }

  get doc(): Y.Doc {
    return this.current
  }

  /** Told of everything that is written here from now on. */
  onWritten(written: OnTextWritten): void {
    this.written = written
  }

  /** Takes in what was written elsewhere, in one Yjs transaction. */
  receive(updates: readonly Uint8Array[], format: 'v1' | 'v2' = 'v1'): void {
    const apply = format === 'v1' ? Y.applyUpdate : Y.applyUpdateV2
    this.current.transact(() => {
      for (const update of updates) apply(this.current, update, receivedOrigin)
    }, receivedOrigin)
  }

  /** Goes on with another document, and ends the one of before. */
  replace(doc: Y.Doc): void {
    this.end()
    this.current = doc
    this.isOwner = true
    doc.on('update', this.told)
  }

  /** @returns the document, which is the caller's from now on; nothing that is written in it is told any more */
  handOver(): Y.Doc {
    this.current.off('update', this.told)
    this.isOwner = false
    return this.current
  }

  end(): void {
    this.current.off('update', this.told)
    if (this.isOwner) this.current.destroy()
  }

  private readonly told = (update: Uint8Array, origin: unknown): void => {
    if (origin !== receivedOrigin) this.written(update)
  }
}
