import { bytesToHex } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { asReplacement, documentNamed, TestAccount, TestDevice } from './help/account'
import { auditRows } from './help/calls'
import { startTestRelay } from './help/relay'

type Append = ReturnType<TestAccount['genesis']>

const contacts = documentNamed('contacts')

/** An account whose keyring went on while the relay that had it was lost or set back. */
function startWithLostKeyring() {
  const account = new TestAccount()
  const [second, third] = [new TestDevice(account), new TestDevice(account)]
  const records: Append[] = [account.genesis(), account.add(second), account.add(third), account.rekey(second)]
  const relay = startTestRelay()
  /** Puts a relay where it was after so many records. */
  const setBack = async (length: number): Promise<void> => {
    const first = relay.connect()
    await first.logIn(account.first)
    for (const frame of records.slice(0, length)) {
      first.send(frame)
      await first.next('keyring-changed')
    }
    first.link.close()
    await relay.settle()
  }
  return { account, second, third, records, setBack, ...relay }
}

describe('a relay that lost the keyring of an account', () => {
  it('takes it back from any device that is active at its end', async () => {
    const { account, third, records, connect } = startWithLostKeyring()
    const client = connect()
    expect(await client.logIn(third)).toMatchObject({ keyringLength: 0 })
    client.send(asReplacement(...records))
    expect(await client.next('keyring-changed')).toMatchObject({ length: 4, head: account.keyring.head })
    client.send(third.push(contacts))
    await client.next('pushed')
    expect((await auditRows(client)).map(({ kind, detail }) => `${kind} ${detail}`.trimEnd())).toEqual([
      'account-created',
      'device-added restored',
      'device-added restored',
      'rekeyed restored',
    ])
  })

  it('takes it from two at once, and both are members', async () => {
    const { account, second, third, records, connect } = startWithLostKeyring()
    const clients = [connect(), connect()] as const
    await clients[0].logIn(second)
    await clients[1].logIn(third)
    for (const client of clients) client.send(asReplacement(...records))
    const whole = { length: 4, head: account.keyring.head }
    for (const client of clients) expect(await client.next('keyring-changed')).toMatchObject(whole)
    // What the later one brought was no news any more.
    expect(await clients[1].next('keyring-changed')).toMatchObject(whole)
    for (const [client, device] of [
      [clients[0], second],
      [clients[1], third],
    ] as const) {
      client.send(device.push(contacts))
      await client.next('pushed')
    }
  })

  it('takes one that is longer than a frame, in as many as it needs', async () => {
    const { account, third, records, connect } = startWithLostKeyring()
    for (let n = 0; n < 40; n++) records.push(account.rekey(third))
    const late = new TestDevice(account)
    records.push(account.add(late))
    for (let n = 0; n < 20; n++) records.push(account.rekey(late))
    const client = connect()
    await client.logIn(late)
    for (let from = 0; from < records.length; from += 10) client.send(asReplacement(...records.slice(from, from + 10)))
    for (let length = 0; length < records.length; ) length = (await client.next('keyring-changed')).length
    client.send({ type: 'keyring-fetch', from: records.length - 1 })
    expect((await client.next('keyring')).records).toEqual([{ record: records.at(-1)?.record }])
    client.send(late.push(contacts))
    await client.next('pushed')
  })

  it('takes what it lacks from a device whose addition it lacks, too', async () => {
    const { account, third, records, setBack, connect } = startWithLostKeyring()
    await setBack(2)
    const [client, first] = [connect(), connect()]
    await first.logIn(account.first)
    expect(await client.logIn(third)).toMatchObject({ keyringLength: 0, keyringHead: new Uint8Array(32) })
    client.send(asReplacement(...records))
    for (const each of [client, first])
      expect(await each.next('keyring-changed')).toMatchObject({ length: 4, head: account.keyring.head })
  })

  it('takes the branch that counts, from a device that only that one names', async () => {
    const { account, second, third, records, setBack, connect } = startWithLostKeyring()
    // The second device was removed, and wrote to the old backup.
    const removal = account.remove(second, [])
    await setBack(2)
    const [thief, client] = [connect(), connect()]
    const state = account.state
    account.state = undefined
    for (const { record } of records.slice(0, 2)) account.take(record)
    await thief.logIn(second)
    thief.send(account.rekey(second))
    await thief.next('keyring-changed')
    account.state = state
    await client.logIn(third)
    client.send(asReplacement(...records, removal))
    expect(await client.next('keyring-changed')).toMatchObject({ length: 5, head: account.keyring.head })
    expect(await thief.find('refused')).toMatchObject({ code: 'device-removed' })
  })

  it('keeps its own where that counts more, and says so by name', async () => {
    const { account, second, third, records, setBack, connect } = startWithLostKeyring()
    await setBack(2)
    const client = connect()
    const first = connect()
    await first.logIn(account.first)
    account.state = undefined
    for (const { record } of records.slice(0, 2)) account.take(record)
    // It puts out whoever signs the other branch's first record.
    first.send(account.recover(new TestDevice(account), [account.first, second], []))
    expect(await first.find('refused')).toMatchObject({ code: 'device-removed' })
    await client.logIn(third)
    client.send(asReplacement(...records))
    expect(await client.next('refused')).toMatchObject({ request: 'keyring-replace', code: 'device-unknown' })
    expect(await client.closed()).toBe(4401)
  })
})

describe('a removed device', () => {
  it('that brings a keyring without its removal gets in, and is out when somebody brings all of it', async () => {
    const { account, second, third, records, connect } = startWithLostKeyring()
    const truncated = [...records]
    records.push(account.remove(second, []), account.rekey(third))
    const thief = connect()
    await thief.logIn(second)
    thief.send(asReplacement(...truncated))
    expect(await thief.next('keyring-changed')).toMatchObject({ length: 4 })
    const honest = connect()
    expect(await honest.logIn(third)).toMatchObject({ keyringLength: 4 })
    honest.send({ ...(records[4] as Append), isRestored: true })
    expect(await honest.next('keyring-changed')).toMatchObject({ length: 5 })
    expect(await thief.find('refused')).toMatchObject({ code: 'device-removed' })
    expect(await thief.closed()).toBe(4403)
  })

  it('is out at once where its record comes with the others, and never was in in between', async () => {
    const { account, second, third, records, connect } = startWithLostKeyring()
    const cut = account.remove(second, [])
    const [thief, honest] = [connect(), connect()]
    await thief.logIn(second)
    await honest.logIn(third)
    honest.send(asReplacement(...records, cut))
    thief.send(second.push(contacts))
    expect(await honest.next('keyring-changed')).toMatchObject({ length: 5 })
    expect(await thief.find('refused')).toMatchObject({ code: expect.stringMatching(/account-unknown|device-removed/) })
    honest.send({ type: 'heads-fetch', devices: [] })
    expect((await honest.next('heads')).heads).toEqual([])
  })
})

describe('what a newcomer brings is refused', () => {
  it('when a record is missing, when one is forged, and when it is of another account', async () => {
    const { third, records, connect, data } = startWithLostKeyring()
    const gap = connect()
    await gap.logIn(third)
    gap.send(asReplacement(...records.slice(0, 2)), asReplacement(...records.slice(3)))
    expect(await gap.next('refused')).toMatchObject({ code: 'keyring-conflict' })
    const forged = connect()
    await forged.logIn(third)
    const { record } = records[2] as Append
    const altered = record.slice()
    altered[altered.length - 1] = (altered[altered.length - 1] as number) ^ 1
    forged.send(asReplacement(...records.slice(0, 2), { ...(records[2] as Append), record: altered }))
    expect(await forged.next('refused')).toMatchObject({ code: 'bad-signature' })
    const foreign = connect()
    await foreign.logIn(third)
    foreign.send(asReplacement(new TestAccount().genesis()))
    expect(await foreign.next('refused')).toMatchObject({ code: 'wrong-account' })
    expect([...data.accounts.values()].every(({ keyring }) => keyring.length === 0)).toBe(true)
  })

  it('when it is longer than a keyring may be', async () => {
    const { account, third, records } = startWithLostKeyring()
    for (let n = 0; n < 6; n++) records.push(account.rekey(third))
    const { connect } = startTestRelay({ limits: { maxKeyringRecords: 8 } })
    const client = connect()
    await client.logIn(third)
    client.send(asReplacement(...records))
    expect(await client.next('refused')).toMatchObject({ request: 'keyring-replace', code: 'quota-exceeded' })
  })

  it('when the device is no member at its end: nothing is stored, and nothing said', async () => {
    const { account, records, connect, data, settle } = startWithLostKeyring()
    const client = connect()
    await client.logIn(new TestDevice(account))
    client.send(asReplacement(...records))
    await settle()
    expect(client.unread).toEqual([])
    expect(data.accounts.get(bytesToHex(account.id))?.keyring ?? []).toEqual([])
  })
})
