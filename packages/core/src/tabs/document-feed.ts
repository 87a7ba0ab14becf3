// Tells the other tabs what one document of the leader comes to. Nothing is told before it is on disk: a follower writes on top of what
// it was told, durably, and what that rests on must not be lost with the leader.
import { bytesToHex } from '@owlivion/sync-protocol'
import type { DocumentSync } from '../sync'
import { Y } from '../yjs'
import type { LiveUpdate, LoadedDocument, SharedMessage } from './messages'

const roots = ['registers', 'texts'] as const

export class DocumentFeed {
  private sequence = 0
  private updates: LiveUpdate[] = []
  private taken: string[] = []
  /** Writers of whom followers know which device they are. */
  private readonly told = new Set<string>()
  private isReplaced = false
  private isFlushing = false
  /** The Yjs documents that are listened to. */
  private docs: { readonly registers: Y.Doc; readonly texts: Y.Doc } | undefined
  private stopListening: () => void = () => {}

  constructor(
    private readonly document: () => DocumentSync,
    private readonly post: (message: SharedMessage) => void,
  ) {
    this.listen()
  }

  /** Call after every change: the document may have been built anew. */
  changed(): void {
    const { registers, texts } = this.document()
    if (registers.doc !== this.docs?.registers || texts !== this.docs.texts) this.replaced()
    if (this.updates.length > 0) void this.flush()
  }

  /** What followers have of it does not fit any more. */
  replaced(): void {
    this.listen()
    this.updates = []
    this.isReplaced = true
    void this.flush()
  }

  /** Takes over what followers have stored. */
  async adopt(): Promise<void> {
    const { rows, isRewritten } = await this.document().adopt()
    if (rows.length === 0) return
    this.taken.push(...rows.map(({ key }) => JSON.stringify(key)))
    if (isRewritten) this.replaced()
    else await this.flush()
  }

  /** The document as it is now, with all that followers have stored, once it is on disk. */
  async load(): Promise<LoadedDocument> {
    await this.adopt()
    this.changed()
    const document = this.document()
    const loaded = {
      document: bytesToHex(document.document),
      // What is not told yet is in here already, and is told with a greater one.
      sequence: this.sequence,
      registers: Y.encodeStateAsUpdateV2(document.registers.doc),
      texts: Y.encodeStateAsUpdateV2(document.texts),
      authors: [...document.authors],
    }
    await document.settled()
    return loaded
  }

  close(): void {
    this.stopListening()
    this.updates = []
  }

  private listen(): void {
    this.stopListening()
    const { registers, texts } = this.document()
    const docs = { registers: registers.doc, texts }
    this.docs = docs
    const stops = roots.map((root) => {
      const told = (bytes: Uint8Array): void => {
        this.updates.push({ root, bytes })
        void this.flush()
      }
      docs[root].on('update', told)
      return () => docs[root].off('update', told)
    })
    this.stopListening = () => {
      for (const stop of stops) stop()
    }
  }

  private newAuthors(): (readonly [writer: string, device: string])[] {
    const authors = [...this.document().authors].filter(([writer]) => !this.told.has(writer))
    for (const [writer] of authors) this.told.add(writer)
    return authors
  }

  private async flush(): Promise<void> {
    if (this.isFlushing) return
    this.isFlushing = true
    try {
      // What caused the update is to hand its rows over first.
      await undefined
      while (this.updates.length > 0 || this.taken.length > 0 || this.isReplaced) {
        const { updates, taken, isReplaced } = this
        this.updates = []
        this.taken = []
        this.isReplaced = false
        await this.document().settled()
        const document = bytesToHex(this.document().document)
        if (isReplaced) this.post({ kind: 'replaced', document, sequence: ++this.sequence })
        else
          this.post({
            kind: 'updates',
            document,
            sequence: ++this.sequence,
            updates,
            taken,
            authors: this.newAuthors(),
          })
      }
    } catch {
      // The engine is closing: the next leader tells, from what is on disk.
    } finally {
      this.isFlushing = false
    }
  }
}
