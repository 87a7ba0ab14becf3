import { describe, expect, it } from 'vitest'
import { indexedDbKeyVault, openIndexedDbStore } from '../../src/storage/indexeddb'
import { openIndexedDbRows } from '../../src/storage/indexeddb-store'
import { keyVaultContract, storeContract } from '../../src/testing'
import { atRestInIndexedDb } from '../../test/storage/indexeddb-at-rest'
import { indexedDbTraps } from '../../test/storage/indexeddb-traps'

storeContract({ describe, it, expect }, 'the IndexedDB store', openIndexedDbStore)
storeContract({ describe, it, expect }, 'IndexedDB without boxes', (name) =>
  openIndexedDbRows(indexedDB, `rows ${name}`),
)
keyVaultContract({ describe, it, expect }, 'the vault in IndexedDB', async (name) => indexedDbKeyVault(name))
atRestInIndexedDb('chromium')
indexedDbTraps('chromium', (database) => {
  database.close()
  database.dispatchEvent(new Event('close'))
})
