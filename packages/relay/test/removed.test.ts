import type { Frame } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { asReplacement, cutEntry, documentNamed, random, TestDevice } from './help/account'
import { startWithTwoDevices } from './help/relay'

const contacts = documentNamed('contacts')
const generation = random<Extract<Frame, { type: 'subscribe' }>['generation']>(16)

describe('a removed device', () => {
  it('is told the end of its keyring, then refused, then closed', async () => {
    const { account, one, two, second } = await startWithTwoDevices()
    one.send(account.remove(second, []), account.rekey())
    const { length, head } = await one.next('keyring-changed')
    await one.next('keyring-changed')
    expect(two.unread.map((frame) => frame.type)).toEqual(['keyring-changed', 'refused'])
    expect(await two.next('keyring-changed')).toMatchObject({ length, head })
    expect(await two.next('refused')).toMatchObject({ request: '', code: 'device-removed', retryable: false })
    expect(await two.closed()).toBe(4403)
  })

  it('reads the keyring up to the record that removed it, and hears of nothing after it', async () => {
    const { account, one, second, connect } = await startWithTwoDevices()
    const removal = account.remove(second, [])
    one.send(removal, account.rekey())
    await one.next('keyring-changed')
    await one.next('keyring-changed')
    const again = connect()
    expect(await again.logIn(second)).toMatchObject({ keyringLength: 3 })
    again.send({ type: 'keyring-fetch', from: 2 })
    expect(await again.next('keyring')).toMatchObject({
      length: 3,
      records: [{ record: removal.record, cut: removal.cut }],
    })
    again.send({ type: 'keyring-fetch', from: 0 })
    expect((await again.next('keyring')).records).toHaveLength(3)
    for (const from of [3, 4, 1_000]) {
      again.send({ type: 'keyring-fetch', from })
      expect(await again.next('keyring')).toMatchObject({ length: 3, records: [] })
    }
    one.send(account.rekey())
    await one.next('keyring-changed')
    again.send({ type: 'keyring-fetch', from: 3 })
    expect(await again.next('keyring')).toMatchObject({ length: 3, records: [] })
  })

  it('is refused and closed with everything else that it asks', async () => {
    const { account, one, second, connect } = await startWithTwoDevices()
    const [push, seen] = [second.push(contacts), second.seen(contacts)]
    const before = account.keyring
    const ownRecord = account.rekey(second)
    account.state = before
    one.send(account.remove(second, []))
    await one.next('keyring-changed')
    const requests: Frame[] = [
      push,
      seen,
      ownRecord,
      { type: 'subscribe', generation, cursors: [] },
      { type: 'unsubscribe', documents: [contacts] },
      { type: 'heads-fetch', devices: [] },
      account.suspend([account.first], second.keys),
      { type: 'ping', id: 1 },
    ]
    for (const request of requests) {
      const again = connect()
      await again.logIn(second)
      again.send(request)
      expect(await again.next('refused')).toMatchObject({ request: request.type, code: 'device-removed' })
      expect(await again.closed()).toBe(4403)
    }
  })

  it('may be one of many in a record, and all of them end at once', async () => {
    const { account, one, two, second, connect } = await startWithTwoDevices()
    const [third, client] = [new TestDevice(account), connect()]
    one.send(account.add(third))
    await one.next('keyring-changed')
    await client.logIn(third)
    client.send(third.push(contacts))
    await client.next('pushed')
    one.send(account.remove([second, third], [], false))
    expect(await one.next('refused')).toMatchObject({ code: 'cut-behind' })
    one.send(account.remove([second, third], [cutEntry(contacts, third)]))
    await one.next('keyring-changed')
    expect([await two.closed(), await client.closed()]).toEqual([4403, 4403])
  })

  it('and one that never was a member stay two things', async () => {
    const { account, connect } = await startWithTwoDevices()
    const stranger = connect()
    await stranger.logInAsStranger(new TestDevice(account))
    expect(await stranger.closed()).toBe(4401)
  })

  it('cannot come back by a record for a place before its removal', async () => {
    const { account, one, second, connect } = await startWithTwoDevices()
    const ancestor = account.keyring
    one.send(account.add(new TestDevice(account)), account.remove(second, []))
    await one.next('keyring-changed')
    const { length, head } = await one.next('keyring-changed')
    const again = connect()
    await again.logIn(second)
    const forge = [
      () => account.remove(account.first, [], true, second),
      () => account.leave(second, []),
      // One of so many has the lower hash.
      ...Array.from({ length: 20 }, () => () => account.rekey(second)),
    ]
    for (const make of forge) {
      account.state = ancestor
      again.send(asReplacement(make()))
      expect(await again.next('refused')).toMatchObject({ request: 'keyring-replace', code: 'keyring-conflict' })
    }
    expect(await connect().logIn(account.first)).toMatchObject({ keyringLength: length, keyringHead: head })
  })
})

describe('a device that leaves', () => {
  it('says where its own chains end, is answered, and is out', async () => {
    const { account, one, two, second, connect } = await startWithTwoDevices()
    two.send(second.push(contacts, { count: 2 }))
    await two.next('pushed')
    for (const cut of [[], [cutEntry(contacts, second, 1)]]) {
      two.send(account.leave(second, cut, false))
      expect(await two.next('refused')).toMatchObject({ request: 'keyring-append', code: 'cut-behind' })
    }
    const ofAnother = { ...cutEntry(contacts, second), device: account.first.id }
    two.send(account.leave(second, [cutEntry(contacts, second), ofAnother], false))
    expect(await two.next('refused')).toMatchObject({ code: 'keyring-refused' })
    const leave = account.leave(second, [cutEntry(contacts, second)], false)
    two.send({ type: 'keyring-append', record: leave.record, isRestored: false })
    expect(await two.next('refused')).toMatchObject({ code: 'keyring-refused' })
    two.send(account.leave(second, [cutEntry(contacts, second)]))
    expect(await two.next('keyring-changed')).toMatchObject({ length: 3, head: account.keyring.head })
    expect(await two.next('refused')).toMatchObject({ code: 'device-removed' })
    expect(await two.closed()).toBe(4403)
    expect(await one.next('keyring-changed')).toMatchObject({ length: 3 })
    expect(account.keyring.owesRekey).toBe(true)
    one.send(account.rekey())
    await one.next('keyring-changed')
    expect(await connect().logIn(second)).toMatchObject({ keyringLength: 3 })
  })
})

describe('a removal that is restored', () => {
  it('is stored whatever the relay holds beyond its cut', async () => {
    const { account, one, two, second } = await startWithTwoDevices()
    two.send(second.push(contacts))
    await two.next('pushed')
    const removal = account.remove(second, [], false)
    one.send(removal)
    expect(await one.next('refused')).toMatchObject({ code: 'cut-behind' })
    one.send({ ...removal, isRestored: true })
    expect(await one.next('keyring-changed')).toMatchObject({ length: 3 })
    expect(await two.closed()).toBe(4403)
  })
})
