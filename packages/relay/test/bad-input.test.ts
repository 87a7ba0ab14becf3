// Everything that may come over a real WebSocket and must not: refused by its code, the connection closed where the code says
// so, the log as it was, and the relay alive for the next device.
import { mkdtempSync, rmSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  closeCodeOf,
  encodeFrame,
  type Hash,
  MAX_FRAME_BYTES,
  type ProtocolCode,
  Writer,
} from '@owlivion/sync-protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RelayServer, startRelayServer } from '../src/server'
import { documentNamed, random, TestAccount, TestDevice } from './help/account'
import { connectSocket, type SocketClient } from './help/client'

const contacts = documentNamed('contacts')
const drafts = documentNamed('drafts')

let folder: string
let server: RelayServer
let account: TestAccount
let second: TestDevice
let watcher: SocketClient
let log: readonly Uint8Array[]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'owlivion-relay-'))
  server = await startRelayServer({ data: folder, port: 0 })
  account = new TestAccount()
  second = new TestDevice(account)
  watcher = await connectSocket(server.url)
  await watcher.open(account)
  watcher.send(account.add(second), account.first.push(contacts, { count: 3 }), account.first.push(contacts))
  await watcher.next('keyring-changed')
  await watcher.next('pushed')
  await watcher.next('pushed')
  log = await readLog()
})

afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

async function readLog(): Promise<readonly Uint8Array[]> {
  const cursor = { document: contacts, number: 0, hash: account.emptyLog(contacts) }
  watcher.send({ type: 'subscribe', generation: random(16), cursors: [cursor] })
  return (await watcher.next('page')).entries
}

async function expectUnchanged(): Promise<void> {
  expect(await readLog()).toEqual(log)
  expect((await server.relay.inspect(0)).totalEntries).toBe(log.length)
  expect(server.relay.ready()).toEqual({ ok: true, reasons: [] })
}

async function expectRefused(client: SocketClient, code: ProtocolCode): Promise<void> {
  const refusal = await client.next('refused')
  expect(refusal).toMatchObject({ code })
  expect(refusal.message.length).toBeGreaterThan(10)
  const closeCode = closeCodeOf(code)
  if (closeCode !== undefined) expect(await client.closed()).toBe(closeCode)
  client.link.close()
}

describe('before a login', () => {
  const cases: Record<string, [ProtocolCode, (client: SocketClient) => void]> = {
    'no bytes at all': ['malformed-frame', ({ socket }) => socket.send(new Uint8Array(0))],
    'a frame of an unknown type': ['malformed-frame', ({ socket }) => socket.send(new Uint8Array([200, 1, 2, 3]))],
    'a frame that is cut off': [
      'malformed-frame',
      ({ socket }) => socket.send(encodeFrame({ type: 'ping', id: 70_000 }).subarray(0, 2)),
    ],
    'a frame with bytes after its end': [
      'malformed-frame',
      ({ socket }) => socket.send(new Uint8Array([...encodeFrame({ type: 'ping', id: 1 }), 0])),
    ],
    'a text message': ['malformed-frame', ({ socket }) => socket.send('hello')],
    'a message just over the limit': [
      'frame-too-large',
      ({ socket }) => socket.send(new Uint8Array(MAX_FRAME_BYTES + 1)),
    ],
    'a message far over the limit': [
      'frame-too-large',
      ({ socket }) => socket.send(new Uint8Array(16 * MAX_FRAME_BYTES)),
    ],
    'a field that claims more than its limit': [
      'frame-too-large',
      ({ socket }) =>
        socket.send(
          new Writer()
            .byte(4)
            .varUint(2 ** 40)
            .finish(),
        ),
    ],
    'another protocol version': [
      'unsupported-version',
      (client) => client.send({ type: 'hello', version: 99, account: account.id, device: account.first.id }),
    ],
    'a push': ['not-authenticated', (client) => client.send(second.push(drafts))],
  }
  for (const [name, [code, send]] of Object.entries(cases)) {
    it(`${name} is refused as ${code}`, async () => {
      const client = await connectSocket(server.url)
      send(client)
      await expectRefused(client, code)
      await expectUnchanged()
    })
  }

  it('a device that the account does not have is refused as device-unknown', async () => {
    const client = await connectSocket(server.url)
    await client.logInAsStranger(new TestDevice(account))
    expect(await client.closed()).toBe(4401)
    await expectUnchanged()
  })

  it('a login answered with the signature of an earlier one is refused as bad-challenge', async () => {
    const [client, again] = [await connectSocket(server.url), await connectSocket(server.url)]
    const hello = { type: 'hello', version: 1, account: account.id, device: second.id } as const
    client.send(hello)
    const auth = second.auth(client.host, (await client.next('challenge')).nonce)
    client.send(auth)
    await client.next('welcome')
    again.send(hello)
    await again.next('challenge')
    again.send(auth)
    await expectRefused(again, 'bad-challenge')
    client.link.close()
    await expectUnchanged()
  })
})

describe('after a login', () => {
  async function logIn(): Promise<SocketClient> {
    const client = await connectSocket(server.url)
    await client.logIn(second)
    return client
  }

  const cases: Record<string, [ProtocolCode, (client: SocketClient) => void]> = {
    'a message over the limit': ['frame-too-large', ({ socket }) => socket.send(new Uint8Array(MAX_FRAME_BYTES + 1))],
    'a frame that is not one': ['malformed-frame', ({ socket }) => socket.send(random(300).fill(250, 0, 1))],
    'an envelope of an unknown version': [
      'unsupported-version',
      (client) => client.send(second.push(drafts, { version: 77 })),
    ],
    'an envelope that is too large': [
      'entry-too-large',
      ({ socket }) => {
        const writer = new Writer().byte(7).fixed(drafts, 16).varUint(1).bytes(random(262_145), 300_000)
        socket.send(writer.fixed(random(32), 32).fixed(random(64), 64).finish())
      },
    ],
    'a push without entries': [
      'malformed-frame',
      ({ socket }) =>
        socket.send(
          new Writer().byte(7).fixed(drafts, 16).varUint(0).fixed(random(32), 32).fixed(random(64), 64).finish(),
        ),
    ],
    'a push for another account': [
      'bad-signature',
      (client) => {
        const other = new TestAccount()
        other.genesis()
        const imposter = Object.assign(new TestDevice(other), { keys: second.keys, id: second.id })
        client.send(imposter.push(drafts))
      },
    ],
    'the genesis of another account': ['wrong-account', (client) => client.send(new TestAccount().genesis())],
    'a push signed by an unknown device': [
      'bad-signature',
      (client) => client.send(new TestDevice(account).push(drafts)),
    ],
    'a push under a key that nobody has': [
      'unknown-epoch',
      (client) => client.send(second.push(drafts, { epoch: 55 })),
    ],
    'a cursor from nowhere': [
      'cursor-ahead',
      (client) =>
        client.send({
          type: 'subscribe',
          generation: random(16),
          cursors: [{ document: contacts, number: 1_000, hash: random<Hash>(32) }],
        }),
    ],
    'a snapshot': [
      'snapshot-refused',
      (client) =>
        client.send({
          type: 'snapshot-put',
          document: contacts,
          part: { hash: random<Hash>(32), index: 0, count: 1, bytes: random(100) },
        }),
    ],
    'a second hello': [
      'malformed-frame',
      (client) => client.send({ type: 'hello', version: 1, account: account.id, device: second.id }),
    ],
    'a frame that only a relay sends': [
      'malformed-frame',
      (client) => client.send({ type: 'keyring-changed', length: 9, head: random<Hash>(32) }),
    ],
  }
  for (const [name, [code, send]] of Object.entries(cases)) {
    it(`${name} is refused as ${code}`, async () => {
      const client = await logIn()
      send(client)
      await expectRefused(client, code)
      second.startIncarnation()
      await expectUnchanged()
    })
  }

  it('a push that is played again, by its author or by another, changes nothing', async () => {
    const [replayed] = log.slice(3)
    const again = { ...account.first.push(drafts), document: contacts, entries: [replayed as Uint8Array] }
    const client = await logIn()
    client.send(again)
    await expectRefused(client, 'bad-signature')
    account.first.startIncarnation()
    await expectUnchanged()
  })

  it('random bytes, and frames with a few bits turned, never harm the relay', async () => {
    const valid = [
      encodeFrame(second.push(drafts)),
      encodeFrame(account.rekey()),
      encodeFrame({ type: 'subscribe', generation: random(16), cursors: [] }),
      encodeFrame(second.seen(contacts)),
    ]
    for (let round = 0; round < 60; round++) {
      const bytes = Uint8Array.from(valid[round % valid.length] as Uint8Array)
      // Each in another byte: the same bit turned twice is the frame as it was.
      const turned = new Set<number>()
      while (turned.size <= round % 3) turned.add(random(2).reduce((sum, byte) => sum * 256 + byte, 0) % bytes.length)
      for (const at of turned) bytes[at] = (bytes[at] as number) ^ (1 << (round % 8))
      const client = await logIn()
      client.socket.send(bytes)
      client.send({ type: 'ping', id: round })
      await Promise.race([client.find('pong'), client.closed()]).catch(() => {})
      client.link.close()
    }
    second.startIncarnation()
    await expectUnchanged()
  })
})

it('what is no WebSocket at all is answered by HTTP or cut off', async () => {
  const { hostname, port } = new URL(server.url)
  for (const text of [
    '\0\x01\x02\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  ]) {
    await new Promise<void>((resolve) => {
      const socket = connectTcp(Number(port), hostname, () => socket.write(text))
      socket.on('data', () => socket.end())
      socket.on('error', () => resolve())
      socket.on('close', () => resolve())
    })
  }
  await expectUnchanged()
})
