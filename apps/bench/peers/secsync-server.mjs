// secsync's server package with the storage of its example backend, in SQLite instead of Postgres: the same rows and checks, each change
// one transaction that is on the disk before it is acknowledged. Its package leaves storage to who uses it.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import {
  compareUpdateClocks,
  hash,
  SecsyncSnapshotBasedOnOutdatedSnapshotError,
  SecsyncSnapshotMissesUpdatesError,
} from 'secsync'
import { createWebSocketConnection } from 'secsync-server'
import { WebSocketServer } from 'ws'

// Its module build imports a file that was not published.
const sodium = createRequire(import.meta.url)('libsodium-wrappers')

/** @type {import('../src/engines/engine').ServerModule['start']} */
export async function start({ folder, port }) {
  await sodium.ready
  const store = openStore(join(folder, 'secsync.db'))
  const sockets = new WebSocketServer({ port, host: '127.0.0.1' })
  sockets.on(
    'connection',
    createWebSocketConnection({
      getDocument: async (wanted) => store.getDocument(wanted),
      createSnapshot: async ({ snapshot }) => store.createSnapshot(snapshot),
      createUpdate: async ({ update }) => store.createUpdate(update),
      hasAccess: async () => true,
      hasBroadcastAccess: async ({ websocketSessionKeys }) => websocketSessionKeys.map(() => true),
    }),
  )
  await new Promise((resolve) => sockets.once('listening', () => resolve(undefined)))
  return {
    port: /** @type {import('node:net').AddressInfo} */ (sockets.address()).port,
    // What arrives is stored in the turn in which it arrives.
    persisted: async () => undefined,
    async stop() {
      for (const socket of sockets.clients) socket.terminate()
      await new Promise((resolve) => sockets.close(resolve))
      store.close()
    },
  }
}

/** @param {string} file */
function openStore(file) {
  const database = new SQLite(file)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.exec(`
    CREATE TABLE IF NOT EXISTS documents (id TEXT PRIMARY KEY, activeSnapshotId TEXT) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS snapshots (
      n INTEGER PRIMARY KEY, id TEXT UNIQUE, documentId TEXT, latestVersion INTEGER, data TEXT, ciphertextHash TEXT,
      clocks TEXT, parentSnapshotProof TEXT, parentSnapshotUpdateClocks TEXT
    );
    CREATE INDEX IF NOT EXISTS snapshotsOfDocument ON snapshots (documentId);
    CREATE TABLE IF NOT EXISTS updates (
      id TEXT PRIMARY KEY, snapshotId TEXT, version INTEGER, data TEXT, clock INTEGER, pubKey TEXT, UNIQUE (snapshotId, version)
    );`)
  const addDocument = database.prepare('INSERT INTO documents VALUES (?, NULL)')
  const activate = database.prepare('UPDATE documents SET activeSnapshotId = ? WHERE id = ?')
  const documentOf = database.prepare('SELECT activeSnapshotId FROM documents WHERE id = ?')
  const snapshotOf = database.prepare('SELECT * FROM snapshots WHERE id = ?')
  const addSnapshot = database.prepare(
    'INSERT INTO snapshots (id, documentId, latestVersion, data, ciphertextHash, clocks, parentSnapshotProof, parentSnapshotUpdateClocks) VALUES (?, ?, 0, ?, ?, ?, ?, ?)',
  )
  const advance = database.prepare('UPDATE snapshots SET latestVersion = ?, clocks = ? WHERE id = ?')
  const proofsAfter = database.prepare(
    'SELECT id AS snapshotId, parentSnapshotProof, ciphertextHash AS snapshotCiphertextHash FROM snapshots WHERE documentId = ? AND n > (SELECT n FROM snapshots WHERE id = ?) ORDER BY n',
  )
  const addUpdate = database.prepare('INSERT INTO updates VALUES (?, ?, ?, ?, ?, ?)')
  const versionOf = database.prepare('SELECT version FROM updates WHERE id = ?').pluck()
  const updatesAfter = database
    .prepare('SELECT data FROM updates WHERE snapshotId = ? AND version > ? ORDER BY version')
    .pluck()

  return {
    getDocument: database.transaction(({ documentId, knownSnapshotId, knownSnapshotUpdateClocks = {}, mode }) => {
      const document = documentOf.get(documentId)
      if (document === undefined) addDocument.run(documentId)
      const activeId = document?.activeSnapshotId
      if (!activeId) return { updates: [], snapshotProofChain: [] }
      const isKnown = knownSnapshotId === activeId
      const known = Object.entries(isKnown ? knownSnapshotUpdateClocks : {}).map(
        ([pubKey, clock]) => versionOf.get(`${activeId}-${pubKey}-${clock}`) ?? -1,
      )
      const updates = updatesAfter.all(activeId, Math.max(-1, ...known)).map((data) => JSON.parse(data))
      if (mode === 'delta' && isKnown) return { updates }
      return {
        snapshot: JSON.parse(snapshotOf.get(activeId).data),
        updates,
        snapshotProofChain: knownSnapshotId && !isKnown ? proofsAfter.all(documentId, knownSnapshotId) : [],
      }
    }),

    createSnapshot: database.transaction((snapshot) => {
      const { docId, snapshotId, parentSnapshotId, parentSnapshotProof, parentSnapshotUpdateClocks } =
        snapshot.publicData
      const active = snapshotOf.get(documentOf.get(docId).activeSnapshotId)
      if (active !== undefined) {
        if (parentSnapshotId !== active.id)
          throw new SecsyncSnapshotBasedOnOutdatedSnapshotError('Snapshot is out of date.')
        if (!compareUpdateClocks(JSON.parse(active.clocks), parentSnapshotUpdateClocks).equal)
          throw new SecsyncSnapshotMissesUpdatesError('Snapshot does not include the latest changes.')
      }
      addSnapshot.run(
        snapshotId,
        docId,
        JSON.stringify(snapshot),
        hash(snapshot.ciphertext, sodium),
        '{}',
        parentSnapshotProof,
        JSON.stringify(parentSnapshotUpdateClocks),
      )
      activate.run(snapshotId, docId)
      return snapshot
    }),

    createUpdate: database.transaction((update) => {
      const { refSnapshotId, docId, pubKey, clock } = update.publicData
      const snapshot = snapshotOf.get(refSnapshotId)
      if (documentOf.get(docId).activeSnapshotId !== refSnapshotId)
        throw new Error('Update referencing an out of date snapshot.')
      const clocks = JSON.parse(snapshot.clocks)
      const expected = (clocks[pubKey] ?? -1) + 1
      if (clock !== expected) throw new Error(`Update clock incorrect. Clock: ${clock}, but should be ${expected}`)
      clocks[pubKey] = clock
      const version = snapshot.latestVersion + 1
      advance.run(version, JSON.stringify(clocks), refSnapshotId)
      addUpdate.run(
        `${refSnapshotId}-${pubKey}-${clock}`,
        refSnapshotId,
        version,
        JSON.stringify(update),
        clock,
        pubKey,
      )
      return update
    }),

    close: () => database.close(),
  }
}
