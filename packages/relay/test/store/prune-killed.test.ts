// A relay that is killed in the middle of a prune: every document is pruned or it is not, and the next prune does the rest.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type DocumentId, type Hash, SNAPSHOT_KEEP_MS } from '@owlivion/sync-protocol'
import { afterAll, describe, expect, it } from 'vitest'
import { createNodePlatform } from '../../src/node-platform'
import {
  account,
  b,
  bytes,
  PAGE,
  push,
  quota,
  record,
  START_MS,
  snapshot,
  verdict,
} from '../../src/store/contract-fixtures'
import type { RelayStore } from '../../src/store/relay-store'
import { openSqliteStore } from '../../src/store/sqlite/open'

const { sha512, random } = createNodePlatform()
const root = mkdtempSync(join(tmpdir(), 'owlivion-relay-prune-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const open = (folder: string): RelayStore => openSqliteStore({ folder, sha512, random })

const script = fileURLToPath(new URL('../help/prune-and-die.ts', import.meta.url))
const documents = ['one', 'two', 'three'].map((name) => bytes<DocumentId>(16, name))
const NOW_MS = START_MS + 2 * SNAPSHOT_KEEP_MS

/** Three documents of six entries, each with two accepted snapshots of which the older one has had its time; number 2 is exempt. */
async function prepare(folder: string): Promise<void> {
  const store = open(folder)
  await store.appendKeyring(record(0))
  for (const document of documents) {
    await store.append([push({ document, count: 4 }), push({ document, device: b, count: 2 })], quota)
    const { hashes } = await store.snapshots.readHashes(account, document, [3, 4])
    let parent: Hash | undefined
    for (const { number: covered, hash: coveredHash } of hashes) {
      const shape = { document, covered, coveredHash, exempt: [2], ...(parent && { parent }) }
      const put = snapshot(shape)
      await store.snapshots.put(put, quota)
      await store.snapshots.judge(verdict(put, b, 'accept'))
      // The older one is found good before the newer one is there.
      if (parent === undefined) await store.snapshots.prune(START_MS)
      parent = put.hash
    }
  }
  await store.close()
}

/** What a document has: its first number, how many entries there are behind it, and what is exempt. */
async function lookAt(store: RelayStore) {
  const states: string[] = []
  let heldBytes = record(0).record.length
  for (const document of documents) {
    const { base, newest } = await store.snapshots.readHashes(account, document, [])
    const page = await store.readPage({ account, document, after: base, maxBytes: PAGE })
    const snapshots = await store.snapshots.list(account, document)
    const place = { account, document, hash: snapshots.at(-1)?.hash as Hash }
    const exempt = await store.snapshots.readExempt(place, 0, PAGE)
    const isExemptKept = base > 0
    heldBytes += snapshots.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    heldBytes += 200 * (page.entries.length + (isExemptKept ? exempt.entries.length : 0))
    expect([newest, base + page.entries.length, exempt.entries.length]).toEqual([6, 6, 1])
    expect(page.heads.length).toBe(base === 0 ? 2 : 1)
    const heads = await store.readHeads(account, [])
    expect(heads.filter((head) => Buffer.compare(head.document, document) === 0).map((head) => head.sequence)).toEqual(
      expect.arrayContaining([4, 2]),
    )
    states.push(`${base}/${page.entries.length}/${snapshots.length}`)
  }
  expect((await store.inspect(0)).totalBytes).toBe(heldBytes)
  return states
}

describe('a prune', () => {
  it('that is killed between its writes leaves whole documents, and is finished by the next', async () => {
    const prepared = join(root, 'prepared')
    await prepare(prepared)
    const seen = new Set<string>()
    let isDone = false
    for (let writes = 0; !isDone; writes += 3) {
      const folder = join(root, `killed ${writes}`)
      cpSync(prepared, folder, { recursive: true })
      const arguments_ = ['--conditions=@owlivion/source', '--import', 'tsx', script, folder, `${NOW_MS}`, `${writes}`]
      const child = spawn(process.execPath, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] })
      const [code, signal] = await once(child, 'close')
      isDone = code === 0
      expect(isDone || signal === 'SIGKILL').toBe(true)
      const store = open(folder)
      const states = await lookAt(store)
      seen.add(states.join())
      for (const state of states) expect(['0/6/2', '4/2/2']).toContain(state)
      await store.snapshots.prune(NOW_MS)
      expect(await lookAt(store)).toEqual(['4/2/2', '4/2/2', '4/2/2'])
      await store.snapshots.prune(NOW_MS + SNAPSHOT_KEEP_MS)
      expect(await lookAt(store)).toEqual(['4/2/1', '4/2/1', '4/2/1'])
      await store.close()
      rmSync(folder, { recursive: true })
    }
    // Some deaths came between two documents.
    expect(seen.size).toBe(documents.length + 1)
  })
})
