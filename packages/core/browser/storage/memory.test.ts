import { describe, expect, it } from 'vitest'
import { MemoryDisk, openMemoryStore } from '../../src/storage'
import { storeContract } from '../../src/testing'

const disks = new Map<string, MemoryDisk>()

storeContract({ describe, it, expect }, 'the memory store', async (name) => {
  const disk = disks.get(name) ?? new MemoryDisk()
  disks.set(name, disk)
  return openMemoryStore(disk)
})
