import { bytesEqual, MAX_CUT_ENTRIES } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { cutEntry, documentNamed, KeyPair, TestAccount, TestDevice } from './help/account'
import { startWithTwoDevices } from './help/relay'

const contacts = documentNamed('contacts')
const drafts = documentNamed('drafts')

describe('the keyring at the relay', () => {
  it('a record reaches its author as the answer and every other device as news', async () => {
    const { account, one, two } = await startWithTwoDevices()
    one.send(account.rekey())
    const { length, head } = account.keyring
    for (const client of [one, two]) expect(await client.next('keyring-changed')).toMatchObject({ length, head })
    two.send({ type: 'keyring-fetch', from: 1 })
    expect(await two.next('keyring')).toMatchObject({ from: 1, length: 3, records: [{}, {}] })
    two.send({ type: 'keyring-fetch', from: 3 })
    expect(await two.next('keyring')).toMatchObject({ from: 3, length: 3, records: [] })
  })

  it('of two records for one position the first stays', async () => {
    const { account, second, one, two } = await startWithTwoDevices()
    const before = account.keyring
    one.send(account.rekey())
    account.state = before
    two.send(account.rekey(second))
    await one.next('keyring-changed')
    await two.next('keyring-changed')
    expect(await two.next('refused')).toMatchObject({ request: 'keyring-append', code: 'keyring-conflict' })
  })

  it('a record with a false signature, or signed by a stranger, is refused', async () => {
    const { account, second, one, two } = await startWithTwoDevices()
    const before = account.keyring
    const add = account.add(new TestDevice(account), second)
    account.state = before
    const record = add.record.slice()
    record[record.length - 1] = (record[record.length - 1] as number) ^ 1
    two.send({ type: 'keyring-append', record, isRestored: false })
    expect(await two.next('refused')).toMatchObject({ code: 'bad-signature' })
    expect(await two.closed()).toBe(4406)
    const epoch = account.rekey()
    account.state = before
    expect(epoch.type).toBe('keyring-append')
    const stranger = new TestDevice(account)
    one.send(
      account.extend(
        {
          type: 'add',
          signer: stranger.id,
          device: new TestDevice(account).describe(),
          ephemeral: new Uint8Array(32),
          sealedKey: new Uint8Array(48),
        },
        stranger.keys,
        false,
      ),
    )
    expect(await one.next('refused')).toMatchObject({ code: 'keyring-refused' })
    one.send({ type: 'keyring-fetch', from: 0 })
    expect(await one.next('keyring')).toMatchObject({ length: 2 })
  })

  it('a sign-in key may add a device and cannot push', async () => {
    const { connect, account, one } = await startWithTwoDevices()
    const signIn = new TestDevice(account)
    one.send(account.add(signIn, account.first, 'sign-in'))
    await one.next('keyring-changed')
    const client = connect()
    await client.logIn(signIn)
    client.send(account.add(new TestDevice(account), signIn))
    await client.next('keyring-changed')
    client.send(signIn.push(contacts))
    expect(await client.next('refused')).toMatchObject({ code: 'not-authenticated' })
  })
})

describe('removing a device', () => {
  it('is refused while the cut misses something the relay holds, and tells the devices nothing', async () => {
    const { account, second, one, two } = await startWithTwoDevices()
    two.send(second.push(contacts, { count: 2 }), second.push(drafts))
    await two.next('pushed')
    await two.next('pushed')
    const behind = [[cutEntry(contacts, second)], [cutEntry(contacts, second, 1), cutEntry(drafts, second)], []]
    for (const cut of behind) {
      one.send(account.remove(second, cut, false))
      expect(await one.next('refused')).toMatchObject({ request: 'keyring-append', code: 'cut-behind' })
    }
    expect(two.unread).toEqual([])
    one.send({ type: 'heads-fetch', devices: [] })
    expect((await one.next('heads')).heads.map((head) => head.sequence).sort()).toEqual([1, 2])
  })

  it('takes effect at once: its connection ends and nothing more of it is stored', async () => {
    const { account, second, one, two, connect, data } = await startWithTwoDevices()
    two.send(second.push(contacts))
    await two.next('pushed')
    one.send(account.remove(second, [cutEntry(contacts, second)]))
    two.send(second.push(contacts))
    expect(await one.next('keyring-changed')).toMatchObject({ length: 3 })
    expect(await two.find('refused')).toMatchObject({ code: 'device-removed' })
    expect(await two.closed()).toBe(4403)
    const stored = [...data.accounts.values()][0]?.documents.get(Buffer.from(contacts).toString('hex'))
    // Whichever came first: the second push is either before the removal, which is then refused, or not at all.
    expect(stored?.entries).toHaveLength(1)
    const again = connect()
    await again.logIn(second)
    again.send(second.push(contacts))
    expect(await again.next('refused')).toMatchObject({ request: 'push', code: 'device-removed' })
    expect(await again.closed()).toBe(4403)
  })

  it('comes with the cut that the record names, and keeps it for the others', async () => {
    const { account, second, one } = await startWithTwoDevices()
    const remove = account.remove(second, [], false)
    one.send({ type: 'keyring-append', record: remove.record, isRestored: false })
    expect(await one.next('refused')).toMatchObject({ code: 'keyring-refused' })
    one.send({ ...remove, cut: new Uint8Array([0, 0]) })
    expect(await one.next('refused')).toMatchObject({ code: 'keyring-refused' })
    one.send(remove)
    await one.next('keyring-changed')
    one.send({ type: 'keyring-fetch', from: 2 })
    expect((await one.next('keyring')).records).toEqual([{ record: remove.record, cut: remove.cut }])
  })

  it('a recovery may remove every device, and no account takes over the recovery key of another', async () => {
    const { account, second, one, two, connect } = await startWithTwoDevices()
    const other = new TestAccount()
    const stranger = connect()
    await stranger.open(other)
    const recovered = new TestDevice(account)
    one.send(account.recover(recovered, [account.first, second], []))
    expect(await one.find('refused')).toMatchObject({ code: 'device-removed' })
    expect(await two.find('refused')).toMatchObject({ code: 'device-removed' })
    const client = connect()
    expect(await client.logIn(recovered)).toMatchObject({ keyringLength: 3 })
    const stolen = Object.assign(new KeyPair(), { publicKey: other.recovery.publicKey })
    client.send(account.recover(new TestDevice(account), [], [], stolen))
    expect(await client.next('refused')).toMatchObject({ code: 'bad-signature' })
  })

  it('a device with more chains than an answer holds is removed by the longest of them, and so it is recovered from', async () => {
    const { account, second, one, two, data, connect } = await startWithTwoDevices()
    one.send(account.first.push(contacts))
    await one.next('pushed')
    two.send(second.push(contacts), second.push(contacts))
    await two.find('pushed')
    await two.find('pushed')
    const stored = [...data.accounts.values()][0]?.documents.values().next().value
    const chain = [...(stored?.chains.values() ?? [])].find(({ device }) => bytesEqual(device, second.id))
    if (stored === undefined || chain === undefined) throw new Error('nothing was stored')
    const more = { ...chain, end: { ...chain.end, sequence: 1 } }
    for (let i = 0; i < 10_000; i++) stored.chains.set(`more ${i}`, { ...more, incarnation: 1_000 + i })
    one.send({ type: 'heads-fetch', devices: [] })
    const { heads } = await one.find('heads')
    expect(heads.length).toBe(MAX_CUT_ENTRIES)
    const named = heads.map(({ device, sequence }) => [bytesEqual(device, second.id) ? 'second' : 'first', sequence])
    expect(named).toContainEqual(['first', 1])
    expect(named).toContainEqual(['second', 2])

    const cut = heads.filter(({ device }) => bytesEqual(device, second.id))
    one.send(account.remove(second, cut, false))
    expect(await one.find('refused')).toMatchObject({ code: 'cut-behind' })
    one.send({ ...account.remove(second, cut), isRestored: true })
    expect(await one.find('keyring-changed')).toMatchObject({ length: 3 })
    expect(await two.find('refused')).toMatchObject({ code: 'device-removed' })
    const phrase = connect()
    await phrase.logInForRecovery(account.recovery)
    phrase.send({ ...account.recover(new TestDevice(account), [account.first], []), isRestored: true })
    expect(await phrase.find('keyring-changed')).toMatchObject({ length: 4 })
  })
})
