// One text of a record, while an app shows or edits it.
import { plainTextOf, writePlainText } from './plain-text'
import { Listeners, type LiveDocument, receivedOrigin, rootNames, TOUCHED } from './sync'
import type { Y } from './yjs'

/** Writing in a text counts as a change of its record at most this often. */
const TOUCH_INTERVAL_MS = 60_000

/** What a text needs of the collection it is of. */
export interface TextFieldSource {
  readonly document: () => LiveDocument
  now(): number
  /** Calls `listener` after every change of records, and when the document was built anew. */
  subscribe(listener: (changed: ReadonlySet<string> | undefined) => void): () => void
}

/**
 * A text that people edit at once, character by character: what each of them types is kept, and a text never conflicts. Bind an editor to
 * `root`, or read and write it as plain text. What is typed is stored and sent like any other edit.
 *
 * @example
 * const notes = await sync.open('notes', { texts: ['body'] })
 * await notes.add('shopping', { title: 'Shopping' })
 * const body = await notes.text('shopping', 'body')
 * body.replaceWithText('milk\nbread')
 * console.log(body.toText())
 * body.close()
 */
export class TextField {
  private readonly listeners = new Listeners<[]>()
  private readonly replacedListeners = new Listeners<[]>()
  private name: string
  private bound: Y.XmlFragment
  private touchedAtMs: number | undefined
  private readonly stop: () => void

  /** @internal Use `collection.text`. */
  constructor(
    readonly id: string,
    readonly field: string,
    private readonly source: TextFieldSource,
    /** Undefined for whichever the field shows. */
    private readonly wanted: string | undefined,
    name: string,
  ) {
    this.name = name
    this.bound = this.bind()
    this.stop = source.subscribe((changed) => this.follow(changed))
  }

  /** The name of the text, which is the value of a candidate where two of them are in conflict. */
  get rootName(): string {
    return this.name
  }

  /** What editors are bound to. Stays the same object until `onReplaced` says otherwise. */
  get root(): Y.XmlFragment {
    return this.bound
  }

  /** The Y.Doc that `root` is in, with all other texts of the collection: do not destroy it. */
  get doc(): Y.Doc {
    return this.bound.doc!
  }

  /** What is written, without its formatting; one line for each paragraph. */
  toText(): string {
    return plainTextOf(this.bound)
  }

  /**
   * Makes the text say this, one paragraph for each line, with as little change as that takes: lines that stay keep their formatting, and
   * what others type in them meanwhile.
   */
  replaceWithText(text: string): void {
    this.doc.transact(() => writePlainText(this.bound, text))
  }

  /**
   * Calls `listener` after every change of the text, whoever made it.
   * @returns a function that ends it
   */
  subscribe(listener: () => void): () => void {
    return this.listeners.add(listener)
  }

  /**
   * Calls `listener` when `root` is another object than before, to which editors are to be bound anew: a conflict of two texts was decided
   * for the other, this window took over from another, or the device was found to run twice, or was told to forget what a removed device had written.
   * @returns a function that ends it
   */
  onReplaced(listener: () => void): () => void {
    return this.replacedListeners.add(listener)
  }

  /** Ends all listening. What was typed is stored and sent all the same. */
  close(): void {
    this.stop()
    this.bound.unobserveDeep(this.edited)
  }

  private bind(): Y.XmlFragment {
    const root = this.source.document().texts.getXmlFragment(this.name)
    root.observeDeep(this.edited)
    return root
  }

  private follow(changed: ReadonlySet<string> | undefined): void {
    if (changed !== undefined && !changed.has(this.id)) return
    const document = this.source.document()
    const names = this.wanted === undefined ? rootNames(document, this.id, this.field) : []
    const name = names[0] === undefined || names.includes(this.name) ? this.name : names[0]
    if (name === this.name && document.texts === this.bound.doc) return
    this.name = name
    this.bound.unobserveDeep(this.edited)
    this.bound = this.bind()
    this.replacedListeners.tell()
    this.listeners.tell()
  }

  private readonly edited = (_: unknown, { origin }: Y.Transaction): void => {
    if (origin !== receivedOrigin) this.touch()
    this.listeners.tell()
  }

  private touch(): void {
    const { id, source, touchedAtMs } = this
    const now = Math.floor(source.now())
    const document = source.document()
    if (touchedAtMs !== undefined && Math.abs(now - touchedAtMs) < TOUCH_INTERVAL_MS) return
    // Whoever types in a text of a deleted record does not bring it back.
    if (!document.registers.has(id)) return
    this.touchedAtMs = now
    // A text is typed in by nobody who would wait for it; closing is the only way this can fail, and what is not stored is counted there.
    for (const stored of document.transactAll([{ kind: 'update', id, fields: { [TOUCHED]: now } }]))
      stored.catch(() => {})
  }
}
