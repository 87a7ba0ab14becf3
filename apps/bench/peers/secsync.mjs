// secsync with Yjs, end-to-end encrypted, as its React hook wires the two: a new snapshot after a hundred updates, as its examples do it.
import { createRequire } from 'node:module'
import {
  createSignatureKeyPair,
  createSyncMachine,
  deserializeUint8ArrayUpdates,
  generateId,
  serializeUint8ArrayUpdates,
} from 'secsync'
import WebSocket from 'ws'
import { createActor } from 'xstate'
import * as Y from 'yjs'
import { bookOf } from './yjs-book.mjs'

// Its module build imports a file that was not published.
const sodium = createRequire(import.meta.url)('libsodium-wrappers')
await sodium.ready
// It opens the browser's.
globalThis.WebSocket = /** @type {any} */ (WebSocket)

const UPDATES_PER_SNAPSHOT = 100
const REMOTE = 'secsync-remote'

/** @type {import('../src/engines/engine').ClientModule['create']} */
export async function create(url) {
  const key = sodium.to_base64(sodium.crypto_aead_xchacha20poly1305_ietf_keygen())
  const invitation = `${generateId(sodium)}.${key}`
  return { device: await join(url, invitation), invitation }
}

/** @type {import('../src/engines/engine').ClientModule['join']} */
export async function join(url, invitation) {
  const [documentId, keyText] = /** @type {[string, string]} */ (invitation.split('.'))
  const key = sodium.from_base64(keyText)
  const doc = new Y.Doc()
  const actor = createActor(createSyncMachine(), {
    input: {
      documentId,
      signatureKeyPair: createSignatureKeyPair(sodium),
      websocketEndpoint: url,
      websocketSessionKey: 'bench',
      sodium,
      isValidClient: () => true,
      getSnapshotKey: () => key,
      getNewSnapshotData: () => ({ data: Y.encodeStateAsUpdateV2(doc), key, publicData: {} }),
      shouldSendSnapshot: ({ snapshotUpdatesCount }) => snapshotUpdatesCount > UPDATES_PER_SNAPSHOT,
      applySnapshot: (snapshot) => Y.applyUpdateV2(doc, snapshot, REMOTE),
      applyChanges: (changes) => {
        for (const change of changes) Y.applyUpdateV2(doc, change, REMOTE)
      },
      applyEphemeralMessage: () => undefined,
      serializeChanges: (changes) => serializeUint8ArrayUpdates(changes, sodium),
      deserializeChanges: (changes) => deserializeUint8ArrayUpdates(changes, sodium),
    },
  })
  doc.on('updateV2', (update, origin) => {
    if (origin !== REMOTE) actor.send({ type: 'ADD_CHANGES', data: [update] })
  })
  actor.start()

  /** @param {(context: ReturnType<typeof actor.getSnapshot>['context']) => boolean} isSo */
  const until = async (isSo) => {
    for (;;) {
      const { context, value } = actor.getSnapshot()
      if (value === 'failed' || value === 'noAccess')
        throw new Error(`secsync has given up: ${context._snapshotAndUpdateErrors.map(String)}`)
      if (isSo(context)) return
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
  await until((context) => context._documentDecryptionState === 'complete')
  return {
    ...bookOf(doc),
    acknowledged: () =>
      until(
        ({ _pendingChangesQueue, _snapshotInFlight, _updatesInFlight }) =>
          _pendingChangesQueue.length === 0 && _snapshotInFlight === null && _updatesInFlight.length === 0,
      ),
    disconnect: () => actor.send({ type: 'DISCONNECT' }),
    connect: () => actor.send({ type: 'CONNECT' }),
    async close() {
      actor.stop()
    },
  }
}
