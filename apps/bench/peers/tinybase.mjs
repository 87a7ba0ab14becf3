// TinyBase's mergeable store: a table of contacts. It has no acknowledgement: that a question asked after the last edit is answered stands for it.
import { randomUUID } from 'node:crypto'
import { createMergeableStore } from 'tinybase/mergeable-store'
import { createWsSynchronizer } from 'tinybase/synchronizers/synchronizer-ws-client'
import WebSocket from 'ws'

const TABLE = 'contacts'
/** Its own default. */
const REQUEST_TIMEOUT_S = 1
/** What answers a request, in its protocol. */
const RESPONSE = 0

/** @type {import('../src/engines/engine').ClientModule['create']} */
export async function create(url) {
  const invitation = randomUUID()
  return { device: await join(url, invitation), invitation }
}

/** @type {import('../src/engines/engine').ClientModule['join']} */
export async function join(url, path) {
  const store = createMergeableStore()
  let responses = 0
  const open = async () => {
    const socket = new WebSocket(`${url}/${path}`)
    // A server that is killed takes its connections along.
    socket.on('error', () => undefined)
    const synchronizer = await createWsSynchronizer(
      store,
      /** @type {any} */ (socket),
      REQUEST_TIMEOUT_S,
      undefined,
      (_from, _request, message) => {
        if (message === RESPONSE) responses++
      },
    )
    await synchronizer.startSync()
    return synchronizer
  }
  let opened = open()
  await opened

  // It tells of every change in the same way, and of an own one before the call returns.
  let isOwn = false
  /** @param {() => void} edit */
  const change = (edit) => {
    isOwn = true
    edit()
    isOwn = false
  }
  return {
    add: (id, contact) => change(() => store.setRow(TABLE, id, contact)),
    set: (id, field, value) => change(() => store.setCell(TABLE, id, field, value)),
    get: (id) => (store.hasRow(TABLE, id) ? store.getRow(TABLE, id) : undefined),
    count: () => store.getRowCount(TABLE),
    onChange: (listener) => void store.addTablesListener(() => isOwn || listener()),
    async acknowledged() {
      const synchronizer = await opened
      // A request that is not answered within its time is given up without a word.
      for (const before = responses; responses === before; ) await synchronizer.load()
    },
    disconnect: () => void opened.then((synchronizer) => synchronizer.destroy()),
    connect() {
      opened = open()
    },
    async close() {
      await (await opened).destroy()
    },
  }
}
