import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Generation } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { createNodePlatform } from '../../src/node-platform'
import { createMemoryStore } from '../../src/store/memory'
import { createMemoryData } from '../../src/store/memory-data'
import { describeRelayStore } from '../../src/store/relay-store-contract'
import { openSqliteStore } from '../../src/store/sqlite/open'

const { sha512, random } = createNodePlatform()
const tools = { describe, it, expect, sha512 }

describeRelayStore(
  'memory',
  async () => {
    const data = createMemoryData(random(16) as Generation)
    let store = createMemoryStore({ sha512, data, commit: async (apply) => void queueMicrotask(apply) })
    return {
      store,
      async reopen() {
        await store.close()
        store = createMemoryStore({ sha512, data })
        return store
      },
      cleanup: () => store.close(),
    }
  },
  tools,
)

describeRelayStore(
  'SQLite',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'owlivion-relay-'))
    let store = openSqliteStore({ folder, sha512, random })
    return {
      store,
      async reopen() {
        await store.close()
        store = openSqliteStore({ folder, sha512, random })
        return store
      },
      async cleanup() {
        await store.close()
        rmSync(folder, { recursive: true })
      },
    }
  },
  tools,
)
