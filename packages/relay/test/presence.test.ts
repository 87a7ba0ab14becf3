import { type DocumentId, MAX_PRESENCE_BYTES } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { documentNamed, random, TestAccount } from './help/account'
import type { TestClient } from './help/client'
import { startWithTwoDevices, type TestRelayOptions } from './help/relay'

const note = documentNamed('attached:note')
const other = documentNamed('attached:other')
const generation = random(16) as never

async function start(options: TestRelayOptions = {}) {
  const world = await startWithTwoDevices(options)
  const { account } = world
  const follow = async (client: TestClient, document: DocumentId): Promise<void> => {
    client.send({ type: 'subscribe', generation, cursors: [{ document, number: 0, hash: account.emptyLog(document) }] })
    await client.next('page')
  }
  return { ...world, first: account.first, follow }
}

describe('presence', () => {
  it('goes to the other devices that follow the document, as it came, and to nobody else', async () => {
    const { one, two, first, follow, settle } = await start()
    await follow(two, note)
    await follow(one, note)
    const shown = first.presence(note)
    one.send(shown, first.presence(other))
    expect(await two.next('presence')).toEqual({ type: 'presence', document: note, envelope: shown.envelope })
    await settle()
    expect(two.unread).toEqual([])
    expect(one.unread).toEqual([])
  })

  it('of another account does not arrive, whatever the document is called', async () => {
    const { two, follow, connect, settle } = await start()
    await follow(two, note)
    const stranger = new TestAccount()
    const client = connect()
    await client.open(stranger)
    client.send(stranger.first.presence(note))
    await settle()
    expect(two.unread).toEqual([])
    expect(client.unread).toEqual([])
  })

  it('is stored nowhere: who comes later is not told, and the store is as it was', async () => {
    const { one, two, first, follow, settle, store } = await start()
    const before = await store.inspect(100)
    one.send(first.presence(note))
    await settle()
    await follow(two, note)
    await settle()
    expect(two.unread).toEqual([])
    expect(await store.inspect(100)).toEqual(before)
  })

  it('of another device is refused, as is one under an old key, after which the connection goes on', async () => {
    const { one, two, account, first, second } = await start()
    two.send(second.presence(note, first.id))
    expect(await two.next('refused')).toMatchObject({ request: 'presence-put', document: note, code: 'bad-signature' })
    const old = first.presence(note)
    one.send(account.rekey())
    await one.next('keyring-changed')
    one.send(old)
    expect(await one.next('refused')).toMatchObject({ request: 'presence-put', document: note, code: 'stale-epoch' })
    one.send(first.presence(note), { type: 'ping', id: 1 })
    await one.next('pong')
  })

  it('that is too large, or an envelope of another kind, is refused', async () => {
    const { one, two, first, second } = await start()
    one.send({ ...first.presence(note), envelope: second.seen(note).envelope })
    expect(await one.next('refused')).toMatchObject({ request: 'presence-put', code: 'malformed-frame' })
    // The type, the document, a length of 16,385, and so many bytes.
    two.link.send(new Uint8Array([22, ...note, 0x81, 0x80, 0x01, ...random(MAX_PRESENCE_BYTES + 1)]))
    expect(await two.next('refused')).toMatchObject({ code: 'frame-too-large' })
  })

  it('has its own pace for each connection, and what is refused for it may be sent after the time that is said', async () => {
    const { one, two, first, second, follow, pass } = await start({
      limits: { presencePerSecond: 10, presenceBurst: 3 },
    })
    await follow(two, note)
    for (let i = 0; i < 4; i++) one.send(first.presence(note))
    expect(await one.next('refused')).toMatchObject({
      ...{ request: 'presence-put', document: note, code: 'too-many-requests', retryable: true, retryAfterMs: 100 },
    })
    for (let i = 0; i < 3; i++) await two.next('presence')
    expect(two.unread).toEqual([])
    // The other device has its own.
    two.send(second.presence(note))
    await pass(100)
    expect(two.unread).toEqual([])
    one.send(first.presence(note))
    await two.next('presence')
    expect(one.unread).toEqual([])
    // Entries are not held up by it.
    one.send(first.push(note))
    await one.next('pushed')
  })

  it('waits for a device whose line is full, and then only the newest of each device and document is sent', async () => {
    const { one, two, first, follow, pass, settle } = await start()
    await follow(two, note)
    await follow(two, other)
    two.bufferedBytes = 100_000
    const newest = first.presence(note)
    const elsewhere = first.presence(other)
    for (let i = 0; i < 20; i++) one.send(first.presence(note))
    one.send(elsewhere, newest)
    await settle()
    expect(two.unread).toEqual([])
    await pass(1_000)
    expect(two.unread).toEqual([])
    two.bufferedBytes = 0
    await pass(250)
    expect(two.unread.map((frame) => 'envelope' in frame && frame.envelope)).toEqual([
      elsewhere.envelope,
      newest.envelope,
    ])
  })

  it('ends with the connection, and that is told to who follows the documents in which it was shown', async () => {
    const { one, two, first, follow, settle } = await start()
    await follow(two, note)
    await follow(two, other)
    one.send(first.presence(note))
    await two.next('presence')
    one.link.close()
    expect(await two.next('presence-gone')).toEqual({ type: 'presence-gone', document: note, device: first.id })
    await settle()
    expect(two.unread).toEqual([])
  })

  it('of a device that is held off is refused', async () => {
    const { one, two, account, second, follow, connect, settle } = await start()
    await follow(one, note)
    one.send(account.suspend([second]))
    await one.next('suspended')
    await two.closed()
    const again = connect()
    await again.logIn(second)
    again.send(second.presence(note))
    expect(await again.next('refused')).toMatchObject({
      request: 'presence-put',
      document: note,
      code: 'device-suspended',
    })
    await settle()
    expect(one.unread).toEqual([])
  })
})
