import { decodeSignedRecord, REISSUE_WAIT_MS, type RekeyRecord } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { KeyPair, TestAccount, TestDevice } from './help/account'
import { startTestRelay, startWithTwoDevices } from './help/relay'

const DAY_MS = 86_400_000

describe('a new recovery phrase', () => {
  it('that the old one signed counts at once, and the old one opens nothing any more', async () => {
    const { account, one, two, connect } = await startWithTwoDevices()
    const old = account.recovery
    const live = connect()
    await live.logInForRecovery(old)
    await live.next('welcome')
    one.send(account.reissue(new KeyPair()))
    expect(await one.next('keyring-changed')).toMatchObject({ length: 3 })
    expect(await two.next('keyring-changed')).toMatchObject({ length: 3 })
    expect(await live.next('keyring-changed')).toMatchObject({ length: 3 })
    expect(await live.next('refused')).toMatchObject({ request: '', code: 'account-unknown' })
    expect(await live.closed()).toBe(1000)
    const [withOld, withNew] = [connect(), connect()]
    await withOld.logInForRecovery(old)
    expect(await withOld.next('refused')).toMatchObject({ request: 'auth', code: 'account-unknown' })
    await withNew.logInForRecovery(account.recovery)
    expect(await withNew.next('welcome')).toMatchObject({ account: account.id, keyringLength: 3 })
  })

  it('that one device asks for and grants waits seven days for the others', async () => {
    const { account, connect, one, pass } = await startWithTwoDevices()
    const next = new KeyPair()
    one.send(account.request(next))
    await one.next('keyring-changed')
    one.send(account.grant(account.first, false))
    expect(await one.next('refused')).toMatchObject({
      request: 'keyring-append',
      code: 'reissue-early',
      retryable: true,
      retryAfterMs: REISSUE_WAIT_MS,
    })
    await pass(REISSUE_WAIT_MS - 1)
    const almost = connect()
    await almost.logIn(account.first)
    almost.send(account.grant(account.first, false))
    expect(await almost.next('refused')).toMatchObject({ code: 'reissue-early', retryAfterMs: 1 })
    await pass(1)
    almost.send(account.grant())
    expect(await almost.next('keyring-changed')).toMatchObject({ length: 4 })
    const phrase = connect()
    await phrase.logInForRecovery(next)
    await phrase.next('welcome')
  })

  it('that another device grants counts at once, when that device has been in the account for a week', async () => {
    const { account, second, connect, pass } = await startWithTwoDevices()
    await pass(REISSUE_WAIT_MS)
    const [one, two] = [connect(), connect()]
    await one.logIn(account.first)
    await two.logIn(second)
    const next = new KeyPair()
    one.send(account.request(next))
    await one.next('keyring-changed')
    two.send(account.grant(second))
    expect(await two.find('keyring-changed')).toMatchObject({ length: 3 })
    expect(await two.next('keyring-changed')).toMatchObject({ length: 4 })
    const phrase = connect()
    await phrase.logInForRecovery(next)
    await phrase.next('welcome')
  })

  it('that a device grants which was let in lately waits all the same: a thief could have let it in', async () => {
    const { account, second, connect, pass } = await startWithTwoDevices()
    await pass(REISSUE_WAIT_MS)
    const thief = connect()
    await thief.logIn(second)
    const puppet = new TestDevice(account)
    thief.send(account.add(puppet, second))
    await thief.next('keyring-changed')
    thief.send(account.request(new KeyPair(), second))
    await thief.next('keyring-changed')
    const helper = connect()
    await helper.logIn(puppet)
    helper.send(account.grant(puppet, false))
    expect(await helper.next('refused')).toMatchObject({ code: 'reissue-early', retryAfterMs: REISSUE_WAIT_MS })
    helper.send({ ...account.grant(puppet, false), isRestored: true })
    expect(await helper.next('refused')).toMatchObject({ code: 'reissue-early', retryAfterMs: REISSUE_WAIT_MS })
  })

  it('does not come when a device vetoes it', async () => {
    const { account, second, one, two, connect, pass } = await startWithTwoDevices()
    const [next, old] = [new KeyPair(), account.recovery]
    one.send(account.request(next))
    await one.next('keyring-changed')
    const grant = account.grant(account.first, false)
    await two.next('keyring-changed')
    two.send(account.veto(second))
    await one.next('keyring-changed')
    await pass(REISSUE_WAIT_MS)
    const client = connect()
    await client.logIn(account.first)
    client.send(grant)
    expect(await client.next('refused')).toMatchObject({ code: 'keyring-conflict' })
    const phrase = connect()
    await phrase.logInForRecovery(old)
    await phrase.next('welcome')
  })

  it('is none that another account has', async () => {
    const { account, connect, one } = await startWithTwoDevices()
    const other = new TestAccount()
    await connect().open(other)
    one.send(account.reissue(other.recovery))
    expect(await one.next('refused')).toMatchObject({ code: 'keyring-refused' })
  })

  it('is asked for, and issued, only by who has it, and for this account only', async () => {
    const { account, connect } = await startWithTwoDevices()
    const next = new KeyPair()
    const elsewhere = account.proven(next, new TestAccount().id)
    const unproven = { ...account.proven(next), proof: account.proven(new KeyPair()).proof }
    const { id, keys } = account.first
    const { epoch } = decodeSignedRecord(account.rekey(account.first, false).record).record as RekeyRecord
    for (const each of [elsewhere, unproven])
      for (const frame of [
        account.extend({ type: 'request', signer: id, next: each }, keys, false),
        account.extend({ type: 'reissue', signer: undefined, next: each, epoch }, account.recovery, false),
      ]) {
        const client = connect()
        await client.logIn(account.first)
        client.send(frame)
        expect(await client.next('refused')).toMatchObject({ request: 'keyring-append', code: 'bad-signature' })
      }
    const client = connect()
    await client.logIn(account.first)
    client.send(account.request(next))
    expect(await client.next('keyring-changed')).toMatchObject({ length: 3 })
  })
})

describe('a relay that lost the keyring', () => {
  async function startWithRequest() {
    const world = startTestRelay()
    const { connect, pass } = world
    const account = new TestAccount()
    const second = new TestDevice(account)
    const one = connect()
    const frames = [account.genesis(), account.add(second), account.request(new KeyPair()), account.grant()]
    const grant = { ...(frames.pop() as (typeof frames)[0]), isRestored: true }
    await one.logIn(account.first)
    one.send(...frames.map((frame, index) => ({ ...frame, isRestored: index > 0 })))
    for (const _ of frames) await one.next('keyring-changed')
    await pass(DAY_MS)
    return { ...world, account, second, grant }
  }

  it('takes a re-issue that was waited for from any device but the one that asked', async () => {
    const { connect, account, second, grant } = await startWithRequest()
    const [asking, other] = [connect(), connect()]
    await asking.logIn(account.first)
    asking.send(grant)
    expect(await asking.next('refused')).toMatchObject({
      code: 'reissue-early',
      retryAfterMs: REISSUE_WAIT_MS - DAY_MS,
    })
    await other.logIn(second)
    other.send(grant)
    expect(await other.next('keyring-changed')).toMatchObject({ length: 4, head: account.keyring.head })
  })

  it('takes it from the one that asked when it has waited once more', async () => {
    const { connect, account, grant, pass } = await startWithRequest()
    await pass(REISSUE_WAIT_MS - DAY_MS)
    const asking = connect()
    await asking.logIn(account.first)
    asking.send(grant)
    expect(await asking.next('keyring-changed')).toMatchObject({ length: 4 })
  })
})
