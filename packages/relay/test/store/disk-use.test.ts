// What a relay holds of a document that is edited for months: what its sealed state takes twice, and what came in the last two weeks.
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Generation, type Hash, SNAPSHOT_KEEP_MS } from '@owlivion/sync-protocol'
import { afterEach, expect, it } from 'vitest'
import { createNodePlatform } from '../../src/node-platform'
import {
  a,
  account,
  b,
  contacts,
  DAY_MS,
  push,
  quota,
  record,
  START_MS,
  snapshot,
  verdict,
} from '../../src/store/contract-fixtures'
import { createMemoryStore } from '../../src/store/memory'
import { createMemoryData } from '../../src/store/memory-data'
import type { RelayStore } from '../../src/store/relay-store'
import { openSqliteStore } from '../../src/store/sqlite/open'

const { sha512, random } = createNodePlatform()
const folder = mkdtempSync(join(tmpdir(), 'owlivion-relay-disk-'))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const STATE_BYTES = 100_000
const ENTRY_BYTES = 1_000
const ENTRIES_A_DAY = 60
/** Entries and older snapshots go a week after a snapshot was stored, and a week after it was found good. */
const WINDOW_MS = 2 * SNAPSHOT_KEEP_MS + DAY_MS

/** Days of edits; a snapshot whenever the tail is as large as the state; another device accepts it at once. */
async function edit(store: RelayStore, days: number, rested: (bytes: number, boundBytes: number) => void) {
  const arrived: { readonly atMs: number; readonly bytes: number }[] = []
  let parent: Hash | undefined
  let newest = 0
  let tailBytes = 0
  for (let day = 1; day <= days; day++) {
    const nowMs = START_MS + day * DAY_MS
    await store.append([push({ from: newest + 1, count: ENTRIES_A_DAY, size: ENTRY_BYTES })], quota)
    newest += ENTRIES_A_DAY
    tailBytes += ENTRIES_A_DAY * ENTRY_BYTES
    arrived.push({ atMs: nowMs, bytes: ENTRIES_A_DAY * ENTRY_BYTES })
    if (tailBytes >= STATE_BYTES) {
      const { hashes } = await store.snapshots.readHashes(account, contacts, [newest])
      const coveredHash = hashes[0]?.hash as Hash
      const shape = { covered: newest, coveredHash, size: STATE_BYTES, storedAtMs: nowMs, author: a }
      const put = snapshot({ ...shape, ...(parent && { parent }) })
      expect(await store.snapshots.put(put, quota)).toMatchObject({ kind: 'stored' })
      await store.snapshots.judge(verdict(put, b, 'accept', nowMs))
      arrived.push({ atMs: nowMs, bytes: put.file.length })
      parent = put.hash
      tailBytes = 0
    }
    await store.snapshots.prune(nowMs)
    const { totalBytes } = await store.inspect(0)
    const recent = arrived.filter(({ atMs }) => atMs > nowMs - WINDOW_MS).reduce((sum, { bytes }) => sum + bytes, 0)
    rested(totalBytes, 2 * STATE_BYTES + recent + record(0).record.length)
  }
  return { newest, nowMs: START_MS + days * DAY_MS, writtenBytes: arrived.reduce((sum, { bytes }) => sum + bytes, 0) }
}

async function tidyAll(store: RelayStore): Promise<void> {
  while (await store.tidy()) {
    // One portion after the other.
  }
}

it.each(['memory', 'SQLite'] as const)('months of edits leave no more than that in %s', async (kind) => {
  const store =
    kind === 'memory'
      ? createMemoryStore({ sha512, data: createMemoryData(random(16) as Generation) })
      : openSqliteStore({ folder, sha512, random })
  await store.appendKeyring(record(0))
  const { newest, nowMs, writtenBytes } = await edit(store, 200, (bytes, boundBytes) =>
    expect(bytes).toBeLessThanOrEqual(boundBytes),
  )
  expect(writtenBytes).toBeGreaterThan(20_000_000)
  await tidyAll(store)
  // Quiet for two weeks: one snapshot, and a tail smaller than it.
  for (const weeks of [1, 2]) await store.snapshots.prune(nowMs + weeks * SNAPSHOT_KEEP_MS)
  const { totalBytes } = await store.inspect(0)
  expect(totalBytes).toBeLessThanOrEqual(2 * STATE_BYTES + record(0).record.length)
  expect(await store.append([push({ from: newest + 1 })], quota)).toMatchObject([{ numbers: [newest + 1] }])
  await tidyAll(store)
  await store.close()
  if (kind === 'memory') return
  const fileBytes = statSync(join(folder, 'relay.db')).size
  expect(fileBytes).toBeLessThan(1.2 * totalBytes + 200_000)
})
