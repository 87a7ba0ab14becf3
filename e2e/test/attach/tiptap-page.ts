// The script of the pages with Tiptap: its collaboration and its carets, given an attached document and the provider, as Tiptap's documentation
// gives them a document and Hocuspocus' provider.
import { Editor } from '@tiptap/core'
import { Collaboration } from '@tiptap/extension-collaboration'
import { CollaborationCaret } from '@tiptap/extension-collaboration-caret'
import { Selection } from '@tiptap/pm/state'
import { StarterKit } from '@tiptap/starter-kit'
import { devicePage, place } from './device-page'

let editor: Editor | undefined

globalThis.editor = {
  html() {
    const shown = document.querySelector('.ProseMirror')!.cloneNode(true) as HTMLElement
    for (const cursor of shown.querySelectorAll(
      '.collaboration-carets__caret, .ProseMirror-separator, .ProseMirror-trailingBreak',
    ))
      cursor.remove()
    for (const selected of shown.querySelectorAll('.ProseMirror-yjs-selection'))
      selected.replaceWith(...selected.childNodes)
    return shown.innerHTML
  },
  caret() {
    const { doc, selection } = editor!.state
    return {
      fromStart: selection.head - Selection.atStart(doc).head,
      fromEnd: Selection.atEnd(doc).head - selection.head,
    }
  },
  cursors: () => [...document.querySelectorAll('.collaboration-carets__label')].map((label) => label.textContent),
}

globalThis.device = devicePage((user, attach) => {
  const { doc, provider } = attach('letter')
  editor = new Editor({
    element: place('letter'),
    extensions: [
      // Its history would take back what others wrote.
      StarterKit.configure({ undoRedo: false }),
      Collaboration.configure({ document: doc }),
      CollaborationCaret.configure({ provider, user: { name: user, color: '#a03060' } }),
    ],
  })
})
