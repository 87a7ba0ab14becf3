import { describe, expect, it } from 'vitest'
import { openIndexedDbStore } from '../../src/storage/indexeddb'
import { storeContract } from '../../src/testing'
import { indexedDbTraps } from '../../test/storage/indexeddb-traps'

storeContract({ describe, it, expect }, 'the IndexedDB store', openIndexedDbStore)
indexedDbTraps('chromium', (database) => {
  database.close()
  database.dispatchEvent(new Event('close'))
})
