import { MAILBOX_MS, MAX_MAILBOX_MESSAGES, type MailboxId, type MailboxSide } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { random, TestAccount } from './help/account'
import type { TestClient } from './help/client'
import { startTestRelay, type TestRelay, type TestRelayOptions } from './help/relay'

const bytes = (...values: number[]) => Uint8Array.from(values)

function openAt(relay: TestRelay, mailbox: MailboxId, side: MailboxSide): TestClient {
  const client = relay.connect()
  client.send({ type: 'mailbox-open', mailbox, side })
  return client
}

function start(options: TestRelayOptions = {}) {
  const relay = startTestRelay(options)
  const mailbox = random<MailboxId>(16)
  return { relay, mailbox, open: (side: MailboxSide) => openAt(relay, mailbox, side) }
}

describe('a mailbox', () => {
  it('brings two connections together that have not logged in, and keeps for the second what the first has left', async () => {
    const { open } = start()
    const newcomer = open('newcomer')
    newcomer.send({ type: 'mailbox-put', bytes: bytes(1) }, { type: 'mailbox-put', bytes: bytes(2) })
    const member = open('member')
    await member.next('mailbox-met')
    await newcomer.next('mailbox-met')
    expect((await member.next('mailbox-message')).bytes).toEqual(bytes(1))
    expect((await member.next('mailbox-message')).bytes).toEqual(bytes(2))
    member.send({ type: 'mailbox-put', bytes: bytes(3) })
    expect((await newcomer.next('mailbox-message')).bytes).toEqual(bytes(3))
    newcomer.send({ type: 'mailbox-put', bytes: bytes(4) })
    expect((await member.next('mailbox-message')).bytes).toEqual(bytes(4))
  })

  it('gives a side once: a second taker is turned away, and those who stand there hear of it', async () => {
    const { open } = start()
    const [newcomer, member] = [open('newcomer'), open('member')]
    await newcomer.next('mailbox-met')
    await member.next('mailbox-met')
    const second = open('member')
    for (const client of [second, newcomer, member]) {
      expect(await client.next('refused')).toMatchObject({ code: 'mailbox-taken' })
      expect(await client.closed()).toBeGreaterThan(0)
    }
  })

  it('does not give a side again after its connection has ended', async () => {
    const { open, relay } = start()
    const newcomer = open('newcomer')
    newcomer.link.close()
    await relay.settle()
    expect(await open('newcomer').next('refused')).toMatchObject({ code: 'mailbox-taken' })
    expect(await open('member').next('refused')).toMatchObject({ code: 'mailbox-expired' })
  })

  it('ends for one side when the other one goes', async () => {
    const { open } = start()
    const [newcomer, member] = [open('newcomer'), open('member')]
    await newcomer.next('mailbox-met')
    member.link.close()
    expect(await newcomer.next('refused')).toMatchObject({ code: 'mailbox-expired' })
    expect(await newcomer.closed()).toBe(4421)
  })

  it('ends for both when its time is up, however late the second came', async () => {
    const { open, relay } = start()
    const newcomer = open('newcomer')
    await relay.pass(MAILBOX_MS - 1_000)
    const member = open('member')
    await member.next('mailbox-met')
    await newcomer.next('mailbox-met')
    await relay.pass(1_000)
    expect(await newcomer.next('refused')).toMatchObject({ code: 'mailbox-expired' })
    expect(await member.next('refused')).toMatchObject({ code: 'mailbox-expired' })
  })

  it('is forgotten when its time is up', async () => {
    const { open, relay } = start()
    open('newcomer').link.close()
    await relay.pass(MAILBOX_MS + 1)
    open('newcomer')
    const member = open('member')
    await member.next('mailbox-met')
  })

  it('takes a bounded number of messages from each side', async () => {
    const { open } = start()
    const [newcomer, member] = [open('newcomer'), open('member')]
    await newcomer.next('mailbox-met')
    await member.next('mailbox-met')
    for (let i = 0; i <= MAX_MAILBOX_MESSAGES; i++) newcomer.send({ type: 'mailbox-put', bytes: bytes(i) })
    for (let i = 0; i < MAX_MAILBOX_MESSAGES; i++) await member.next('mailbox-message')
    expect(await newcomer.next('refused')).toMatchObject({ request: 'mailbox-put', code: 'too-many-requests' })
    await newcomer.closed()
    expect(await member.next('refused')).toMatchObject({ code: 'mailbox-expired' })
  })

  it('answers a ping, and refuses everything else that a member may do', async () => {
    const { open } = start()
    const newcomer = open('newcomer')
    newcomer.send({ type: 'ping', id: 5 })
    expect(await newcomer.next('pong')).toMatchObject({ id: 5 })
    newcomer.send({ type: 'keyring-fetch', from: 0 })
    expect(await newcomer.next('refused')).toMatchObject({ request: 'keyring-fetch', code: 'not-authenticated' })
    await newcomer.closed()
  })

  it('is no door to a mailbox for who began otherwise, and none to a login for who began here', async () => {
    const { open, relay, mailbox } = start()
    const account = new TestAccount()
    const client = relay.connect()
    await client.open(account)
    client.send({ type: 'mailbox-open', mailbox, side: 'member' })
    expect(await client.next('refused')).toMatchObject({ request: 'mailbox-open' })
    const newcomer = open('newcomer')
    newcomer.send({ type: 'hello', version: 1, account: account.id, device: account.first.id })
    expect(await newcomer.next('refused')).toMatchObject({ request: 'hello', code: 'not-authenticated' })
  })

  it('is one of a bounded number, in all and from one address', async () => {
    const many = startTestRelay({ limits: { maxMailboxes: 2 } })
    for (let i = 0; i < 2; i++) openAt(many, random<MailboxId>(16), 'newcomer')
    expect(await openAt(many, random<MailboxId>(16), 'newcomer').next('refused')).toMatchObject({
      code: 'too-many-requests',
      retryAfterMs: MAILBOX_MS,
    })
    await many.pass(MAILBOX_MS)
    const later = openAt(many, random<MailboxId>(16), 'newcomer')
    await many.settle()
    expect(later.unread).toEqual([])

    const { relay } = start({ limits: { maxMailboxesPerAddress: 1 } })
    const first = openAt(relay, random<MailboxId>(16), 'newcomer')
    expect(await openAt(relay, random<MailboxId>(16), 'newcomer').next('refused')).toMatchObject({
      code: 'too-many-requests',
    })
    expect(first.unread).toEqual([])
  })

  it('ends when the relay stops', async () => {
    const { open, relay } = start()
    const newcomer = open('newcomer')
    await relay.settle()
    await relay.relay.drain()
    expect(await newcomer.next('refused')).toMatchObject({ code: 'draining' })
  })
})
