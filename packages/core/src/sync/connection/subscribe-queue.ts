// Which documents the relay is asked about next. Everything that asks in one turn goes in one frame, a document that waits for an answer
// is not asked about twice, and those that were answered empty for want of room ask again together.
import { bytesEqual, bytesToHex, type DocumentId, MAX_DOCUMENTS } from '@owlivion/sync-protocol'

export class SubscribeQueue {
  /** Documents whose subscribe has not been answered. */
  private readonly asked = new Set<string>()
  private queue: DocumentId[] = []
  /** They ask when nothing is waited for any more. */
  private later = new Map<string, DocumentId>()

  constructor(private readonly send: (documents: readonly DocumentId[]) => void) {}

  ask(document: DocumentId): void {
    const key = bytesToHex(document)
    this.later.delete(key)
    if (this.asked.has(key)) return
    this.asked.add(key)
    this.queue.push(document)
    if (this.queue.length === 1) void Promise.resolve().then(() => this.flush())
  }

  askInTurn(document: DocumentId): void {
    this.later.set(bytesToHex(document), document)
    this.nextTurn()
  }

  answered(document: DocumentId): void {
    this.asked.delete(bytesToHex(document))
    this.nextTurn()
  }

  /** The document is of no interest any more. */
  forget(document: DocumentId): void {
    this.later.delete(bytesToHex(document))
    this.queue = this.queue.filter((each) => !bytesEqual(each, document))
    this.answered(document)
  }

  /** An answer that has not come by now is waited for no more. */
  askAnew(): void {
    this.asked.clear()
    this.nextTurn()
  }

  /** The connection is gone, and with it what was to be asked on it. */
  clear(): void {
    this.asked.clear()
    this.later.clear()
    this.queue = []
  }

  private nextTurn(): void {
    if (this.asked.size > 0) return
    for (const document of [...this.later.values()]) this.ask(document)
  }

  private flush(): void {
    const { queue } = this
    this.queue = []
    for (let first = 0; first < queue.length; first += MAX_DOCUMENTS)
      this.send(queue.slice(first, first + MAX_DOCUMENTS))
  }
}
