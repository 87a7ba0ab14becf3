// What follows when the relay refuses something about one document: each code says who has to do what before it is tried again, and a
// refusal that nothing here can mend stands until the relay has sent everything once more.
import type { Refusal } from '@owlivion/sync-protocol'
import type { SyncError } from '../../errors'
import type { AccountContext } from '../account-context'
import type { PageReader } from '../log/page-reader'
import type { OwnWriter } from '../writing/own-writer'
import type { PushSender } from '../writing/push-sender'
import type { DocumentLink } from './document-link'
import type { SeenRows } from './seen-rows'

export interface DocumentRefusalsOptions {
  readonly context: AccountContext
  readonly sender: PushSender
  readonly ownWriter: OwnWriter
  readonly reader: PageReader
  readonly seenRows: SeenRows
  /** The connection that is up. */
  link(): DocumentLink | undefined
  foundLaterEpoch(): Promise<void>
  onStatus(): void
}

export class DocumentRefusals {
  /** Why the relay does not send what follows the cursor, while it does not. */
  private subscribe: SyncError | undefined

  constructor(private readonly options: DocumentRefusalsOptions) {}

  /** What is refused now. */
  get standing(): SyncError | undefined {
    return this.subscribe ?? this.options.sender.refused
  }

  /** The relay has sent everything: what it refused before counts no more. */
  caughtUp(): void {
    this.subscribe = undefined
    this.options.sender.refused = undefined
  }

  async refusedPush(refusal: Refusal, error: SyncError, link: DocumentLink): Promise<void> {
    const { sender, ownWriter } = this.options
    if (link !== this.options.link() || !sender.takeBack()) return
    switch (refusal.code) {
      case 'fork':
        sender.waitBeforeSealingAgain()
        await ownWriter.takeNewWriter()
        return
      case 'stale-epoch':
        sender.waitBeforeSealingAgain()
        ownWriter.sealAgain()
        link.readKeyring()
        return
      case 'unknown-epoch':
        link.distrust(error)
        return
      case 'rebasing':
        sender.retryAfter(error.retryAfterMs)
        return
      case 'stale-document-epoch':
        sender.waitBeforeSealingAgain()
        ownWriter.startIncarnation()
        await this.options.foundLaterEpoch()
        return
      case 'already-covered':
        // It is in a snapshot, or another life of this device is: reading on tells which.
        sender.waitBeforeSealingAgain()
        this.options.reader.readAgain()
        return
    }
    sender.refuse(error)
  }

  refusedSeen(error: SyncError): void {
    const { context, seenRows } = this.options
    // A relay that has not the keyring gets it on the next connection.
    if (error.code === 'unknown-epoch') {
      this.options.link()?.distrust(error)
      return
    }
    if (error.code === 'stale-epoch') this.options.link()?.readKeyring()
    else if (error.retryable) seenRows.tellAgain(error.retryAfterMs)
    if (error.code !== 'stale-epoch') context.report(error)
  }

  refusedSubscribe(error: SyncError): void {
    this.subscribe = error
    this.options.reader.isCaughtUp = false
    this.options.onStatus()
    this.options.context.report(error)
  }
}
