// A disk that is full from some commit on, whichever it is: what was stored stays, what was not is stored when there is room, or was never said to be.
import type { Store } from '@owlivion/sync'
import { expect, it } from 'vitest'
import { settle, type WorldDevice } from '../../support/key-world'
import { HealingWorld } from '../healing/healing-world'

/** Refuses the commit with this number and those after it, until there is room. */
class FullFrom {
  commits = 0
  hasRefused = false
  private hasRoom = false
  private readonly commit: Store['commit']

  constructor(
    private readonly rows: Store,
    private readonly first: number,
  ) {
    this.commit = rows.commit
    rows.commit = async (...input) => {
      this.commits++
      if (this.commits >= this.first && !this.hasRoom) {
        this.hasRefused = true
        throw new TypeError('no room is left')
      }
      await this.commit.call(this.rows, ...input)
    }
  }

  makeRoom(): void {
    this.hasRoom = true
  }
}

/** Writes on both devices, while the laptop's disk is full from a commit on. */
async function run(first: number) {
  const world = new HealingWorld()
  const laptop = await world.create('laptop')
  const phone = await world.join('phone', laptop.phrase)
  await world.untilEqual(laptop, phone)
  const disk = new FullFrom(laptop.rows, first)
  const stored = new Set<string>()
  const adds: Promise<unknown>[] = []
  const write = (device: WorldDevice, text: string): void => {
    const add = device.notes.add(text, { text })
    adds.push(
      add.then(
        () => stored.add(text),
        () => {},
      ),
    )
  }
  for (let round = 0; round < 3; round++) {
    write(laptop, `laptop ${round}`)
    write(phone, `phone ${round}`)
    await settle()
    write(laptop, `laptop ${round} too`)
    await world.advance(3_000)
  }
  return { world, laptop, phone, disk, stored, adds }
}

const texts = ['laptop', 'phone'].flatMap((name) => [0, 1, 2].map((round) => `${name} ${round}`))
const all = [...texts, ...[0, 1, 2].map((round) => `laptop ${round} too`)].sort()

it('a disk that is full from any commit on loses nothing, and the account goes on by itself when there is room', async () => {
  let first = 1
  for (; ; first++) {
    const { world, laptop, phone, disk, adds, stored } = await run(first)
    if (!disk.hasRefused) break
    expect(laptop.sync.status.storage?.code, `from commit ${first} on`).toBe('storage-failed')
    expect(laptop.sync.status.isGreen).toBe(false)
    disk.makeRoom()
    await world.untilEqual(laptop, phone)
    await Promise.all(adds)
    expect([...stored].sort()).toEqual(all)
    expect([...laptop.texts].sort()).toEqual(all)
    expect(laptop.sync.status.storage).toBeUndefined()
  }
  expect(first).toBeGreaterThan(10)
})

it('a process that ends while its disk is full has lost nothing that it had said to be stored', async () => {
  let first = 1
  for (; ; first++) {
    const { world, laptop, phone, disk, stored } = await run(first)
    if (!disk.hasRefused) break
    laptop.kill()
    disk.makeRoom()
    await laptop.reopen()
    await world.untilEqual(laptop, phone)
    expect([...laptop.texts].sort(), `from commit ${first} on`).toEqual(expect.arrayContaining([...stored]))
  }
  expect(first).toBeGreaterThan(10)
})
