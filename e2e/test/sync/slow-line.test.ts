// A device with a large collection and a line on which that takes longer than the log may stand still.
import { randomBytes } from 'node:crypto'
import type { Socket, SocketHandlers } from '@owlivion/sync'
import { countRebases, decodeFrame, REBASE_LEASE_MS, SNAPSHOT_PART_BYTES } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import type { WorldDevice } from '../../support/key-world'
import { HealingWorld } from '../healing/healing-world'

class SlowWorld extends HealingWorld {
  /** From a device to the relay. */
  bytesPerSecond = Number.POSITIVE_INFINITY
  /** How long somebody kept the log from moving on. */
  readonly stoodStillMs: number[] = []
  putBytes = 0

  override connect(handlers: SocketHandlers): Socket {
    let leasedAtMs = 0
    const socket = super.connect({
      ...handlers,
      received: (bytes) => {
        const frame = decodeFrame(bytes)
        if (frame.type === 'leased' && frame.purpose === 'rebase' && frame.forMs > 0) leasedAtMs = this.timeMs
        if (frame.type === 'snapshot-stored' && leasedAtMs > 0) this.stoodStillMs.push(this.timeMs - leasedAtMs)
        handlers.received(bytes)
      },
    })
    let freeAtMs = 0
    let bufferedBytes = 0
    return {
      send: (bytes) => {
        const frame = bytes.slice()
        if (decodeFrame(frame).type === 'snapshot-put') this.putBytes += frame.length
        bufferedBytes += frame.length
        freeAtMs = Math.max(freeAtMs, this.timeMs) + Math.ceil((1_000 * frame.length) / this.bytesPerSecond)
        this.setTimer(freeAtMs - this.timeMs, () => {
          bufferedBytes -= frame.length
          socket.send(frame)
        })
      },
      close: (code, reason) => socket.close(code, reason),
      get bufferedBytes() {
        return bufferedBytes
      },
    }
  }
}

const RECORDS = 60

/** A book that takes 1.3 MB however it is packed, and has been edited more often than it holds records. */
async function wornBook(): Promise<{ readonly world: SlowWorld; readonly laptop: WorldDevice & { phrase: string } }> {
  const world = new SlowWorld()
  const laptop = await world.create('laptop')
  for (let n = 0; n < RECORDS; n++)
    await laptop.notes.add(`large ${n}`, { text: randomBytes(22_000).toString('base64') })
  for (let n = 0; n < 7; n++) await laptop.notes.add(`worn ${n}`, { text: 'new' })
  await world.untilEqual(laptop)
  return { world, laptop }
}

async function wear(laptop: WorldDevice): Promise<void> {
  const written: Promise<void>[] = []
  for (let i = 0; i < 4_200; i++) written.push(laptop.notes.update(`worn ${i % 7}`, { text: `${i}` }))
  await Promise.all(written)
}

describe('a large collection on a slow line', () => {
  it('is folded all the same: the log stands still only while the last of it is sent', async () => {
    const { world, laptop } = await wornBook()
    world.bytesPerSecond = 80_000
    await wear(laptop)
    await world.untilEqual(laptop)
    await world.until(() => countRebases(world.documentEpoch) === 1, 300_000)
    expect(world.putBytes).toBeGreaterThan((1.5 * REBASE_LEASE_MS * world.bytesPerSecond) / 1_000)
    expect(world.stoodStillMs).toHaveLength(1)
    expect(world.stoodStillMs[0]).toBeLessThan(REBASE_LEASE_MS)
    const late = await world.join('late', laptop.phrase)
    await world.untilEqual(laptop, late)
    expect(late.texts.length).toBe(RECORDS + 7)
    expect([...laptop.problems, ...late.problems]).toEqual([])
  })

  it('is not folded when it was edited meanwhile, nor do the edits wait for that; once it has grown, it is', async () => {
    const { world, laptop } = await wornBook()
    await wear(laptop)
    await world.untilEqual(laptop)
    world.bytesPerSecond = 80_000
    await world.until(() => world.putBytes > 0)
    await laptop.notes.update('worn 0', { text: 'meanwhile' })
    // Behind one part at most.
    await world.until(
      () => laptop.sync.status.unsent === 0,
      (1_000 * SNAPSHOT_PART_BYTES) / world.bytesPerSecond + 1_000,
    )
    await world.advance(60_000)
    expect([world.documentEpoch, world.stoodStillMs]).toEqual([0, []])
    await wear(laptop)
    await world.untilEqual(laptop)
    await world.until(() => countRebases(world.documentEpoch) === 1, 300_000)
    await world.untilEqual(laptop)
    expect(laptop.problems).toEqual([])
  })
})
