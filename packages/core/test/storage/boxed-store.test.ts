import { describe, expect, it } from 'vitest'
import { nodePlatform } from '../../src/platform/node'
import {
  type KeyVault,
  MemoryDisk,
  openBoxedStore,
  openMemoryStore,
  type Store,
  type StoreKey,
} from '../../src/storage'
import { keyVaultContract, memoryKeyVault, storeContract } from '../../src/testing'
import { holds, secret } from './secret'

const { random } = nodePlatform()
const one = Uint8Array.of(1)
const keyOf = (value: number) => new Uint8Array(32).fill(value)

const places = new Map<string, { readonly disk: MemoryDisk; readonly vault: KeyVault }>()
storeContract({ describe, it, expect }, 'a boxed store in memory', async (name) => {
  const place = places.get(name) ?? { disk: new MemoryDisk(), vault: memoryKeyVault() }
  places.set(name, place)
  return openBoxedStore(openMemoryStore(place.disk), { vault: place.vault, random })
})

const vaults = new Map<string, KeyVault>()
keyVaultContract({ describe, it, expect }, 'the vault in memory', async (name) => {
  const vault = vaults.get(name) ?? memoryKeyVault()
  vaults.set(name, vault)
  return vault
})

async function openPlace(disk = new MemoryDisk(), vault = memoryKeyVault()) {
  const store = await openBoxedStore(openMemoryStore(disk), { vault, random })
  return { store, disk, vault, rows: openMemoryStore(disk) }
}

async function move(rows: Store, from: StoreKey, to: StoreKey): Promise<void> {
  await rows.commit({ put: [[to, (await rows.get(from))!]] })
}

/** A vault that stops at one of its calls, as a process that is killed there would. */
function failingVault(vault: KeyVault, call: keyof KeyVault, when: 'before' | 'after'): KeyVault {
  return {
    ...vault,
    [call]: async (key: Uint8Array) => {
      if (when === 'after') await vault[call](key)
      throw new RangeError('killed')
    },
  }
}

describe('a boxed store', () => {
  it('hands nothing of a value to the store under it, and each time another box', async () => {
    const { store, rows } = await openPlace()
    await store.commit({ put: [[['a'], secret]] })
    const first = await rows.get(['a'])
    await store.commit({ put: [[['a'], secret]] })
    const second = await rows.get(['a'])
    expect(holds(first!, secret.slice(0, 8))).toBe(false)
    expect(first).not.toEqual(second)
    expect(await store.get(['a'])).toEqual(secret)
  })

  it('does not open a row that was moved to another key, put back from another store, altered or cut', async () => {
    const { store, rows } = await openPlace()
    const other = await openPlace()
    await other.store.commit({ put: [[['a'], secret]] })
    await store.commit({
      put: [
        [['a'], secret],
        [['log', 'doc', 1], one],
        [['log', 'doc', 2], one],
      ],
    })
    const kept = (await rows.get(['a']))!
    const wrongRows: readonly Uint8Array[] = [
      (await rows.get(['log', 'doc', 1]))!,
      (await other.rows.get(['a']))!,
      kept.map((byte, index) => (index === kept.length - 1 ? byte ^ 1 : byte)),
      kept.map((byte, index) => (index === 0 ? byte ^ 1 : byte)),
      kept.slice(0, -1),
      kept.slice(0, 30),
      kept.slice(0, 5),
      new Uint8Array(),
    ]
    for (const row of wrongRows) {
      await rows.commit({ put: [[['a'], row]] })
      await expect(store.get(['a'])).rejects.toMatchObject({ code: 'profile-damaged' })
      await expect(store.list([])).rejects.toMatchObject({ code: 'profile-damaged' })
    }
    await move(rows, ['log', 'doc', 1], ['log', 'doc', 2])
    await expect(store.get(['log', 'doc', 2])).rejects.toMatchObject({ code: 'profile-damaged' })
    expect(await store.get(['log', 'doc', 1])).toEqual(one)
  })

  it('keeps its own row out of sight and out of reach', async () => {
    const { store, rows, disk, vault } = await openPlace()
    await store.commit({ put: [[['a'], one]] })
    expect((await rows.list([])).map(([key]) => key)).toEqual([['a'], ['at-rest']])
    expect(await store.list(['at-rest'])).toEqual([])
    expect(await store.get(['at-rest'])).toBeUndefined()
    await expect(store.commit({ put: [[['at-rest'], one]] })).rejects.toMatchObject({ code: 'storage-failed' })
    await expect(store.commit({ remove: [['at-rest']] })).rejects.toMatchObject({ code: 'storage-failed' })
    await store.commit({ removePrefix: [[]] })
    await store.commit({ removePrefix: [['at-rest']], put: [[['at-rest', 1], one]] })
    await store.close()
    expect(await (await openPlace(disk, vault)).store.list([])).toEqual([[['at-rest', 1], one]])
  })

  it('boxes before the call returns: what is committed is in order, whatever the store under it waits for', async () => {
    const rows = openMemoryStore()
    const seen: number[] = []
    const counted: Store = {
      ...rows,
      commit: (batch, options) => {
        seen.push(batch.put?.length ?? 0)
        return rows.commit(batch, options)
      },
    }
    const store = await openBoxedStore(counted, { vault: memoryKeyVault(), random })
    seen.length = 0
    void store.commit({ put: [[['a'], one]] })
    expect(seen).toEqual([1])
    await store.close()
  })
})

describe('the key of a boxed store', () => {
  it('that is gone or another one is an error with its own code, and neither store nor vault is touched', async () => {
    const { store, disk, rows } = await openPlace()
    await store.commit({ put: [[['profile'], secret]] })
    await store.close()
    const before = await rows.list([])
    const empty = memoryKeyVault()
    await expect(openPlace(disk, empty)).rejects.toMatchObject({ code: 'profile-key-missing', retryable: false })
    expect(await empty.read()).toBeUndefined()
    const wrong = memoryKeyVault(keyOf(1))
    await expect(openPlace(disk, wrong)).rejects.toMatchObject({ code: 'profile-key-wrong', retryable: false })
    expect(await wrong.read()).toEqual(keyOf(1))
    expect(await rows.list([])).toEqual(before)
  })

  it('is missed also by a boxed store that holds no row yet', async () => {
    const { disk, store } = await openPlace()
    await store.close()
    await expect(openPlace(disk, memoryKeyVault())).rejects.toMatchObject({ code: 'profile-key-missing' })
  })

  it('is not taken for lost while the vault cannot be read', async () => {
    const { disk, vault, store } = await openPlace()
    await store.commit({ put: [[['a'], one]] })
    await store.close()
    await expect(openPlace(disk, failingVault(vault, 'read', 'before'))).rejects.toThrow('killed')
    expect(await (await openPlace(disk, vault)).store.get(['a'])).toEqual(one)
  })

  it('of a first start that was cut short is used by the next one, wherever the cut was', async () => {
    for (const when of ['before', 'after'] as const) {
      for (const clear of [[], [[['profile'], secret]]] as const) {
        const disk = new MemoryDisk()
        await openMemoryStore(disk).commit({ put: clear })
        const vault = memoryKeyVault()
        await expect(openPlace(disk, failingVault(vault, 'keep', when))).rejects.toThrow('killed')
        expect(await openMemoryStore(disk).list([])).toEqual(clear)
        const kept = await vault.read()
        expect(kept === undefined).toBe(when === 'before')
        expect(await (await openPlace(disk, vault)).store.list([])).toEqual(clear)
        if (kept) expect(await vault.read()).toEqual(kept)
      }
    }
  })

  it('goes with the store, after its rows; what was cut short in between is a new store', async () => {
    const { store, disk, vault } = await openPlace()
    await store.commit({ put: [[['a'], one]] })
    await store.destroy()
    expect(await vault.read()).toBeUndefined()
    const again = await openPlace(disk, failingVault(vault, 'remove', 'before'))
    await again.store.commit({ put: [[['a'], one]] })
    await expect(again.store.destroy()).rejects.toThrow('killed')
    expect(await vault.read()).toBeDefined()
    expect(await (await openPlace(disk, vault)).store.list([])).toEqual([])
  })
})

describe('a store from before there were boxes', () => {
  it('is boxed whole in one strict batch, and refused while another tab is at it', async () => {
    const disk = new MemoryDisk()
    const rows = openMemoryStore(disk)
    await rows.commit({
      put: [
        [['profile'], secret],
        [['log', 'doc', 1], secret],
        [['log', 'doc', 2], new Uint8Array()],
      ],
    })
    const before = await rows.list([])
    const vault = memoryKeyVault()
    const busy = openBoxedStore(openMemoryStore(disk), { vault, random, lock: async () => undefined })
    await expect(busy).rejects.toMatchObject({ code: 'profile-in-use', retryable: true })
    expect(await rows.list([])).toEqual(before)

    const asked: unknown[] = []
    const watched: Store = {
      ...openMemoryStore(disk),
      commit: (batch, options) => {
        asked.push(options?.durability)
        return rows.commit(batch, options)
      },
    }
    let released = 0
    const store = await openBoxedStore(watched, { vault, random, lock: async () => () => void released++ })
    expect([asked, released]).toEqual([['strict'], 1])
    expect(await store.list([])).toEqual(before)
    expect((await rows.list([])).some(([, value]) => holds(value, secret))).toBe(false)
  })

  it('is told from one that is boxed and lost the row that says so', async () => {
    const { store, disk, vault, rows } = await openPlace()
    await store.commit({ put: [[['a'], one]] })
    await store.close()
    await rows.commit({ remove: [['at-rest']] })
    await expect(openPlace(disk, vault)).rejects.toMatchObject({ code: 'profile-damaged' })
  })

  it('is told from one that a newer version boxed in another way', async () => {
    const { store, disk, vault, rows } = await openPlace()
    await store.close()
    const marker = (await rows.get(['at-rest']))!
    marker[0] = 2
    await rows.commit({ put: [[['at-rest'], marker]] })
    await expect(openPlace(disk, vault)).rejects.toMatchObject({ code: 'storage-failed', retryable: false })
  })
})
