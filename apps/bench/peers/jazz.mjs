// Jazz, end-to-end encrypted: a map with a map for each contact, as its own data model has an app do it. A device that joins has the account's
// secret. A change is acknowledged when the server has told that it knows as much of each map.
import { LocalNode } from 'cojson'
import { WasmCrypto } from 'cojson/crypto/WasmCrypto'
import { WebSocketPeerWithReconnection } from 'cojson-transport-ws'
import WebSocket from 'ws'

/** @typedef {import('cojson').RawCoMap<Record<string, any>>} CoMap */

const crypto = await WasmCrypto.create()
const ACKNOWLEDGED_WITHIN_MS = 600_000

/** @type {import('../src/engines/engine').ClientModule['create']} */
export async function create(url) {
  const connection = connect(url)
  const { node, accountID, accountSecret } = await LocalNode.withNewlyCreatedAccount({
    creationProps: { name: 'writer' },
    peers: connection.peers,
    crypto,
  })
  connection.serve(node)
  const book = node.createGroup().createMap({})
  const device = deviceOf(connection, node, book)
  await device.acknowledged()
  return { device, invitation: JSON.stringify({ accountID, accountSecret, book: book.id }) }
}

/** @type {import('../src/engines/engine').ClientModule['join']} */
export async function join(url, invitation) {
  const { accountID, accountSecret, book: id } = JSON.parse(invitation)
  const connection = connect(url)
  const node = await LocalNode.withLoadedAccount({
    accountID,
    accountSecret,
    sessionID: undefined,
    peers: connection.peers,
    crypto,
  })
  connection.serve(node)
  const book = await node.load(id)
  if (book === 'unavailable') throw new Error('the server does not have the book')
  return deviceOf(connection, node, /** @type {CoMap} */ (book))
}

/** @param {string} url */
function connect(url) {
  /** @type {import('cojson').Peer[]} */
  const peers = []
  /** @type {LocalNode | undefined} */
  let served
  const socket = new WebSocketPeerWithReconnection({
    peer: url,
    reconnectionTimeout: undefined,
    WebSocketConstructor: /** @type {any} */ (WebSocket),
    // A node takes its first connection when it is made, and later ones as they come.
    addPeer: (peer) => (served === undefined ? void peers.push(peer) : served.syncManager.addPeer(peer)),
    removePeer: () => undefined,
  })
  socket.enable()
  return {
    socket,
    peers,
    /** @param {LocalNode} node */
    serve(node) {
      served = node
    },
  }
}

/**
 * @param {ReturnType<typeof connect>} connection
 * @param {LocalNode} node
 * @param {CoMap} book by the id of a contact, the id of its map
 * @returns {import('../src/engines/engine').Device}
 */
function deviceOf({ socket }, node, book) {
  /** @type {Map<string, CoMap>} The contacts that are here. */
  const contacts = new Map()
  /** @type {Set<string>} */
  const known = new Set()
  /** @type {Set<() => void>} */
  const listeners = new Set()
  // It tells of every change in the same way, and of an own one before the call returns.
  let isOwn = false
  /** @param {() => void} edit */
  const change = (edit) => {
    isOwn = true
    edit()
    isOwn = false
  }
  const changed = () => {
    if (!isOwn) for (const listener of listeners) listener()
  }
  /** @param {string} id @param {CoMap} contact */
  const take = (id, contact) => {
    contacts.set(id, contact)
    contact.subscribe(changed)
  }
  const takeNew = () => {
    for (const id of Object.keys(book.ops)) {
      if (known.has(id)) continue
      known.add(id)
      void node.load(book.get(id)).then((contact) => {
        if (contact !== 'unavailable') take(id, /** @type {CoMap} */ (contact))
      })
    }
  }
  book.subscribe(() => {
    if (!isOwn) takeNew()
  })
  return {
    add: (id, contact) =>
      change(() => {
        const made = book.group.createMap(contact)
        known.add(id)
        take(id, /** @type {CoMap} */ (made))
        book.set(id, made.id)
      }),
    set: (id, field, value) => change(() => contacts.get(id)?.set(field, value)),
    get: (id) => contacts.get(id)?.toJSON(),
    count: () => contacts.size,
    onChange: (listener) => void listeners.add(listener),
    acknowledged: () => node.syncManager.waitForAllCoValuesSync(ACKNOWLEDGED_WITHIN_MS).then(() => undefined),
    disconnect: () => socket.disable(),
    connect: () => socket.enable(),
    async close() {
      socket.disable()
      await node.gracefulShutdown()
    },
  }
}
