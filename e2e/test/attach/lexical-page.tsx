// The script of the pages with Lexical: its collaboration plugin in React's strict mode, given an attached document and the provider, as
// Lexical's documentation gives it those of y-websocket.
import { LexicalCollaboration } from '@lexical/react/LexicalCollaborationContext'
import { CollaborationPlugin } from '@lexical/react/LexicalCollaborationPlugin'
import { LexicalComposer } from '@lexical/react/LexicalComposer'
import { ContentEditable } from '@lexical/react/LexicalContentEditable'
import { EditorRefPlugin } from '@lexical/react/LexicalEditorRefPlugin'
import { LexicalErrorBoundary } from '@lexical/react/LexicalErrorBoundary'
import { RichTextPlugin } from '@lexical/react/LexicalRichTextPlugin'
import type { Provider } from '@lexical/yjs'
import { $getRoot, $getSelection, $isRangeSelection, type LexicalEditor } from 'lexical'
import { StrictMode, useRef } from 'react'
import { createRoot } from 'react-dom/client'
import { type Attach, devicePage, place } from './device-page'

const lexical: { current: LexicalEditor | null } = { current: null }

function Letter({ user, attach }: { readonly user: string; readonly attach: Attach }) {
  const cursors = useRef<HTMLDivElement>(null)
  return (
    <LexicalComposer
      // The collaboration plugin makes the first paragraph, when it knows that there is none.
      initialConfig={{
        namespace: 'letter',
        editorState: null,
        onError(error) {
          throw error
        },
      }}
    >
      <RichTextPlugin contentEditable={<ContentEditable />} ErrorBoundary={LexicalErrorBoundary} />
      <CollaborationPlugin
        id="letter"
        providerFactory={(name, documents) => {
          const { doc, provider } = attach(name)
          documents.set(name, doc)
          // Its type has every state of an awareness be one of Lexical's, as y-websocket's has not.
          return provider as unknown as Provider
        }}
        shouldBootstrap={user === 'Ann'}
        username={user}
        cursorColor="#a03060"
        cursorsContainerRef={cursors}
      />
      <EditorRefPlugin editorRef={lexical} />
      <div ref={cursors} id="cursors" />
    </LexicalComposer>
  )
}

/** How many letters are before the cursor. */
function lettersBefore(): number | undefined {
  const selection = $getSelection()
  if (!$isRangeSelection(selection)) return undefined
  const { focus } = selection
  if (focus.type === 'element') return focus.offset === 0 ? 0 : undefined
  let before = focus.offset
  for (const text of $getRoot().getAllTextNodes()) {
    if (text.is(focus.getNode())) return before
    before += text.getTextContentSize()
  }
  return undefined
}

globalThis.editor = {
  html() {
    const shown = document.querySelector('[contenteditable]')!.cloneNode(true) as HTMLElement
    for (const element of shown.querySelectorAll('*'))
      for (const name of element.getAttributeNames()) element.removeAttribute(name)
    return shown.innerHTML
  },
  caret: () =>
    lexical.current!.getEditorState().read(() => {
      const all = $getRoot()
        .getAllTextNodes()
        .reduce((sum, text) => sum + text.getTextContentSize(), 0)
      const fromStart = lettersBefore() ?? Number.NaN
      return { fromStart, fromEnd: all - fromStart }
    }),
  // Beside the labels are the backgrounds of selections.
  cursors: () =>
    [...document.querySelectorAll('#cursors > div > span > span')].flatMap(({ textContent }) => textContent || []),
}

globalThis.device = devicePage((user, attach) => {
  createRoot(place('letter')).render(
    <StrictMode>
      <LexicalCollaboration>
        <Letter user={user} attach={attach} />
      </LexicalCollaboration>
    </StrictMode>,
  )
})
