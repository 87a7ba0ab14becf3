import { type Frame, PROTOCOL_VERSION, ZERO_HASH } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { documentNamed, KeyPair, random, TestAccount, TestDevice } from './help/account'
import { startTestRelay } from './help/relay'

describe('logging in', () => {
  it('a device opens an account that the relay does not know, and is its first member', async () => {
    const { connect, data } = startTestRelay()
    const account = new TestAccount()
    const client = connect()
    const welcome = await client.logIn(account.first)
    expect(welcome).toMatchObject({ keyringLength: 0, keyringHead: ZERO_HASH, generation: data.generation })
    client.send(account.genesis())
    expect(await client.next('keyring-changed')).toMatchObject({ length: 1, head: account.keyring.head })
    client.send(account.first.push(documentNamed('contacts')))
    expect(await client.next('pushed')).toMatchObject({ numbers: [1] })
  })

  it('until the account exists, a device may do nothing but open it', async () => {
    const { connect } = startTestRelay()
    const account = new TestAccount()
    const client = connect()
    await client.logIn(account.first)
    const requests: Frame[] = [
      { type: 'keyring-fetch', from: 0 },
      { type: 'heads-fetch', devices: [] },
      { type: 'subscribe', generation: random(16), cursors: [] },
    ]
    for (const request of requests) {
      client.send(request)
      expect(await client.next('refused')).toMatchObject({ request: request.type, code: 'account-unknown' })
    }
    client.send({ type: 'ping', id: 7 })
    expect(await client.next('pong')).toMatchObject({ id: 7 })
  })

  it('an account is opened only by its own genesis, sent by the device that it names', async () => {
    const { connect } = startTestRelay()
    const [account, other] = [new TestAccount(), new TestAccount()]
    const client = connect()
    await client.logIn(account.first)
    client.send(account.genesis(new TestDevice(account)))
    expect(await client.next('refused')).toMatchObject({ request: 'keyring-append', code: 'keyring-refused' })
    client.send(other.genesis())
    expect(await client.next('refused')).toMatchObject({ code: 'wrong-account' })
    expect(await client.closed()).toBe(4404)
  })

  it('a member logs in and learns the head of the keyring', async () => {
    const { connect } = startTestRelay()
    const account = new TestAccount()
    await connect().open(account)
    expect(await connect().logIn(account.first)).toMatchObject({ keyringLength: 1, keyringHead: account.keyring.head })
  })

  it('a device that is not in the keyring is refused as unknown, one that was removed gets its end of the keyring', async () => {
    const { connect } = startTestRelay()
    const account = new TestAccount()
    const second = new TestDevice(account)
    const client = connect()
    await client.open(account)
    const stranger = connect()
    await stranger.logInAsStranger(second)
    expect(await stranger.closed()).toBe(4401)
    client.send(account.add(second), account.remove(second, []))
    await client.next('keyring-changed')
    await client.next('keyring-changed')
    const { length: keyringLength, head: keyringHead } = account.keyring
    client.send(account.rekey())
    await client.next('keyring-changed')
    const removed = connect()
    expect(await removed.logIn(second)).toMatchObject({ keyringLength, keyringHead })
    removed.send({ type: 'ping', id: 1 })
    expect(await removed.next('refused')).toMatchObject({ request: 'ping', code: 'device-removed' })
    expect(await removed.closed()).toBe(4403)
  })

  it('a device id with the key of another device is refused', async () => {
    const { connect } = startTestRelay()
    const account = new TestAccount()
    await connect().open(account)
    const client = connect()
    client.send({ type: 'hello', version: PROTOCOL_VERSION, account: account.id, device: account.first.id })
    const { nonce } = await client.next('challenge')
    client.send(new TestDevice(account).auth(client.host, nonce))
    expect(await client.next('refused')).toMatchObject({ request: 'auth', code: 'device-unknown' })
  })

  it('a login signed for another relay, account or nonce does not verify', async () => {
    const { connect } = startTestRelay()
    const account = new TestAccount()
    await connect().open(account)
    for (const lie of ['host', 'account', 'nonce']) {
      const client = connect()
      client.send({ type: 'hello', version: PROTOCOL_VERSION, account: account.id, device: account.first.id })
      const { nonce } = await client.next('challenge')
      const host = lie === 'host' ? 'other.example' : client.host
      const id = lie === 'account' ? new TestAccount().id : account.id
      client.send(account.first.auth(host, lie === 'nonce' ? random(32) : nonce, id))
      expect(await client.next('refused')).toMatchObject({ code: 'bad-challenge', retryable: true })
      expect(await client.closed()).toBe(4501)
    }
  })

  it('a relay that knows its own addresses takes logins for no other', async () => {
    const { connect } = startTestRelay({ hosts: ['sync.example', 'sync.example:8443'] })
    await connect('sync.example:8443').open(new TestAccount())
    await expect(connect('evil.example').logIn(new TestAccount().first)).rejects.toThrow('bad-challenge')
  })

  it('every connection gets another nonce', async () => {
    const { connect } = startTestRelay()
    const account = new TestAccount()
    const nonces = new Set<string>()
    for (let i = 0; i < 5; i++) {
      const client = connect()
      client.send({ type: 'hello', version: PROTOCOL_VERSION, account: account.id, device: account.first.id })
      nonces.add((await client.next('challenge')).nonce.join())
    }
    expect(nonces.size).toBe(5)
  })

  it('another protocol version is refused by name', async () => {
    const client = startTestRelay().connect()
    const account = new TestAccount()
    client.send({ type: 'hello', version: 2, account: account.id, device: account.first.id })
    expect(await client.next('refused')).toMatchObject({ code: 'unsupported-version' })
    expect(await client.closed()).toBe(4426)
  })

  it('a request before the login ends the connection', async () => {
    for (const early of [
      { type: 'heads-fetch', devices: [] },
      { type: 'ping', id: 1 },
    ] satisfies Frame[]) {
      const client = startTestRelay().connect()
      client.send(early)
      expect(await client.next('refused')).toMatchObject({ request: early.type, code: 'not-authenticated' })
      expect(await client.closed()).toBe(4400)
    }
  })

  it('before the login a connection may not fill the memory of the relay', async () => {
    let held: (() => void) | undefined
    const { connect } = startTestRelay({ reads: () => new Promise<void>((resolve) => (held = resolve)) })
    const account = new TestAccount()
    const client = connect()
    client.send({ type: 'hello', version: PROTOCOL_VERSION, account: account.id, device: account.first.id })
    const { nonce } = await client.next('challenge')
    client.send(account.first.auth(client.host, nonce))
    const ahead: Frame = { type: 'keyring-append', record: random(16_000), isRestored: false }
    client.send(ahead, ahead, ahead, ahead, ahead)
    expect(await client.next('refused')).toMatchObject({ code: 'too-many-requests' })
    held?.()
  })

  it('a second connection of a device replaces the first', async () => {
    const { connect } = startTestRelay()
    const account = new TestAccount()
    const first = connect()
    await first.open(account)
    const second = connect()
    await second.logIn(account.first)
    expect(await first.next('refused')).toMatchObject({ request: '', code: 'replaced-connection' })
    expect(await first.closed()).toBe(4509)
    second.send({ type: 'ping', id: 1 })
    await second.next('pong')
  })

  it('a connection that never logs in, and one that falls silent, are ended', async () => {
    const { connect, pass } = startTestRelay({ limits: { handshakeTimeoutMs: 1_000, idleTimeoutMs: 10_000 } })
    const [mute, silent, alive] = [connect(), connect(), connect()]
    await silent.open(new TestAccount())
    await alive.open(new TestAccount())
    await pass(1_000)
    expect(await mute.next('refused')).toMatchObject({ code: 'timeout' })
    expect(await mute.closed()).toBe(4508)
    for (let i = 0; i < 6; i++) {
      await pass(3_000)
      alive.send({ type: 'ping', id: i })
      await alive.next('pong')
    }
    expect(await silent.next('refused')).toMatchObject({ code: 'timeout' })
    expect(alive.closeCode).toBeUndefined()
  })
})

describe('logging in with the recovery key', () => {
  it('opens the account by the current key, reads and extends the keyring, and nothing else', async () => {
    const { connect } = startTestRelay()
    const account = new TestAccount()
    await connect().open(account)
    const client = connect()
    await client.logInForRecovery(account.recovery)
    expect(await client.next('welcome')).toMatchObject({ account: account.id, keyringLength: 1 })
    client.send({ type: 'keyring-fetch', from: 0 })
    expect((await client.next('keyring')).records).toHaveLength(1)
    client.send({ type: 'heads-fetch', devices: [] })
    expect(await client.next('heads')).toEqual({ type: 'heads', heads: [] })
    client.send(account.first.push(documentNamed('contacts')))
    expect(await client.next('refused')).toMatchObject({ request: 'push', code: 'not-authenticated' })
  })

  it('a key that no account has is refused, and the connection ends', async () => {
    const client = startTestRelay().connect()
    await client.logInForRecovery(new KeyPair())
    expect(await client.next('refused')).toMatchObject({ request: 'auth', code: 'account-unknown' })
    expect(await client.closed()).toBe(1000)
  })

  it('a re-issued key opens the account at once, and the old one no longer does', async () => {
    const { connect } = startTestRelay()
    const account = new TestAccount()
    await connect().open(account)
    const old = account.recovery
    const [author, bystander] = [connect(), connect()]
    for (const client of [author, bystander]) {
      await client.logInForRecovery(old)
      await client.next('welcome')
    }
    author.send(account.recover(new TestDevice(account), [], [], new KeyPair()))
    expect(await author.next('keyring-changed')).toMatchObject({ length: 2 })
    expect(await bystander.closed()).toBe(1000)
    const [withOld, withNew] = [connect(), connect()]
    await withOld.logInForRecovery(old)
    expect(await withOld.next('refused')).toMatchObject({ code: 'account-unknown' })
    await withNew.logInForRecovery(account.recovery)
    expect(await withNew.next('welcome')).toMatchObject({ account: account.id, keyringLength: 2 })
  })
})
