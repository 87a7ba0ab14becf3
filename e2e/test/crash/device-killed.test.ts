import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Device } from '../../support/device'
import { pause } from '../../support/pause'
import { seededRandom } from '../../support/random'
import { startRelay } from '../../support/relay-process'
import { temporaryFolder } from '../../support/temporary-folder'
import { expectWritten } from './written'

const SEED = 7
const ROUNDS = 9

describe('a device that is killed while it writes', () => {
  it('has everything whose write had resolved when it comes back, and so has the other device', async () => {
    const random = seededRandom(SEED)
    const relay = await startRelay({ data: temporaryFolder() })
    const path = join(temporaryFolder(), 'a.db')
    let writer = new Device(path)
    const reader = new Device(join(temporaryFolder(), 'b.db'))
    const { recoveryPhrase } = await writer.ask('create', relay.url, 'killed')
    await writer.ask('openCollections', ['contacts'])
    await writer.ask('whenCaughtUp')
    await reader.ask('join', relay.url, 'watching', recoveryPhrase)
    await reader.ask('openCollections', ['contacts'])

    let next = 0
    const interrupted = new Set<number>()
    for (let round = 0; round < ROUNDS; round++) {
      await writer.ask('keepWriting', 'contacts', 'w', next, { confirmed: false })
      await writer.whenWritten(next + random.below(80))
      await pause(random.below(40))
      await writer.kill()
      const { onDisk } = writer.written
      writer = new Device(path)
      // Every third time it comes back offline first, as a phone does, and finds the relay later.
      await writer.ask('openAccount', round % 3 !== 0)
      const content = await writer.ask('content', 'contacts')
      expectWritten(content, 'w', onDisk, interrupted)
      // What was under way may have reached the disk too; the next life goes on after it.
      next = Object.keys(content.records).length
      interrupted.add(next - 1)
      interrupted.add(onDisk)
      await writer.ask('goOnline')
    }

    await writer.ask('openCollections', ['contacts'])
    await writer.ask('whenSeen')
    const content = await writer.ask('content', 'contacts')
    expectWritten(content, 'w', next - 1, interrupted)
    expect(await reader.ask('content', 'contacts')).toStrictEqual(content)
    expect(content.conflicts).toEqual([])
    expect(reader.problems).toEqual([])
  })
})
