// Joins an app's Y.Doc and the texts of a sealed document: what is written in one is in the other in the same turn.
import { SyncError } from '../errors'
import { Y } from '../yjs'

export interface BridgeOptions {
  /** The app's. */
  readonly doc: Y.Doc
  /** Of every change that comes to the app's document. */
  readonly origin: unknown
  /** The texts as they are now: another Y.Doc when the document was built anew. */
  texts(): Y.Doc
  /** What was written in the app's document could not be taken. */
  failed(error: SyncError): void
}

export class Bridge {
  private current: Y.Doc | undefined

  constructor(private readonly options: BridgeOptions) {}

  /** Everything that either side has goes to the other, and from then on what is new. Said again, it looks whether the texts are others now. */
  join(): void {
    const { doc, origin, texts } = this.options
    const current = texts()
    if (this.current === current) return
    this.leave()
    this.current = current
    doc.on('update', this.fromDoc)
    current.on('update', this.fromTexts)
    current.on('destroy', this.ended)
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(current, Y.encodeStateVector(doc)), origin)
    this.take(Y.encodeStateAsUpdate(doc, Y.encodeStateVector(current)))
  }

  leave(): void {
    this.options.doc.off('update', this.fromDoc)
    this.current?.off('update', this.fromTexts)
    this.current?.off('destroy', this.ended)
    this.current = undefined
  }

  private readonly fromDoc = (update: Uint8Array, origin: unknown): void => {
    if (origin !== this.options.origin) this.take(update)
  }

  private readonly fromTexts = (update: Uint8Array, origin: unknown): void => {
    if (origin !== this) Y.applyUpdate(this.options.doc, update, this.options.origin)
  }

  private take(update: Uint8Array): void {
    if (this.current === undefined) return
    try {
      Y.applyUpdate(this.current, update, this)
    } catch (cause) {
      const message = 'What was written in an attached document could not be taken.'
      this.options.failed(cause instanceof SyncError ? cause : new SyncError('internal-error', message, { cause }))
    }
  }

  private readonly ended = (destroyed: Y.Doc): void => {
    if (this.current === destroyed) this.leave()
    // What takes its place is there once whoever ended it is done.
    void Promise.resolve().then(() => this.rejoin(destroyed))
  }

  private rejoin(destroyed: Y.Doc): void {
    try {
      if (this.current === undefined && this.options.texts() !== destroyed) this.join()
    } catch {
      // The account is closed.
    }
  }
}
