import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Device } from '../../support/device'
import { pause } from '../../support/pause'
import { seededRandom } from '../../support/random'
import { startRelay } from '../../support/relay-process'
import { temporaryFolder } from '../../support/temporary-folder'
import { expectWritten } from './written'

const SEED = 11
const ROUNDS = 8

describe('a relay that is killed while two devices write', () => {
  it('has everything that it had confirmed, and both devices end equal', async () => {
    const random = seededRandom(SEED)
    const data = temporaryFolder()
    let relay = await startRelay({ data })
    const devices = temporaryFolder()
    const [a, b] = [new Device(join(devices, 'a.db')), new Device(join(devices, 'b.db'))]
    const { recoveryPhrase } = await a.ask('create', relay.url, 'laptop')
    await a.ask('openCollections', ['contacts'])
    await a.ask('whenCaughtUp')
    await b.ask('join', relay.url, 'phone', recoveryPhrase)

    await a.ask('keepWriting', 'contacts', 'a', 0, { confirmed: true })
    await b.ask('keepWriting', 'contacts', 'b', 0, { confirmed: true })
    for (let round = 0; round < ROUNDS; round++) {
      const more = 1 + random.below(15)
      await Promise.all([a, b].map((device) => device.whenWritten(device.written.confirmed + more)))
      await pause(random.below(25))
      await relay.kill()
      relay = await startRelay({ data, port: relay.port })
      // As when the network comes back: the wait between attempts starts over.
      for (const device of [a, b]) {
        await device.ask('goOffline')
        await device.ask('goOnline')
      }
    }
    const confirmed = { a: a.written.confirmed, b: b.written.confirmed }

    // A device that is new to the account has nothing but what the relay kept.
    const newcomer = new Device(join(devices, 'c.db'))
    await newcomer.ask('join', relay.url, 'new', recoveryPhrase)
    await newcomer.ask('openCollections', ['contacts'])
    await newcomer.ask('whenCaughtUp')
    const kept = await newcomer.ask('content', 'contacts')
    expectWritten(kept, 'a', confirmed.a)
    expectWritten(kept, 'b', confirmed.b)

    await Promise.all([a.ask('stopWriting'), b.ask('stopWriting')])
    await Promise.all([a.ask('whenSeen'), b.ask('whenSeen')])
    const content = await a.ask('content', 'contacts')
    expectWritten(content, 'a', a.written.confirmed)
    expectWritten(content, 'b', b.written.confirmed)
    expect(await b.ask('content', 'contacts')).toStrictEqual(content)
    expect(content.conflicts).toEqual([])
    const expected = ['relay-unreachable', 'connection-lost']
    expect([...a.problems, ...b.problems].filter(({ code }) => !expected.includes(code))).toEqual([])
  })
})
