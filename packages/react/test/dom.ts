// A document for React in an otherwise plain Node: vitest's own DOM environments take the browser's side of every package, and the
// account under test runs on Node's. To be imported before react-dom, which looks for a document when it is loaded.
import { Window } from 'happy-dom'

const window = new Window({ url: 'http://localhost/' })
Object.assign(globalThis, {
  window,
  document: window.document,
  navigator: window.navigator,
})
