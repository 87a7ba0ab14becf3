import { compareBytes, type KeyringState, REISSUE_WAIT_MS, recordHash } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { asReplacement, documentNamed, KeyPair, random, sha512, TestAccount, TestDevice } from './help/account'
import { auditRows } from './help/calls'
import { startTestRelay, startWithTwoDevices } from './help/relay'

const contacts = documentNamed('contacts')

/** As after an old backup was restored: the relay goes on from `ancestor` with what the second device does. */
async function startWithBranch() {
  const world = await startWithTwoDevices()
  const { account, second, two, one, connect } = world
  const ancestor = account.keyring
  const accomplice = new TestDevice(account)
  const other = connect()
  two.send(account.add(accomplice, second))
  await two.next('keyring-changed')
  await one.next('keyring-changed')
  await other.logIn(accomplice)
  const branch = account.keyring
  account.state = ancestor
  return { ...world, ancestor, branch, accomplice, other }
}

describe('a branch of the keyring that counts more than the relay’s', () => {
  it('takes its place, and who is not on it is out at once', async () => {
    const { account, second, accomplice, one, two, other, connect } = await startWithBranch()
    two.send(second.push(contacts))
    await two.next('pushed')
    const removal = account.remove(second, [])
    one.send(asReplacement(removal))
    const end = { length: 3, head: account.keyring.head }
    expect(await one.next('keyring-changed')).toMatchObject(end)
    expect(await two.next('keyring-changed')).toMatchObject(end)
    expect(await two.next('refused')).toMatchObject({ code: 'device-removed' })
    expect(await two.closed()).toBe(4403)
    expect(await other.find('refused')).toMatchObject({ code: 'device-unknown' })
    expect(await other.closed()).toBe(4401)
    await connect().logInAsStranger(accomplice)
    const restored = [account.rekey(), account.add(new TestDevice(account))]
    for (const frame of restored) {
      one.send({ ...frame, isRestored: true })
      await one.next('keyring-changed')
    }
    one.send({ type: 'keyring-fetch', from: 2 })
    expect((await one.next('keyring')).records).toEqual([
      { record: removal.record, cut: removal.cut },
      ...restored.map(({ record }) => ({ record })),
    ])
    one.send(account.first.push(contacts))
    await one.next('pushed')
  })

  it('may be brought by a device that the relay’s branch has removed, which is a member again', async () => {
    const { account, second, one, two, connect } = await startWithTwoDevices()
    const ancestor = account.keyring
    two.send(account.remove(account.first, [], true, second))
    expect(await one.closed()).toBe(4403)
    account.state = ancestor
    const again = connect()
    expect(await again.logIn(account.first)).toMatchObject({ keyringLength: 3 })
    // The two removed each other: only the phrase can say who is right.
    again.send(asReplacement(account.remove(second, [])))
    expect(await again.next('refused')).toMatchObject({ request: 'keyring-replace', code: 'keyring-conflict' })
    account.state = ancestor
    again.send(asReplacement(account.recover(new TestDevice(account), [second], [])))
    expect(await again.next('keyring-changed')).toMatchObject({ length: 3, head: account.keyring.head })
    expect(await two.find('refused')).toMatchObject({ code: 'device-removed' })
    again.send(account.first.push(contacts))
    await again.next('pushed')
  })

  it('is the one with the lower hash where nobody’s standing suffers', async () => {
    const { account, second, one, two } = await startWithTwoDevices()
    const ancestor = account.keyring
    const branchBy = (device: TestDevice) => {
      account.state = ancestor
      const frame = account.rekey(device)
      return { frame, state: account.state as KeyringState, hash: recordHash(sha512, frame.record) }
    }
    const branches = [branchBy(account.first), branchBy(second)].sort((a, b) => compareBytes(a.hash, b.hash))
    const [lower, higher] = branches as [(typeof branches)[0], (typeof branches)[0]]
    one.send(higher.frame)
    for (const client of [one, two]) await client.next('keyring-changed')
    two.send(asReplacement(lower.frame))
    for (const client of [one, two])
      expect(await client.next('keyring-changed')).toMatchObject({ length: 3, head: lower.state.head })
    one.send(asReplacement(higher.frame))
    expect(await one.next('refused')).toMatchObject({ code: 'keyring-conflict' })
    // The relay's own needs no place.
    one.send(asReplacement(lower.frame))
    expect(await one.next('keyring-changed')).toMatchObject({ length: 3, head: lower.state.head })
    expect(two.unread).toEqual([])
  })

  it('counts with all its records: what puts out the other’s signer may stand behind the first', async () => {
    const { account, second, one, two } = await startWithBranch()
    // Whatever the hashes are: the relay's branch begins with a record of the second device.
    const added = account.add(new TestDevice(account))
    const removal = account.remove(second, [])
    one.send(asReplacement(added, removal))
    expect(await one.next('keyring-changed')).toMatchObject({ length: 4, head: account.keyring.head })
    expect(await two.find('refused')).toMatchObject({ code: 'device-removed' })
    one.send({ type: 'keyring-fetch', from: 2 })
    expect((await one.next('keyring')).records.map(({ record }) => record)).toEqual([added.record, removal.record])
  })

  it('does not bring along a recovery phrase that its device grants to itself', async () => {
    const { account, second, one } = await startWithBranch()
    const removal = account.remove(second, [])
    const request = account.request(new KeyPair())
    one.send(asReplacement(removal, request, account.grant(account.first)))
    expect(await one.next('keyring-changed')).toMatchObject({ length: 4 })
    one.send({ type: 'keyring-fetch', from: 2 })
    expect(await one.next('keyring')).toMatchObject({ length: 4 })
  })

  it('brings its recovery key back with it', async () => {
    const { account, ancestor, branch, second, two, connect, pass } = await startWithBranch()
    const [phrase, stolen] = [account.recovery, new KeyPair()]
    account.state = branch
    two.send(account.request(stolen, second))
    await two.next('keyring-changed')
    await pass(REISSUE_WAIT_MS)
    const thief = connect()
    await thief.logIn(second)
    thief.send(account.grant(second))
    await thief.next('keyring-changed')
    const locked = connect()
    await locked.logInForRecovery(phrase)
    expect(await locked.next('refused')).toMatchObject({ code: 'account-unknown' })

    account.state = ancestor
    const owner = connect()
    await owner.logIn(account.first)
    owner.send(asReplacement(account.remove(second, [])))
    expect(await owner.next('keyring-changed')).toMatchObject({ length: 3 })
    const [withOld, withStolen] = [connect(), connect()]
    await withOld.logInForRecovery(phrase)
    expect(await withOld.next('welcome')).toMatchObject({ account: account.id, keyringLength: 3 })
    await withStolen.logInForRecovery(stolen)
    expect(await withStolen.next('refused')).toMatchObject({ code: 'account-unknown' })
  })
})

describe('records that follow the relay’s last one', () => {
  it('are restored, with those before them that it has already', async () => {
    const { account, one, two } = await startWithTwoDevices()
    const frames = [account.rekey(), account.rekey(), account.rekey()]
    one.send(frames[0] as (typeof frames)[0])
    for (const client of [one, two]) await client.next('keyring-changed')
    two.send(asReplacement(...frames))
    for (const client of [one, two])
      expect(await client.next('keyring-changed')).toMatchObject({ length: 5, head: account.keyring.head })
    const rows = await auditRows(one)
    expect(rows.slice(-3).map(({ kind, detail }) => `${kind} ${detail}`)).toEqual([
      'rekeyed ',
      'rekeyed restored',
      'rekeyed restored',
    ])
  })

  it('come no faster from their own author than if each was appended', async () => {
    const { account, one } = await startWithTwoDevices({ limits: { keyringBurst: 3 } })
    one.send(asReplacement(account.rekey(), account.rekey(), account.rekey()))
    expect(await one.next('refused')).toMatchObject({ request: 'keyring-replace', code: 'too-many-requests' })
  })
})

describe('a branch of the keyring is refused', () => {
  it('when it parts from a record that the relay does not have', async () => {
    const { account, second, one } = await startWithBranch()
    account.state = { ...account.keyring, head: random(32) }
    one.send(asReplacement(account.remove(second, [], false)))
    expect(await one.next('refused')).toMatchObject({ request: 'keyring-replace', code: 'keyring-conflict' })
  })

  it('when it is of another account', async () => {
    const { one } = await startWithBranch()
    let other = new TestAccount()
    // Whichever has the lower hash: this one counts, as far as hashes go.
    let genesis = other.genesis()
    one.send({ type: 'keyring-fetch', from: 0 })
    const [own] = (await one.next('keyring')).records
    const ownHash = recordHash(sha512, own?.record as Uint8Array)
    while (compareBytes(recordHash(sha512, genesis.record), ownHash) > 0) {
      other = new TestAccount()
      genesis = other.genesis()
    }
    one.send(asReplacement(genesis))
    expect(await one.next('refused')).toMatchObject({ request: 'keyring-replace', code: 'wrong-account' })
    expect(await one.closed()).toBe(4404)
  })

  it('from a device that is a member on neither side of it', async () => {
    const { account, second, other } = await startWithBranch()
    other.send(asReplacement(account.remove(second, [], false)))
    expect(await other.next('refused')).toMatchObject({ request: 'keyring-replace', code: 'keyring-refused' })
  })

  it('without the cut of its removal', async () => {
    const { account, second, one } = await startWithBranch()
    const { record } = account.remove(second, [], false)
    one.send({ type: 'keyring-replace', records: [{ record }] })
    expect(await one.next('refused')).toMatchObject({ request: 'keyring-replace', code: 'keyring-refused' })
  })

  it('with a false signature, by name', async () => {
    const { account, second, one } = await startWithBranch()
    const { record, cut } = account.remove(second, [], false)
    const forged = record.slice()
    forged[forged.length - 1] = (forged[forged.length - 1] as number) ^ 1
    one.send({ type: 'keyring-replace', records: [{ record: forged, ...(cut && { cut }) }] })
    expect(await one.next('refused')).toMatchObject({ request: 'keyring-replace', code: 'bad-signature' })
  })

  it('from a sign-in key, and from a device whose account the relay does not know', async () => {
    const { account, one, connect } = await startWithTwoDevices()
    const signIn = new TestDevice(account)
    const ancestor = account.keyring
    one.send(account.add(signIn, account.first, 'sign-in'))
    await one.next('keyring-changed')
    const password = connect()
    await password.logIn(signIn)
    account.state = ancestor
    const frame = asReplacement(account.rekey())
    password.send(frame)
    expect(await password.next('refused')).toMatchObject({ code: 'not-authenticated' })
    const nowhere = startTestRelay().connect()
    await nowhere.logIn(account.first)
    nowhere.send(frame)
    expect(await nowhere.next('refused')).toMatchObject({ code: 'keyring-conflict' })
  })
})
