// The texts of one document while it is open. An editor holds on to their Y.Doc, so it stays the same one as long as Yjs allows. What
// comes from elsewhere carries an origin that tells it apart: whatever else changes the document was written here, and is to be sent.
import { SyncError } from '../../errors'
import { Y } from '../../yjs'
import { holdsNothingElse } from '../writing/text-lives'
import { piecesOf } from '../writing/text-pieces'

/** The origin of every Yjs transaction that was not written in this document: entries of the log, rows of the store, other tabs. */
export const receivedOrigin: symbol = Symbol('owlivion-sync')

export interface TextListener {
  /** Called with the Yjs update, in format 1, of what was written here, small enough to travel in an entry. */
  written(update: Uint8Array): void
  /** Something written elsewhere is about to be taken in. */
  receiving?(): void
  /** Something in a text was taken out again, for it is too large to travel. */
  refused(error: SyncError): void
}

export class LiveTexts {
  private isOwner = true
  /** Set while what is written is to be part of a transaction that is made at this moment. */
  private captured: Uint8Array[] | undefined

  constructor(
    private current: Y.Doc,
    private listener?: TextListener,
  ) {
    current.on('update', this.told)
  }

  get doc(): Y.Doc {
    return this.current
  }

  /** Told of everything that is written here from now on. */
  listen(listener: TextListener): void {
    this.listener = listener
  }

  /** Takes in what was written elsewhere, in one Yjs transaction. */
  receive(updates: readonly Uint8Array[], format: 'v1' | 'v2' = 'v1'): void {
    const apply = format === 'v1' ? Y.applyUpdate : Y.applyUpdateV2
    this.listener?.receiving?.()
    this.current.transact(() => {
      for (const update of updates) apply(this.current, update, receivedOrigin)
    }, receivedOrigin)
  }

  /** What is written within is told to nobody. @returns the Yjs update of it in format 1, undefined when nothing was written */
  capture(write: () => void): Uint8Array | undefined {
    const captured: Uint8Array[] = []
    this.captured = captured
    try {
      this.current.transact(write)
    } finally {
      this.captured = undefined
    }
    return captured.length > 1 ? Y.mergeUpdates(captured) : captured[0]
  }

  /** Goes on with another document, and ends the one of before. */
  replace(doc: Y.Doc): void {
    this.listener?.receiving?.()
    this.end()
    this.current = doc
    this.isOwner = true
    doc.on('update', this.told)
  }

  /**
   * Goes on in `doc`, which an editor may be bound to; it is this object's from now on.
   * @returns false, and `doc` is ended, when it holds anything that is not here
   */
  goOnIn(doc: Y.Doc): boolean {
    const isWithin = holdsNothingElse(doc, this.current)
    if (isWithin) {
      Y.applyUpdateV2(doc, Y.encodeStateAsUpdateV2(this.current), receivedOrigin)
      this.replace(doc)
    } else doc.destroy()
    return isWithin
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
    if (origin === receivedOrigin) return
    if (this.captured !== undefined) {
      this.captured.push(update)
      return
    }
    const { updates, tooLarge } = piecesOf(update)
    for (const piece of updates) this.listener?.written(piece)
    if (tooLarge.length > 0) this.remove(tooLarge)
  }

  /** As the others are told. */
  private remove(ids: readonly Y.ID[]): void {
    this.current.transact((transaction) => {
      for (const id of ids) {
        const item = Y.getItem(this.current.store, id)
        if (item instanceof Y.Item) item.delete(transaction)
      }
    }, receivedOrigin)
    this.listener?.refused(
      new SyncError('field-too-large', 'A text holds something that is larger than 128 KB; it was taken out again.'),
    )
  }
}
