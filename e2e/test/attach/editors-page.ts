// The script of the pages with ProseMirror and CodeMirror, bound to attached documents as the makers of their bindings say.
import { EditorState as CodeState } from '@codemirror/state'
import { EditorView as CodeView } from '@codemirror/view'
import { baseKeymap, toggleMark } from 'prosemirror-commands'
import { keymap } from 'prosemirror-keymap'
import { schema } from 'prosemirror-schema-basic'
import { EditorState, Selection } from 'prosemirror-state'
import { EditorView } from 'prosemirror-view'
import { yCollab } from 'y-codemirror.next'
import { redo, undo, yCursorPlugin, ySyncPlugin, yUndoPlugin } from 'y-prosemirror'
import { type Attach, devicePage, place } from './device-page'

declare global {
  var editors: typeof page
}

let letter: EditorView | undefined
let filter: CodeView | undefined

// As ProseMirror asks for: else the browser joins a space to the mark that follows it.
document.head.append(
  Object.assign(document.createElement('style'), { textContent: '.ProseMirror { white-space: pre-wrap }' }),
)

const shown = (user: string) => ({ name: user, color: '#a03060', colorLight: '#a0306033' })

function openRichText(user: string, attach: Attach): void {
  const { doc, provider } = attach('letter')
  provider.awareness.setLocalStateField('user', shown(user))
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

function openCode(user: string, attach: Attach): void {
  const { doc, provider } = attach('filter.sieve')
  provider.awareness.setLocalStateField('user', shown(user))
  const text = doc.getText('code')
  filter = new CodeView({
    parent: place('code'),
    state: CodeState.create({ doc: text.toString(), extensions: [yCollab(text, provider.awareness)] }),
  })
}

const page = {
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
globalThis.device = devicePage((user, attach) => {
  openRichText(user, attach)
  openCode(user, attach)
})
