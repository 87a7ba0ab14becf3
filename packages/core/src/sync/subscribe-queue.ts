// Which documents the relay is asked about next. Everything that asks in one turn goes in one frame, and a document that waits for an
// answer is not asked about twice.
import { bytesToHex, type DocumentId } from '@owlivion/sync-protocol'

export class SubscribeQueue {
  /** Documents whose subscribe has not been answered. */
  private readonly asked = new Set<string>()
  private queue: DocumentId[] = []

  constructor(private readonly send: (documents: readonly DocumentId[]) => void) {}

  ask(document: DocumentId): void {
    if (this.asked.has(bytesToHex(document))) return
    this.asked.add(bytesToHex(document))
    this.queue.push(document)
    if (this.queue.length === 1) void Promise.resolve().then(() => this.flush())
  }

  answered(document: DocumentId): void {
    this.asked.delete(bytesToHex(document))
  }

  /** An answer that has not come by now is waited for no more. */
  askAnew(): void {
    this.asked.clear()
  }

  /** The connection is gone, and with it what was to be asked on it. */
  clear(): void {
    this.asked.clear()
    this.queue = []
  }

  private flush(): void {
    const { queue } = this
    this.queue = []
    if (queue.length > 0) this.send(queue)
  }
}
