// Account calls: how a method is found, what refuses a call, and who may call before a login.
import { decodeCallBody, encodeCallBody, type Frame } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { memberCall, openCall } from '../src/calls/registry'
import type { CallService } from '../src/calls/service'
import { RelayError } from '../src/errors'
import { random, TestAccount, TestDevice } from './help/account'
import type { TestClient } from './help/client'
import { startTestRelay } from './help/relay'

const steps: CallService = {
  methods: () => ({
    'test.count': openCall(z.strictObject({ by: z.int() }), async ({ memory }, { by }) => {
      const count = ((memory.get('count') as number | undefined) ?? 0) + by
      memory.set('count', count)
      return { count }
    }),
    'test.whoami': memberCall(z.strictObject({}), async ({ standing, address }) => ({ kind: standing.kind, address })),
    'test.later': openCall(z.strictObject({}), async () => {
      throw new RelayError('too-many-requests', undefined, { retryAfterMs: 70 })
    }),
    'test.broken': openCall(z.strictObject({}), async () => {
      throw new TypeError('a defect')
    }),
    'test.dear': openCall(z.strictObject({}), async () => ({}), { cost: 1_000 }),
  }),
}

const call = (id: number, method: string, body: object = {}): Frame => ({
  type: 'call',
  id,
  method,
  body: encodeCallBody(body),
})

async function answered(client: TestClient): Promise<[number, object]> {
  const { id, body } = await client.next('answer')
  return [id, decodeCallBody(body)]
}

describe('a call', () => {
  it('of a device is answered under its id', async () => {
    const { connect } = startTestRelay({ services: [steps] })
    const client = connect()
    await client.open(new TestAccount())
    client.send(call(7, 'test.whoami'), call(8, 'test.count', { by: 2 }))
    expect(await answered(client)).toEqual([7, { kind: 'device', address: '192.0.2.7' }])
    expect(await answered(client)).toEqual([8, { count: 2 }])
  })

  it('that is unknown, is not as it must be, fails or comes too early is refused under its id, and the connection lives', async () => {
    const { connect } = startTestRelay({ services: [steps] })
    const client = connect()
    await client.open(new TestAccount())
    const refusals: [Frame, object][] = [
      [call(1, 'test.nothing'), { code: 'unknown-call' }],
      [call(2, 'constructor'), { code: 'unknown-call' }],
      [call(3, 'test.count', { by: 'secret' }), { code: 'call-refused', message: expect.stringContaining('"by"') }],
      [call(4, 'test.count', { by: 1, more: 1 }), { code: 'call-refused' }],
      [{ type: 'call', id: 5, method: 'test.count', body: random(9) }, { code: 'call-refused' }],
      [
        { ...(call(6, 'test.count') as object), body: new TextEncoder().encode('[]') } as Frame,
        { code: 'call-refused' },
      ],
      [call(7, 'test.later'), { code: 'too-many-requests', retryAfterMs: 70 }],
    ]
    for (const [frame, refusal] of refusals) {
      client.send(frame)
      const got = await client.next('refused')
      expect(got).toMatchObject({ request: 'call', state: (frame as { id: number }).id, ...refusal })
      expect(got.message).not.toContain('secret')
    }
    client.send(call(9, 'test.count', { by: 1 }))
    expect(await answered(client)).toEqual([9, { count: 1 }])
    client.send(call(10, 'test.broken'))
    expect(await client.next('refused')).toMatchObject({ request: 'call', state: 10, code: 'internal-error' })
  })

  it('takes from the same bucket as frames, as much as its method costs', async () => {
    const { connect, pass } = startTestRelay({ services: [steps], limits: { framesPerSecond: 100, frameBurst: 2_500 } })
    const client = connect()
    await client.open(new TestAccount())
    client.send(call(1, 'test.dear'), call(2, 'test.dear'), call(3, 'test.dear'))
    expect([(await client.next('answer')).id, (await client.next('answer')).id]).toEqual([1, 2])
    const { state, code, retryAfterMs } = await client.next('refused')
    expect([state, code]).toEqual([3, 'too-many-requests'])
    await pass(retryAfterMs as number)
    client.send(call(4, 'test.dear'))
    expect((await client.next('answer')).id).toBe(4)
  })
})

describe('before a login', () => {
  it('a connection may ask what needs none, with a memory of its own, and log in behind it', async () => {
    const { connect } = startTestRelay({ services: [steps] })
    const account = new TestAccount()
    const [client, other] = [connect(), connect()]
    client.send(call(1, 'test.count', { by: 2 }), call(2, 'test.count', { by: 3 }))
    expect([await answered(client), await answered(client)]).toEqual([
      [1, { count: 2 }],
      [2, { count: 5 }],
    ])
    other.send(call(1, 'test.count', { by: 1 }))
    expect(await answered(other)).toEqual([1, { count: 1 }])
    await client.open(account)
    client.send(call(3, 'test.count', { by: 1 }))
    expect(await answered(client)).toEqual([3, { count: 6 }])
  })

  it('a method for members and every other frame end the connection', async () => {
    const { connect } = startTestRelay({ services: [steps] })
    const account = new TestAccount()
    for (const frame of [call(2, 'test.whoami'), { type: 'keyring-fetch', from: 0 } as Frame]) {
      const client = connect()
      client.send(call(1, 'test.count', { by: 1 }))
      await client.next('answer')
      client.send(frame)
      expect(await client.next('refused')).toMatchObject({ request: frame.type, code: 'not-authenticated' })
      expect(await client.closed()).toBe(4400)
    }
    const newcomer = connect()
    await newcomer.logIn(account.first)
    newcomer.send(call(2, 'test.whoami'))
    expect(await newcomer.next('refused')).toMatchObject({ state: 2, code: 'account-unknown' })
  })

  it('a refused call leaves the connection to try again, for as long as a sign-in may take', async () => {
    const { connect, pass } = startTestRelay({ services: [steps], limits: { signInTimeoutMs: 60_000 } })
    const client = connect()
    client.send(call(1, 'test.nothing'))
    expect(await client.next('refused')).toMatchObject({ state: 1, code: 'unknown-call' })
    await pass(59_000)
    client.send(call(2, 'test.count', { by: 1 }))
    await client.next('answer')
    await pass(2_000)
    expect(await client.next('refused')).toMatchObject({ code: 'timeout' })
    expect(await client.closed()).toBe(4508)
  })

  it('a sign-in key may call only what is open to it', async () => {
    const { connect } = startTestRelay({ services: [steps] })
    const account = new TestAccount()
    const signIn = new TestDevice(account)
    const client = connect()
    await client.open(account)
    client.send(account.add(signIn, account.first, 'sign-in'))
    await client.next('keyring-changed')
    const second = connect()
    await second.logIn(signIn)
    second.send(call(1, 'test.whoami'), call(2, 'test.count', { by: 1 }))
    expect(await second.next('refused')).toMatchObject({ state: 1, code: 'call-refused' })
    expect(await answered(second)).toEqual([2, { count: 1 }])
  })
})

it('two services that answer one method do not start', () => {
  expect(() => startTestRelay({ services: [steps, steps] })).toThrow(
    expect.objectContaining({ code: 'invalid-option' }),
  )
})
