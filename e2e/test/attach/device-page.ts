// What the pages of the tests of editors have in common: each is one device of an account, with documents attached to it, and nothing of this
// library between the editor's own binding and the provider.
import { type AttachedProvider, createAccount, joinAccount, openAccount, type Sync } from '@owlivion/sync'
import { openIndexedDbStore } from '@owlivion/sync/indexeddb'
import * as Y from 'yjs'

/** Attaches a new document. */
export type Attach = (name: string) => { readonly doc: Y.Doc; readonly provider: AttachedProvider }

/** What the page of one editor says of it. */
export interface EditorPage {
  /** What a person sees, as HTML without the cursors of others and without what only styles it. */
  html(): string
  /** How far the editor itself knows its own cursor to be from both ends: the browser moves it, and tells the editor a moment later. */
  caret(): { readonly fromStart: number; readonly fromEnd: number }
  /** Names at the cursors of others. */
  cursors(): readonly (string | null)[]
}

declare global {
  var device: DevicePage
  var editor: EditorPage
}

export interface DevicePage {
  /** @returns the recovery phrase */
  create(relay: string): Promise<string>
  join(relay: string, recoveryPhrase: string): Promise<void>
  /** A second tab of the device that made the account. */
  openAgain(): Promise<void>
  goOffline(): void
  goOnline(): void
  flush(): Promise<void>
  isSynced(): boolean
  problems(): readonly string[]
}

/** @param show puts the editors into the page when there is an account */
export function devicePage(show: (user: string, attach: Attach) => void): DevicePage {
  let sync: Sync | undefined
  const problems: string[] = []
  const providers: AttachedProvider[] = []

  const attach: Attach = (name) => {
    const doc = new Y.Doc()
    const provider = sync!.attach(doc, name)
    provider.on('error', (error) => problems.push(error.message))
    providers.push(provider)
    return { doc, provider }
  }

  function open(opened: Sync, user: string): void {
    sync = opened
    sync.on((event) => {
      if (event.type === 'error') problems.push(`${event.error.code}: ${event.error.message}`)
    })
    sync.goOnline()
    show(user, attach)
  }

  return {
    async create(relay) {
      const store = await openIndexedDbStore('mail')
      const made = await createAccount({ store, relay, deviceName: 'laptop' })
      open(made.sync, 'Ann')
      await made.sync.flush()
      return made.recoveryPhrase
    },
    async join(relay, recoveryPhrase) {
      const store = await openIndexedDbStore('other')
      open(await joinAccount({ store, relay, deviceName: 'phone', recoveryPhrase }), 'Bob')
    },
    async openAgain() {
      open(await openAccount({ store: await openIndexedDbStore('mail') }), 'Ann, elsewhere')
    },
    goOffline: () => sync!.goOffline(),
    goOnline: () => sync!.goOnline(),
    flush: () => sync!.flush(),
    isSynced: () => providers.every((provider) => provider.synced),
    problems: () => problems,
  }
}

/** An element of the page to put an editor into. */
export function place(id: string): HTMLElement {
  const element = document.createElement('div')
  element.id = id
  document.body.append(element)
  return element
}
