// The part of an open account that takes in Y.Docs of the app's own.
import { AttachedProvider, type AttachOptions } from './attach'
import { AccountSchedule } from './client-schedule'
import { SyncError } from './errors'
import type { DocumentStatus } from './sync'
import type { Y } from './yjs'

/** What the status of an account speaks of. */
export interface Opened {
  readonly status: DocumentStatus
}

/** Documents of an account, and what an app attaches to it. */
export abstract class AccountDocuments extends AccountSchedule {
  /** What the status speaks of, by name. */
  protected readonly opened = new Map<string, Opened>()
  private readonly attached = new Set<AttachedProvider>()

  /**
   * Makes a Y.Doc of the app's own a document of the account, sealed like all others, and kept on this device: the account's other devices that
   * attach one under the same name get the same content. The answer has what y-websocket's provider has, so that bindings of editors
   * (y-prosemirror and y-codemirror.next are tested) work with it as they are.
   *
   * The connection is the account's; `goOnline` makes it. In `status.documents` it stands as `attached:` and the name.
   * @param doc with the `Y` of the `yjs` that the app has installed
   * @param name any text but the empty one
   * @throws SyncError `invalid-value`
   *
   * @example
   * import * as Y from 'yjs'
   * const doc = new Y.Doc()
   * const provider = sync.attach(doc, 'meeting-notes')
   * provider.awareness.setLocalStateField('user', { name: 'Ann', color: '#a03060' })
   */
  attach(doc: Y.Doc, name: string, options: AttachOptions = {}): AttachedProvider {
    const key = name.normalize('NFC')
    if (key === '') throw new SyncError('invalid-value', 'An attached document has a name.')
    const { engine, attached, opened } = this
    const account = {
      ...{ engine, platform: engine.platform, relay: engine.relay },
      opened: (id: string, document: () => Opened) => {
        opened.set(id, {
          get status() {
            return document().status
          },
        })
        engine.statusChanged()
      },
      ended: (provider: AttachedProvider) => void attached.delete(provider),
    }
    const provider = new AttachedProvider(account, doc, key, options)
    attached.add(provider)
    return provider
  }

  /** The account is closing: what was written in attached documents is taken in already. */
  protected endAttached(): void {
    for (const provider of [...this.attached]) provider.destroy()
  }
}
