import { type Frame, type FrameType, SUSPEND_MS } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { cutEntry, documentNamed, KeyPair, random, TestDevice } from './help/account'
import type { TestClient } from './help/client'
import { startWithTwoDevices } from './help/relay'
import { refillOf, verdictOf } from './help/snapshots'

const contacts = documentNamed('contacts')
const generation = random<Extract<Frame, { type: 'subscribe' }>['generation']>(16)

async function startWithSuspended(options: Parameters<typeof startWithTwoDevices>[0] = {}) {
  const world = await startWithTwoDevices(options)
  const { account, second, one, two } = world
  one.send(account.suspend([second]))
  expect(await one.next('suspended')).toEqual({ type: 'suspended', devices: [second.id], forMs: SUSPEND_MS })
  expect(await two.next('refused')).toMatchObject({ request: '', code: 'device-suspended', retryAfterMs: SUSPEND_MS })
  expect(await two.closed()).toBe(4510)
  return world
}

/** What is refused while a device is held off: each with its document, so that the others go on. */
function fencedRequests(device: TestDevice): [FrameType, Frame][] {
  const part = { hash: random<(typeof device.account.keyring)['head']>(32), index: 0, count: 1, bytes: random(10) }
  const cursors = [{ document: contacts, number: 0, hash: device.account.emptyLog(contacts) }]
  return [
    ['push', device.push(contacts)],
    ['seen-put', device.seen(contacts)],
    ['snapshot-put', { type: 'snapshot-put', document: contacts, part }],
    ['snapshot-fetch', { type: 'snapshot-fetch', document: contacts }],
    ['snapshot-verdict', verdictOf(device, contacts, part.hash, 'accept')],
    ['lease', { type: 'lease', document: contacts, purpose: 'rebase', release: false }],
    ['refill', refillOf([device.push(contacts)], [0])],
    ['hashes-fetch', { type: 'hashes-fetch', document: contacts, numbers: [0] }],
    ['subscribe', { type: 'subscribe', generation, cursors }],
  ]
}

async function expectRefused(client: TestClient, frame: Frame, code: string): Promise<void> {
  client.send(frame)
  expect(await client.next('refused')).toMatchObject({ request: frame.type, code })
}

describe('a device that is held off', () => {
  it('comes back, and each of its writes and subscriptions is refused on a connection that stays', async () => {
    const { connect, second, pass, data } = await startWithSuspended()
    const again = connect()
    await again.logIn(second)
    await pass(60_000)
    for (const [request, frame] of fencedRequests(second)) {
      again.send(frame)
      expect(await again.next('refused')).toMatchObject({
        request,
        document: contacts,
        code: 'device-suspended',
        retryable: true,
        retryAfterMs: SUSPEND_MS - 60_000,
      })
    }
    again.send({ type: 'ping', id: 1 })
    await again.next('pong')
    expect(data.arrived).toHaveLength(0)
  })

  it('reads and extends the keyring and fetches heads, so that a thief who suspends first stops nobody', async () => {
    const { connect, account, second, one } = await startWithSuspended()
    const again = connect()
    await again.logIn(second)
    again.send({ type: 'keyring-fetch', from: 0 })
    expect(await again.next('keyring')).toMatchObject({ length: 2 })
    again.send({ type: 'heads-fetch', devices: [account.first.id] })
    await again.next('heads')
    again.send(account.suspend([account.first], second.keys))
    await again.next('suspended')
    expect(await one.closed()).toBe(4510)
    again.send(account.remove(account.first, [], true, second))
    expect(await again.next('keyring-changed')).toMatchObject({ length: 3 })
  })

  it('is free again when the time is over', async () => {
    const { connect, second, pass } = await startWithSuspended()
    await pass(SUSPEND_MS)
    const again = connect()
    await again.logIn(second)
    again.send(second.push(contacts))
    await again.next('pushed')
  })

  it('is held off across its own connections and those of the others', async () => {
    const { connect, second, one } = await startWithSuspended()
    one.link.close()
    const again = connect()
    await again.logIn(second)
    await expectRefused(again, second.push(contacts), 'device-suspended')
  })

  it('is free again with the next keyring record of who held it off, and no earlier', async () => {
    const { connect, account, second, one } = await startWithSuspended()
    const third = new TestDevice(account)
    const again = connect()
    await again.logIn(second)
    again.send(account.add(third, second))
    await again.next('keyring-changed')
    await expectRefused(again, second.push(contacts), 'device-suspended')
    second.startIncarnation()
    one.send(account.rekey())
    expect(await again.next('keyring-changed')).toMatchObject({ length: 4 })
    again.send(second.push(contacts))
    await again.next('pushed')
  })

  it('is free again when who held it off is out', async () => {
    const { connect, account, second } = await startWithSuspended()
    const again = connect()
    await again.logIn(second)
    again.send(account.remove(account.first, [], true, second))
    await again.next('keyring-changed')
    again.send(second.push(contacts))
    await again.next('pushed')
  })

  it('stays held off by one who suspended it, too, when another one is done', async () => {
    const { connect, account, second, one, two } = await startWithTwoDevices()
    const [third, client] = [new TestDevice(account), connect()]
    one.send(account.add(third))
    await one.next('keyring-changed')
    await client.logIn(third)
    one.send(account.suspend([third]))
    await one.next('suspended')
    two.send(account.suspend([third], second.keys))
    await two.find('suspended')
    one.send(account.rekey())
    await one.next('keyring-changed')
    const again = connect()
    await again.logIn(third)
    await expectRefused(again, third.push(contacts), 'device-suspended')
  })
})

describe('holding a device off', () => {
  it('waits for what the device had sent, and nothing more of it is stored after the answer', async () => {
    let waiting: (() => void)[] | undefined
    const world = await startWithTwoDevices({
      commit: async (apply) => {
        if (waiting !== undefined) await new Promise<void>((resolve) => waiting?.push(resolve))
        apply()
      },
    })
    const { account, second, one, two, settle, data } = world
    waiting = []
    two.send(second.push(contacts))
    await settle()
    two.send(second.push(contacts))
    one.send(account.suspend([second]))
    await settle()
    expect(one.unread).toEqual([])
    expect(await two.closed()).toBe(4510)
    for (const resolve of waiting.splice(0)) resolve()
    waiting = undefined
    await one.next('suspended')
    const stored = data.arrived.length
    await settle()
    expect(data.arrived).toHaveLength(stored)
    one.send({ type: 'heads-fetch', devices: [second.id] })
    const { heads } = await one.next('heads')
    expect(heads).toMatchObject([{ device: second.id, sequence: stored }])
    const [head] = heads
    expect(head?.signature).toEqual(second.signHead(contacts, stored, head?.hash as NonNullable<typeof head>['hash']))
    one.send(account.remove(second, [cutEntry(contacts, second, stored)]))
    await one.next('keyring-changed')
  })

  it('is for active devices and the recovery key, over the newest keyring', async () => {
    const { connect, account, second, one, two } = await startWithTwoDevices()
    const [stranger, signIn] = [new TestDevice(account), new TestDevice(account)]
    await expectRefused(one, account.suspend([]), 'keyring-refused')
    await expectRefused(one, account.suspend([account.first]), 'keyring-refused')
    await expectRefused(one, account.suspend([second, stranger]), 'keyring-refused')
    await expectRefused(one, account.suspend([second], new KeyPair()), 'keyring-conflict')
    const outdated = account.suspend([second])
    one.send(account.add(signIn, account.first, 'sign-in'))
    await one.next('keyring-changed')
    await two.next('keyring-changed')
    await expectRefused(one, outdated, 'keyring-conflict')
    const password = connect()
    await password.logIn(signIn)
    await expectRefused(password, account.suspend([second], signIn.keys), 'not-authenticated')
    expect(two.unread).toEqual([])
    const phrase = connect()
    await phrase.logInForRecovery(account.recovery)
    await phrase.next('welcome')
    phrase.send(account.suspend([account.first, second], account.recovery))
    await phrase.next('suspended')
    expect([await one.closed(), await two.closed()]).toEqual([4510, 4510])
  })
})
