// The book in a plain Y.Doc, as apps of Yjs hold it: a map of contacts, each a map of its fields, so that fields merge.
import * as Y from 'yjs'

/**
 * @param {Y.Doc} doc
 * @returns {Pick<import('../src/engines/engine').Device, 'add' | 'set' | 'get' | 'count' | 'onChange'>}
 */
export function bookOf(doc) {
  /** @type {Y.Map<Y.Map<string>>} */
  const contacts = doc.getMap('contacts')
  return {
    add: (id, contact) => void contacts.set(id, new Y.Map(Object.entries(contact))),
    set: (id, field, value) => void contacts.get(id)?.set(field, value),
    get: (id) => contacts.get(id)?.toJSON(),
    count: () => contacts.size,
    onChange: (listener) => doc.on('update', (_update, origin) => origin !== null && listener()),
  }
}
