// A device that dies at any commit of a rebase, its own or another's, goes on where it was: nothing is lost, and nothing is there twice.
import { describe, expect, it } from 'vitest'
import { type MemoryDisk, openMemoryStore, type Store } from '../../src/storage'
import { codesOf, digest } from './support/compaction-world'
import type { TestDevice } from './support/device'
import { forgeRebase } from './support/forge-rebase'
import { RebaseWorld, rebasesOf } from './support/rebase-world'

/** A store on a disk that takes so many more commits. */
function dyingStore(disk: MemoryDisk, left: number): Store & { isDead: boolean } {
  const store = openMemoryStore(disk)
  const result = {
    ...store,
    isDead: false,
    async commit(...args: Parameters<Store['commit']>) {
      if (result.isDead || left-- <= 0) {
        result.isDead = true
        throw new TypeError('the power is gone')
      }
      return store.commit(...args)
    },
  }
  return result
}

async function prepared() {
  const world = await RebaseWorld.create()
  const { log } = world
  const ann = await world.open(0)
  const bob = await world.open(1)
  await ann.add('both', { name: 'old' })
  await ann.sync.transact([{ kind: 'increment', id: 'both', field: 'uses', by: 1 }]).stored
  await log.serve(ann, bob)
  await bob.disconnect()
  await bob.update('both', { name: 'Bob’s' })
  await bob.sync.transact([{ kind: 'increment', id: 'both', field: 'uses', by: 10 }]).stored
  await ann.update('both', { name: 'Ann’s' })
  await log.serve(ann)
  return { world, log, ann, bob }
}

function expectAll(device: TestDevice): void {
  const { registers } = device.sync
  const [conflict, ...rest] = [...registers.conflicts()]
  expect(conflict?.candidates.map(({ value }) => value).sort()).toEqual(['Ann’s', 'Bob’s'])
  expect(rest).toEqual([])
  expect(registers.counter('both', 'uses')).toBe(11)
}

describe('a device that dies while it takes a rebase over', () => {
  it('takes it over when it starts again, with everything it had not sent', async () => {
    let isDone = false
    for (let commits = 0; !isDone; commits++) {
      const { world, log, ann, bob } = await prepared()
      await forgeRebase(log, ann)
      await world.rest(ann)
      expect(rebasesOf(ann)).toBe(1)
      const store = dyingStore(bob.disk, commits)
      const dying = await world.open(1, { store })
      await world.rest(dying)
      isDone = !store.isDead
      // It ends with the connection.
      log.leasedTo = undefined
      const again = await world.open(1, { disk: bob.disk })
      await world.rest(again, ann)
      expect([rebasesOf(again), rebasesOf(ann)]).toEqual([1, 1])
      expect(digest(again)).toBe(digest(ann))
      expectAll(ann)
      expect(again.sync.status).toMatchObject({ unsent: 0, held: [] })
      expect([...codesOf(again), ...codesOf(ann)]).toEqual([])
      expect(commits).toBeLessThan(40)
    }
  })
})

describe('a device that dies while it brings back what a rebase left out', () => {
  it('brings it back when it starts again', async () => {
    let isDone = false
    for (let commits = 0; !isDone; commits++) {
      const { world, log, ann, bob } = await prepared()
      await bob.connect()
      await world.rest(ann, bob)
      await forgeRebase(log, ann, ({ registers }) => registers.clear())
      const store = dyingStore(bob.disk, commits)
      const dying = await world.open(1, { store })
      await world.rest(dying)
      isDone = !store.isDead
      // It ends with the connection.
      log.leasedTo = undefined
      const again = await world.open(1, { disk: bob.disk })
      await world.rest(again)
      expect(rebasesOf(again)).toBe(2)
      expectAll(again)
      const carl = await world.open(2)
      expect(digest(again)).toBe(digest(carl))
      expect(commits).toBeLessThan(40)
    }
  })
})
