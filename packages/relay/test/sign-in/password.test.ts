import { bytesToHex, type DeviceId, decodeAuditRow, hexToBytes } from '@owlivion/sync-protocol'
import { client } from '@serenity-kit/opaque'
import { describe, expect, it } from 'vitest'
import type { SignInKeys } from '../../src/sign-in/key-file'
import type { PasswordProtocol } from '../../src/sign-in/password-protocol'
import { openSignIn, type PasswordPair } from '../../src/sign-in/sign-in-row'
import { TestAccount, TestDevice } from '../help/account'
import {
  call,
  keyStretching,
  prove,
  refusalOf,
  type SignInRelay,
  setPassword,
  signIn,
  startSignInRelay,
  temporaryKeys,
} from '../help/sign-in'

const email = 'ann@example.com'
const password = 'a long enough password'

async function auditOf({ store, account }: SignInRelay) {
  const { rows } = await store.accountRows.readAudit(account.id, 1, 100, 100_000)
  return rows.map((row) => decodeAuditRow(row))
}

describe('a password', () => {
  it('releases the box that was registered with it, to a connection that is nobody yet', async () => {
    const relay = await startSignInRelay()
    const member = await setPassword(relay.device, relay.account, password, { email, box: 'c2VhbGVk' })
    const released = await signIn(relay.connect(), '  Ann@Example.com ', password)
    expect(released).toEqual({ account: bytesToHex(relay.account.id), box: 'c2VhbGVk', member })
    const kinds = (await auditOf(relay)).map(({ kind, address, detail }) => `${kind} ${address} ${detail}`)
    expect(kinds.slice(-2)).toEqual(['password-set 192.0.2.7 ', 'sign-in 192.0.2.7 password'])
  })

  it('is registered only for a sign-in key of the keyring', async () => {
    const { device, account } = await startSignInRelay()
    const member = bytesToHex(account.first.id)
    expect(await refusalOf(setPassword(device, account, password, { email, member }))).toBe('call-refused')
    expect(await refusalOf(setPassword(device, account, password, { email, member: 'ab'.repeat(16) }))).toBe(
      'call-refused',
    )
  })

  it('releases nothing when its key was removed from the account', async () => {
    const { device, account, connect } = await startSignInRelay()
    const key = await setPassword(device, account, password, { email })
    device.send(account.remove({ id: hexToBytes(key) as DeviceId } as TestDevice, []))
    await device.find('keyring-changed')
    expect(await refusalOf(signIn(connect(), email, password))).toBe('sign-in-failed')
    expect(await call(device, 'sign-in.state')).toMatchObject({ hasPassword: false, keys: [] })
    await setPassword(device, account, 'another long password', { email })
    await signIn(connect(), email, 'another long password')
  })

  it('that nobody could sign in with is not registered', async () => {
    const { device, account, connect } = await startSignInRelay()
    const member = await setPassword(device, account, password, { email })
    for (const registration of ['', 'AAAA', '!!', 'A'.repeat(256)]) {
      const request = { email, registration, box: 'Ym94', member }
      expect(await refusalOf(call(device, 'sign-in.register', request))).toBe('call-refused')
    }
    await signIn(connect(), email, password)
  })

  it('that was changed works until somebody got in with the new one, and the box is always that of the password', async () => {
    const { device, account, connect } = await startSignInRelay()
    await setPassword(device, account, password, { email, box: 'b2xk' })
    await setPassword(device, account, 'another long password', { box: 'bmV3' })
    expect(await signIn(connect(), email, password)).toMatchObject({ box: 'b2xk' })
    expect(await signIn(connect(), email, 'another long password')).toMatchObject({ box: 'bmV3' })
    expect(await refusalOf(signIn(connect(), email, password))).toBe('sign-in-failed')
    expect(await signIn(connect(), email, 'another long password')).toMatchObject({ box: 'bmV3' })
  })

  it('moves to another address with a change', async () => {
    const { device, account, connect } = await startSignInRelay()
    await setPassword(device, account, password, { email })
    await setPassword(device, account, password, { email: 'ann@example.org' })
    await signIn(connect(), 'ann@example.org', password)
    expect(await refusalOf(signIn(connect(), email, password))).toBe('sign-in-failed')
  })

  it('that is sent twice because the answer was lost is registered once', async () => {
    const relay = await startSignInRelay()
    const member = await setPassword(relay.device, relay.account, password, { email })
    const state = await call<{ keys: string[] }>(relay.device, 'sign-in.state')
    expect(state.keys).toEqual([member])
  })

  it('ends with its removal', async () => {
    const { device, account, connect } = await startSignInRelay()
    await setPassword(device, account, password, { email })
    await call(device, 'sign-in.remove')
    expect(await refusalOf(signIn(connect(), email, password))).toBe('sign-in-failed')
    expect(await call(device, 'sign-in.state')).toMatchObject({ hasPassword: false, keys: [] })
  })

  it('is one account’s at an address', async () => {
    const { device, account, connect } = await startSignInRelay()
    await setPassword(device, account, password, { email })
    const other = new TestAccount()
    const otherDevice = connect()
    await otherDevice.open(other)
    expect(await refusalOf(setPassword(otherDevice, other, password, { email }))).toBe('email-taken')
    // Who wants to know which addresses are taken must not be able to ask often.
    const few = await startSignInRelay({ attempts: { registrationsPerDay: 2 } })
    for (let i = 0; i < 2; i++) await setPassword(few.device, few.account, password, { email })
    expect(await refusalOf(setPassword(few.device, few.account, password, { email }))).toBe('too-many-requests')
  })

  it('proves a deletion, and a wrong one or that of another account does not', async () => {
    const { device, account, connect } = await startSignInRelay()
    await setPassword(device, account, password, { email })
    const other = new TestAccount()
    const otherDevice = connect()
    await otherDevice.open(other)
    await setPassword(otherDevice, other, password, { email: 'ben@example.com' })
    const wrong = await prove(device, 'sign-in.prove', {}, 'not the password')
    expect(await refusalOf(call(device, 'account.delete', { proof: wrong }))).toBe('sign-in-failed')
    const foreign = await prove(device, 'sign-in.start', { email: 'ben@example.com' }, password)
    expect(await refusalOf(call(device, 'account.delete', { proof: foreign }))).toBe('call-refused')
    const proof = await prove(device, 'sign-in.prove', {}, password)
    await call(device, 'account.delete', { proof })
    expect(await refusalOf(signIn(connect(), email, password))).toBe('sign-in-failed')
    await signIn(connect(), 'ben@example.com', password)
  })

  it('is nothing that a sign-in key or a stranger may change', async () => {
    const relay = await startSignInRelay()
    const key = new TestDevice(relay.account)
    relay.device.send(relay.account.add(key, relay.account.first, 'sign-in'))
    const asKey = relay.connect()
    await relay.settle()
    await asKey.logIn(key)
    for (const method of ['sign-in.remove', 'sign-in.state', 'sign-in.unlock', 'devices.list'])
      expect(await refusalOf(call(asKey, method))).toBe('call-refused')
    const stranger = relay.connect()
    stranger.send({ type: 'call', id: 900, method: 'sign-in.remove', body: new TextEncoder().encode('{}') })
    expect(await stranger.next('refused')).toMatchObject({ code: 'not-authenticated' })
  })
})

describe('somebody who guesses', () => {
  it('gets the same answers in form and size for a known and an unknown address, made with the same work', async () => {
    const work: string[] = []
    const note = <T extends object>(name: string, target: T): T =>
      new Proxy(target, {
        get(object, key) {
          const value = Reflect.get(object, key)
          if (typeof value !== 'function') return value
          return (...values: unknown[]) => {
            work.push(`${name}.${String(key)}`)
            return value.apply(object, values)
          }
        },
      })
    const relay = await startSignInRelay({ watch: (protocol: PasswordProtocol) => note('opaque', protocol) })
    await setPassword(relay.device, relay.account, password, { email })
    Object.assign(relay.store.signIns, note('rows', { ...relay.store.signIns }))

    async function attempt(address: string) {
      work.length = 0
      const client = relay.connect()
      const request = 'AAAA'
      const malformed = await call(client, 'sign-in.start', { email: address, request }).catch((error) => error.message)
      const proof = await prove(client, 'sign-in.start', { email: address }, 'not the password')
      const refusal = await call(client, 'sign-in.finish', proof).catch((error) => ({
        ...error,
        message: error.message,
      }))
      return { malformed, refusal, work: work.join(' ') }
    }

    const known = await attempt(email)
    expect(known.refusal).toMatchObject({ code: 'sign-in-failed' })
    expect(known.work).toBe(
      'rows.find opaque.answerLogin rows.find opaque.answerLogin opaque.answerLogin opaque.isProven',
    )
    expect(await attempt('nobody@example.com')).toEqual(known)

    const shapes = async (address: string) => {
      const { responses } = await call<{ responses: string[] }>(relay.connect(), 'sign-in.start', {
        email: address,
        request: (await requestOf()) as string,
      })
      return responses.map((response) => response.length)
    }
    expect(await shapes('nobody@example.com')).toEqual(await shapes(email))
    await setPassword(relay.device, relay.account, 'another long password')
    expect(await shapes('nobody@example.com')).toEqual(await shapes(email))
  })

  it('sees the same half of an answer again for the same address, whether it is known or not', async () => {
    const relay = await startSignInRelay()
    await setPassword(relay.device, relay.account, password, { email })
    const request = await requestOf()
    const evaluated = async (address: string) => {
      const { responses } = await call<{ responses: string[] }>(relay.connect(), 'sign-in.start', {
        email: address,
        request,
      })
      return responses.map((response) => Buffer.from(response, 'base64url').subarray(0, 32).toString('hex'))
    }
    for (const address of [email, 'nobody@example.com']) {
      const [first, second] = await evaluated(address)
      expect(second).toBe(first)
      expect(await evaluated(address)).toEqual([first, second])
    }
    expect(await evaluated('nobody@example.com')).not.toEqual(await evaluated('noone@example.com'))
  })

  it('is made to wait after a few attempts, for a known address as for an unknown one', async () => {
    const relay = await startSignInRelay({ attempts: { attemptsPerName: 3 } })
    await setPassword(relay.device, relay.account, password, { email })
    const outcomes = async (address: string) => {
      const seen: string[] = []
      for (let i = 0; i < 4; i++) seen.push(await refusalOf(signIn(relay.connect(), address, 'not the password')))
      return seen
    }
    const known = await outcomes(email)
    expect(known).toEqual(['sign-in-failed', 'sign-in-failed', 'sign-in-failed', 'too-many-requests'])
    expect(await outcomes('nobody@example.com')).toEqual(known)
    const refused = await signIn(relay.connect(), email, password).catch((error) => error)
    expect(refused).toMatchObject({ code: 'too-many-requests', retryAfterMs: expect.any(Number) })
  })

  it('is made to wait by where the attempts come from, whichever addresses they name', async () => {
    const relay = await startSignInRelay({ attempts: { attemptsPerAddress: 2 } })
    const attempt = (name: string, from: string) =>
      refusalOf(signIn(relay.connect('relay.example', from), name, 'not the password'))
    expect(await attempt('a@example.com', '192.0.2.1')).toBe('sign-in-failed')
    expect(await attempt('b@example.com', '192.0.2.1')).toBe('sign-in-failed')
    expect(await attempt('c@example.com', '192.0.2.1')).toBe('too-many-requests')
    expect(await attempt('c@example.com', '::ffff:192.0.2.1')).toBe('too-many-requests')
    expect(await attempt('c@example.com', '192.0.2.2')).toBe('sign-in-failed')
    // A network of IPv6 is one place, in whatever way its addresses are written.
    expect(await attempt('d@example.com', '2001:db8::1')).toBe('sign-in-failed')
    expect(await attempt('e@example.com', '2001:0db8:0:0:ffff::2')).toBe('sign-in-failed')
    expect(await attempt('f@example.com', '2001:db8:0:0:1:2:3:4')).toBe('too-many-requests')
    expect(await attempt('f@example.com', '2001:db8:0:1::1')).toBe('sign-in-failed')
  })

  it('is forgotten with the first success', async () => {
    const relay = await startSignInRelay({ attempts: { attemptsPerName: 2 } })
    await setPassword(relay.device, relay.account, password, { email })
    for (let i = 0; i < 3; i++) {
      expect(await refusalOf(signIn(relay.connect(), email, 'not the password'))).toBe('sign-in-failed')
      await signIn(relay.connect(), email, password)
    }
  })

  it('is in the audit log, also who looks at the answer and says nothing', async () => {
    const relay = await startSignInRelay()
    await setPassword(relay.device, relay.account, password, { email })
    await refusalOf(signIn(relay.connect('relay.example', '192.0.2.66'), email, 'not the password'))
    await prove(relay.connect('relay.example', '192.0.2.67'), 'sign-in.start', { email }, 'not the password')
    await relay.pass(600_000)
    const failed = (await auditOf(relay)).filter(({ kind }) => kind === 'sign-in-failed')
    expect(failed.map(({ address, detail }) => `${address} ${detail}`)).toEqual([
      '192.0.2.66 password',
      '192.0.2.67 password',
    ])
  })

  it('cannot use a proof again, nor one of another connection, nor a late one', async () => {
    const relay = await startSignInRelay({ limits: { idleTimeoutMs: 10_000_000 } })
    await setPassword(relay.device, relay.account, password, { email })
    const client = relay.connect()
    const proof = await prove(client, 'sign-in.start', { email }, password)
    expect(await refusalOf(call(relay.connect(), 'sign-in.finish', proof))).toBe('sign-in-failed')
    await call(client, 'sign-in.finish', proof)
    expect(await refusalOf(call(client, 'sign-in.finish', proof))).toBe('sign-in-failed')
    const late = await prove(relay.device, 'sign-in.start', { email }, password)
    await relay.pass(301_000)
    expect(await refusalOf(call(relay.device, 'sign-in.finish', late))).toBe('sign-in-failed')
  })
})

describe('whoever has the database alone', () => {
  it('cannot open a row, and could not try a password on it if it were open', async () => {
    const relay = await startSignInRelay()
    await setPassword(relay.device, relay.account, password, { email })
    const row = await relay.store.signIns.read(relay.account.id)
    const other = await temporaryKeys()
    const content = row?.content as Uint8Array
    expect(() => openSignIn(other.keys.sealingKey, relay.account.id, content)).toThrow(
      expect.objectContaining({ code: 'sign-in-key-wrong' }),
    )
    expect(other.keys.nameOf(email)).not.toEqual(relay.keys.nameOf(email))
    expect(row?.names).toEqual([relay.keys.nameOf(email)])

    const { name, registration } = openSignIn(relay.keys.sealingKey, relay.account.id, content).password as PasswordPair
    const isFound = (keys: SignInKeys, guess: string) => {
      const { clientLoginState, startLoginRequest } = client.startLogin({ password: guess })
      const answer = other.protocol.answerLogin(keys.opaqueSetup, name, registration, startLoginRequest)
      const loginResponse = answer?.response as string
      return client.finishLogin({ clientLoginState, loginResponse, password: guess, keyStretching }) !== undefined
    }
    expect(isFound(other.keys, password)).toBe(false)
    // With the key file a list of passwords can be tried: nothing but a good password stands against that.
    expect(isFound(relay.keys, password)).toBe(true)
    expect(isFound(relay.keys, 'not the password')).toBe(false)
  })
})

async function requestOf(): Promise<string> {
  return client.startLogin({ password: 'any' }).startLoginRequest
}
