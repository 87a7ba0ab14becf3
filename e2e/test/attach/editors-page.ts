// The script of the pages that the tests of editors open: one device of an account in each, with two editors bound to attached documents as their
// makers say, and nothing of this library between the binding and the provider.
import { EditorState as CodeState } from '@codemirror/state'
import { EditorView as CodeView } from '@codemirror/view'
import { type AttachedProvider, createAccount, joinAccount, openAccount, type Sync } from '@owlivion/sync'
import { openIndexedDbStore } from '@owlivion/sync/indexeddb'
import { baseKeymap, toggleMark } from 'prosemirror-commands'
import { keymap } from 'prosemirror-keymap'
import { schema } from 'prosemirror-schema-basic'
import { EditorState, Selection } from 'prosemirror-state'
import { EditorView } from 'prosemirror-view'
import { yCollab } from 'y-codemirror.next'
import { redo, undo, yCursorPlugin, ySyncPlugin, yUndoPlugin } from 'y-prosemirror'
import * as Y from 'yjs'

declare global {
  var editors: typeof page
}

let sync: Sync | undefined
let letter: EditorView | undefined
let filter: CodeView | undefined
const problems: string[] = []
const providers: AttachedProvider[] = []

function attach(name: string, user: string): { readonly doc: Y.Doc; readonly provider: AttachedProvider } {
  const doc = new Y.Doc()
  const provider = sync!.attach(doc, name)
  provider.on('error', (error) => problems.push(error.message))
  provider.awareness.setLocalStateField('user', { name: user, color: '#a03060', colorLight: '#a0306033' })
  providers.push(provider)
  return { doc, provider }
}

// As ProseMirror asks for: else the browser joins a space to the mark that follows it.
document.head.append(
  Object.assign(document.createElement('style'), { textContent: '.ProseMirror { white-space: pre-wrap }' }),
)

function place(id: string): HTMLElement {
  const element = document.createElement('div')
  element.id = id
  document.body.append(element)
  return element
}

function openRichText(user: string): void {
  const { doc, provider } = attach('letter', user)
  letter = new EditorView(place('letter'), {
    state: EditorState.create({
      schema,
      plugins: [
        ySyncPlugin(doc.getXmlFragment('prosemirror')),
        yCursorPlugin(provider.awareness),
        yUndoPlugin(),
        keymap({ 'Mod-z': undo, 'Mod-y': redo, 'Mod-b': toggleMark(schema.marks.strong!) }),
        keymap(baseKeymap),
      ],
    }),
  })
}

function openCode(user: string): void {
  const { doc, provider } = attach('filter.sieve', user)
  const text = doc.getText('code')
  filter = new CodeView({
    parent: place('code'),
    state: CodeState.create({ doc: text.toString(), extensions: [yCollab(text, provider.awareness)] }),
  })
}

async function open(opened: Sync, user: string): Promise<void> {
  sync = opened
  sync.on((event) => {
    if (event.type === 'error') problems.push(`${event.error.code}: ${event.error.message}`)
  })
  sync.goOnline()
  openRichText(user)
  openCode(user)
}

const page = {
  /** Answers the recovery phrase. */
  async create(relay: string): Promise<string> {
    const store = await openIndexedDbStore('mail')
    const made = await createAccount({ store, relay, deviceName: 'laptop' })
    await open(made.sync, 'Ann')
    await made.sync.flush()
    return made.recoveryPhrase
  },

  async join(relay: string, recoveryPhrase: string): Promise<void> {
    const store = await openIndexedDbStore('other')
    await open(await joinAccount({ store, relay, deviceName: 'phone', recoveryPhrase }), 'Bob')
  },

  /** A second tab of the device that made the account. */
  async openAgain(): Promise<void> {
    await open(await openAccount({ store: await openIndexedDbStore('mail') }), 'Ann, elsewhere')
  },

  goOffline: () => sync!.goOffline(),
  goOnline: () => sync!.goOnline(),
  flush: () => sync!.flush(),
  isSynced: () => providers.every((provider) => provider.synced),
  problems: () => problems,

  /** The rich text as HTML, without the cursors of others. */
  letterHtml(): string {
    const editor = document.querySelector('#letter .ProseMirror')!.cloneNode(true) as HTMLElement
    for (const cursor of editor.querySelectorAll(
      '.ProseMirror-yjs-cursor, .ProseMirror-separator, .ProseMirror-trailingBreak',
    ))
      cursor.remove()
    for (const selected of editor.querySelectorAll('.ProseMirror-yjs-selection'))
      selected.replaceWith(...selected.childNodes)
    return editor.innerHTML
  },

  code: () =>
    [...document.querySelectorAll('#code .cm-line')]
      .map((line) => {
        const copy = line.cloneNode(true) as HTMLElement
        for (const caret of copy.querySelectorAll('.cm-ySelectionCaret')) caret.remove()
        return (copy.textContent ?? '').replaceAll('\u2060', '')
      })
      .join('\n'),

  /** How far the editor itself knows its own cursor to be from both ends: the browser moves it, and tells the editor a moment later. */
  caret: (editor: 'letter' | 'code') => {
    const [head, first, last] =
      editor === 'code'
        ? [filter!.state.selection.main.head, 0, filter!.state.doc.length]
        : [
            letter!.state.selection.head,
            Selection.atStart(letter!.state.doc).head,
            Selection.atEnd(letter!.state.doc).head,
          ]
    return { fromStart: head - first, fromEnd: last - head }
  },

  /** Names at the cursors of others. */
  cursors: () => ({
    letter: [...document.querySelectorAll('#letter .ProseMirror-yjs-cursor > div')].map((label) => label.textContent),
    code: [...document.querySelectorAll('#code .cm-ySelectionInfo')].map((label) => label.textContent),
  }),
}

globalThis.editors = page
