// Deleting an account: who may, what goes, and what everybody hears of it.
import { bytesToBase64url, deletionSigningBytes, type Frame } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import type { CallService } from '../src/calls/service'
import { documentNamed, type KeyPair, TestAccount, TestDevice } from './help/account'
import { ask, auditRows } from './help/calls'
import { startTestRelay, startWithTwoDevices } from './help/relay'

const proofOf = (account: TestAccount, keys: KeyPair = account.recovery) => ({
  signature: bytesToBase64url(keys.sign(deletionSigningBytes(account.id, account.keyring.head))),
})

describe('deleting an account', () => {
  it('takes everything, answers, and ends every connection with the reason', async () => {
    const { connect, data, account, second, one, two } = await startWithTwoDevices()
    one.send(account.first.push(documentNamed('contacts')))
    await one.find('pushed')
    expect(await ask(one, 'account.delete', proofOf(account))).toEqual({})
    for (const client of [one, two]) {
      expect(await client.find('refused')).toMatchObject({ request: '', code: 'account-deleted', retryable: false })
      expect(await client.closed()).toBe(4410)
    }
    expect([data.accounts.size, data.arrived.length, data.deleted.size]).toEqual([0, 0, 1])
    for (const device of [account.first, second, new TestDevice(account)]) {
      const late = connect()
      await expect(late.logIn(device, account)).rejects.toThrow('account-deleted')
      expect(await late.closed()).toBe(4410)
    }
    const holder = connect()
    await holder.logInForRecovery(account.recovery)
    expect(await holder.next('refused')).toMatchObject({ code: 'account-deleted' })
  })

  it('can be done with the phrase alone', async () => {
    const { connect, data, account, one } = await startWithTwoDevices()
    const holder = connect()
    await holder.logInForRecovery(account.recovery)
    await holder.next('welcome')
    await ask(holder, 'account.delete', proofOf(account))
    expect(data.accounts.size).toBe(0)
    expect(await one.closed()).toBe(4410)
    expect(await holder.closed()).toBe(4410)
  })

  it('leaves other accounts as they were', async () => {
    const { connect, account, one } = await startWithTwoDevices()
    const other = new TestAccount()
    const theirs = connect()
    await theirs.open(other)
    await ask(one, 'account.delete', proofOf(account))
    theirs.send(other.first.push(documentNamed('contacts')))
    expect(await theirs.next('pushed')).toMatchObject({ numbers: [1] })
  })

  it('is refused without the recovery key, with an old signature, and with two proofs or none, and that is written down', async () => {
    const { account, one } = await startWithTwoDevices()
    const old = proofOf(account)
    one.send(account.rekey())
    await one.find('keyring-changed')
    const bad = [
      old,
      proofOf(account, account.first.keys),
      { signature: 'AAAA' },
      { signature: '!' },
      {},
      { ...proofOf(account), proof: {} },
      { proof: { password: 'x' } },
    ]
    for (const body of bad)
      await expect(ask(one, 'account.delete', body)).rejects.toMatchObject({ code: 'call-refused', retryable: false })
    const refused = (await auditRows(one)).filter((row) => row.kind === 'deletion-refused')
    expect(refused).toHaveLength(4)
    expect(await ask(one, 'account.delete', proofOf(account))).toEqual({})
  })

  it('is not for a sign-in key', async () => {
    const { connect } = startTestRelay()
    const account = new TestAccount()
    const key = new TestDevice(account)
    const client = connect()
    await client.open(account)
    client.send(account.add(key, account.first, 'sign-in'))
    await client.next('keyring-changed')
    const signedIn = connect()
    await signedIn.logIn(key)
    await expect(ask(signedIn, 'account.delete', proofOf(account))).rejects.toMatchObject({ code: 'call-refused' })
  })

  it('may be proved by what a service takes', async () => {
    const service: CallService = {
      methods: () => ({}),
      mayDelete: async (_caller, { password }) => password === 'correct',
    }
    const { connect, data } = startTestRelay({ services: [service] })
    const account = new TestAccount()
    const client = connect()
    await client.open(account)
    const wrong = ask(client, 'account.delete', { proof: { password: 'wrong' } })
    await expect(wrong).rejects.toMatchObject({ code: 'call-refused' })
    await ask(client, 'account.delete', { proof: { password: 'correct' } })
    expect(data.accounts.size).toBe(0)
  })

  it('and a push, a keyring record and a login that come at the same moment leave nothing behind', async () => {
    const releases: (() => void)[] = []
    let isSlow = false
    const { connect, data, settle } = startTestRelay({
      commit: async (apply) => {
        if (isSlow) await new Promise<void>((resolve) => releases.push(resolve))
        apply()
      },
    })
    const account = new TestAccount()
    const [second, third] = [new TestDevice(account), new TestDevice(account)]
    const [one, two] = [connect(), connect()]
    await one.open(account)
    one.send(account.add(second), account.add(third))
    await one.find('keyring-changed')
    await one.find('keyring-changed')
    await two.logIn(second)
    const proof = proofOf(account)
    isSlow = true
    const deleting = ask(one, 'account.delete', proof)
    await settle()
    const frames: Frame[] = [second.push(documentNamed('contacts')), account.rekey(second)]
    two.send(...frames)
    const late = connect()
    const login = late.logIn(third).catch((error: Error) => error.message)
    await settle()
    isSlow = false
    while (releases.length > 0) {
      releases.shift()?.()
      await settle()
    }
    await deleting
    expect(await two.closed()).toBe(4410)
    await login
    expect(await late.closed()).toBe(4410)
    await settle()
    expect([data.accounts.size, data.arrived.length]).toEqual([0, 0])
  })

  it('does not happen when the keyring changes while it is judged', async () => {
    let isSlow = false
    const releases: (() => void)[] = []
    const { connect, data, settle } = startTestRelay({
      commit: async (apply) => {
        if (isSlow) await new Promise<void>((resolve) => releases.push(resolve))
        apply()
      },
    })
    const account = new TestAccount()
    const second = new TestDevice(account)
    const [one, two] = [connect(), connect()]
    await one.open(account)
    one.send(account.add(second))
    await one.find('keyring-changed')
    await two.logIn(second)
    await settle()
    const proof = proofOf(account)
    isSlow = true
    two.send(account.rekey(second))
    await settle()
    const deleting = ask(one, 'account.delete', proof).catch((error: unknown) => error)
    await settle()
    isSlow = false
    while (releases.length > 0) {
      releases.shift()?.()
      await settle()
    }
    expect(await deleting).toMatchObject({ code: 'keyring-conflict', retryable: true })
    expect(data.accounts.size).toBe(1)
    expect(await ask(one, 'account.delete', proofOf(account))).toEqual({})
  })

  it('refuses a login that was half done when it happened', async () => {
    const { connect, store, settle, account, second, one, two } = await startWithTwoDevices()
    two.link.close()
    const { generation } = store
    const releases: (() => void)[] = []
    Object.assign(store, {
      generation: () => new Promise((resolve) => releases.push(() => resolve(generation()))),
    })
    const late = connect()
    const login = late.logIn(second).catch((error: Error) => error.message)
    await settle()
    expect(releases).toHaveLength(1)
    await ask(one, 'account.delete', proofOf(account))
    await settle()
    releases[0]?.()
    expect(await login).toContain('account-deleted')
    expect(await late.closed()).toBe(4410)
  })
})
