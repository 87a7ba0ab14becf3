// A check that has never failed proves nothing. Each of these worlds is broken in one place, and some seed must say so.
import { registersOf } from '@owlivion/sync/testing'
import { describe, expect, test } from 'vitest'
import { createPlan, type Defects, runWorld } from '../src'
import { Life } from '../src/clock'

/** The first failure that the defect causes in seeds 1 to `seeds`. */
async function firstFailure(defects: Defects, seeds = 30): Promise<string | undefined> {
  for (let seed = 1; seed <= seeds; seed++) {
    const { failures } = await runWorld({ plan: createPlan({ seed }), defects })
    if (failures.length > 0) return failures[0]
  }
  return undefined
}

describe('the checks notice', () => {
  test('a relay that acknowledges before its disk has the entry', async () => {
    expect(await firstFailure({ relayAnswersEarly: true })).toMatch(
      /relay-rolled-back|cursor-ahead|cursor-mismatch|keyring-refused|relay-forked|lacks an edit/,
    )
  })

  test('a device whose disk forgets what is waiting to be sent', async () => {
    const disk: Defects['disk'] = (batch) => ({
      ...batch,
      put: batch.put?.filter(([key]) => key[0] !== 'pending') ?? [],
    })
    expect(await firstFailure({ disk })).toMatch(/does not converge|lacks an edit of device/)
  })

  test('a network that alters what the relay sends', async () => {
    let pages = 0
    const tamper: Defects['tamper'] = (direction, frame) => {
      const altered = frame.slice()
      // In the middle of a page lies an envelope.
      if (direction === 'down' && frame.length > 500 && ++pages % 5 === 0) altered[250] = (altered[250] as number) ^ 1
      return altered
    }
    expect(await firstFailure({ tamper })).toMatch(/relay-misbehaved|keyring-invalid|relay-forked/)
  })

  test('a network that alters what devices send', async () => {
    const tamper: Defects['tamper'] = (direction, frame) => {
      const altered = frame.slice()
      if (direction === 'up' && frame.length > 500) altered[250] = (altered[250] as number) ^ 1
      return altered
    }
    expect(await firstFailure({ tamper })).toMatch(/bad-signature|keyring-refused|fork/)
  })

  test('records whose cells do not name the rows they replace', async () => {
    const records: Defects['records'] = ({ collections }) => {
      for (const collection of collections.values()) {
        const slots = registersOf(collection).doc.getMap('r')
        const set = slots.set.bind(slots)
        slots.set = <T>(key: string, text: T): T => {
          const [t, n, covers, ...value] = JSON.parse(String(text))
          const isCell = key.split('\u0001').length === 3 && Array.isArray(covers)
          set(key, isCell ? JSON.stringify([t, n, 0, ...value]) : text)
          return text
        }
      }
    }
    expect(await firstFailure({ records })).toMatch(/candidates of .* should be|the oracle/)
  })

  test('a device that sends its records in the clear', async () => {
    let isSent = false
    const records: Defects['records'] = ({ options, collections }) => {
      if (isSent || collections.size === 0) return
      isSent = true
      const handlers = { opened: () => socket.send(Buffer.from('the name is canary')), received() {}, closed() {} }
      const socket = options.network.connect(options.name, new Life(), handlers)
    }
    expect(await firstFailure({ records })).toMatch(/shows the relay what it must not know/)
  })
})
