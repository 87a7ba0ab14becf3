// automerge-repo: one document with all contacts. A change is acknowledged when the server has told that its copy has the same heads.
// Values are whole, as in the other engines: a plain string would be a text that is merged letter by letter, and take twice the bytes.
import { ImmutableString, Repo } from '@automerge/automerge-repo'
import { WebSocketClientAdapter } from '@automerge/automerge-repo-network-websocket'

/** @typedef {{ contacts: Record<string, Record<string, ImmutableString>> }} Book */

/** @type {import('../src/engines/engine').ClientModule['create']} */
export async function create(url) {
  const connection = connect(url)
  const handle = connection.repo.create(/** @type {Book} */ ({ contacts: {} }))
  const device = deviceOf(connection, handle)
  await device.acknowledged()
  return { device, invitation: handle.url }
}

/** @type {import('../src/engines/engine').ClientModule['join']} */
export async function join(url, invitation) {
  const connection = connect(url)
  return deviceOf(connection, await connection.repo.find(/** @type {any} */ (invitation)))
}

/** @param {string} url */
function connect(url) {
  const adapter = new WebSocketClientAdapter(url)
  return { adapter, repo: new Repo({ network: [adapter] }) }
}

/**
 * @param {ReturnType<typeof connect>} connection
 * @param {import('@automerge/automerge-repo').DocHandle<Book>} handle
 * @returns {import('../src/engines/engine').Device}
 */
function deviceOf({ adapter, repo }, handle) {
  const isAtServer = () => {
    const storageId = repo.getStorageIdOfPeer(/** @type {any} */ ('server'))
    return storageId !== undefined && String(handle.getSyncInfo(storageId)?.lastHeads) === String(handle.heads())
  }
  // It tells of every change in the same way, and of an own one before the call returns.
  let isOwn = false
  /** @param {(book: Book) => void} edit */
  const change = (edit) => {
    isOwn = true
    handle.change(edit)
    isOwn = false
  }
  return {
    add: (id, contact) =>
      change((book) => {
        book.contacts[id] = Object.fromEntries(
          Object.entries(contact).map(([field, value]) => [field, new ImmutableString(value)]),
        )
      }),
    set: (id, field, value) =>
      change((book) => {
        const contact = book.contacts[id]
        if (contact) contact[field] = new ImmutableString(value)
      }),
    get(id) {
      const contact = handle.doc().contacts[id]
      return contact && Object.fromEntries(Object.entries(contact).map(([field, value]) => [field, value.val]))
    },
    count: () => Object.keys(handle.doc().contacts).length,
    onChange: (listener) => void handle.on('change', () => isOwn || listener()),
    async acknowledged() {
      while (!isAtServer()) await new Promise((resolve) => setTimeout(resolve, 1))
    },
    disconnect: () => adapter.disconnect(),
    connect: () => adapter.connect(repo.peerId, adapter.peerMetadata),
    async close() {
      adapter.disconnect()
    },
  }
}
