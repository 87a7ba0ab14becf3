import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Frame, Refusal } from '@owlivion/sync-protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { documentNamed, random, TestAccount, TestDevice } from './help/account'
import { connectSocket, type SocketClient } from './help/client'
import { killRelayProcesses, runRelay, startRelayProcess } from './help/process'

const documents = ['contacts', 'drafts', 'filters'].map(documentNamed)
const contacts = documents[0] as (typeof documents)[number]

let folder: string
const mounts: string[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'owlivion-relay-'))
})
afterEach(() => {
  killRelayProcesses()
  for (const mount of mounts.splice(0)) spawnSync('umount', ['-l', mount])
  rmSync(folder, { recursive: true, force: true })
})

const run = (...command: string[]) => spawnSync(command[0] as string, command.slice(1)).status === 0

async function readyOf(url: string): Promise<{ ready: boolean; reasons: string[] }> {
  // A connection of its own each time: one that is kept alive may end just when it is used again.
  return (await fetch(`${url}/ready`, { headers: { connection: 'close' } })).json() as Promise<{
    ready: boolean
    reasons: string[]
  }>
}

async function untilReady(url: string): Promise<void> {
  while (!(await readyOf(url)).ready) await sleep(50)
}

/** Everything a document holds, page by page. */
async function readAll(client: SocketClient, account: TestAccount, document: (typeof documents)[number]) {
  const entries: Uint8Array[] = []
  let hash = account.emptyLog(document)
  for (;;) {
    client.send({ type: 'subscribe', generation: random(16), cursors: [{ document, number: entries.length, hash }] })
    const page = await client.find('page')
    entries.push(...page.entries)
    hash = page.logHash
    if (entries.length >= page.newest) return entries
  }
}

/** Compared as buffers: element by element, megabytes take seconds. */
function expectSame(actual: readonly Uint8Array[], expected: readonly Uint8Array[]): void {
  expect(actual.length).toBe(expected.length)
  expect(Buffer.concat(actual).equals(Buffer.concat(expected))).toBe(true)
}

describe('a relay that is killed', () => {
  it('has everything that it acknowledged, in every chain, and goes on from there, ten times over', async () => {
    const account = new TestAccount()
    const devices = [account.first, new TestDevice(account), new TestDevice(account)]
    const acknowledged = documents.map(() => [] as { readonly number: number; readonly entry: Uint8Array }[])
    /** Sent and not answered: may or may not be there, and is sent again as it is. */
    const outboxes = devices.map(() => [] as Extract<Frame, { type: 'push' }>[])

    for (let life = 0; life < 10; life++) {
      const relay = await startRelayProcess(folder)
      const clients = await Promise.all(devices.map(() => connectSocket(relay.url)))
      if (life === 0) {
        await clients[0]?.open(account)
        for (const device of devices.slice(1)) clients[0]?.send(account.add(device))
        for (const _ of devices.slice(1)) await clients[0]?.next('keyring-changed')
      } else await clients[0]?.logIn(account.first)
      for (const [index, device] of devices.entries()) if (index > 0) await clients[index]?.logIn(device)

      for (const [index, kept] of acknowledged.entries()) {
        const stored = await readAll(clients[0] as SocketClient, account, documents[index] as never)
        for (const { number, entry } of kept) expect(Buffer.compare(stored[number - 1] as Uint8Array, entry)).toBe(0)
      }

      let isDead = false
      const writers = devices.map(async (device, index) => {
        const client = clients[index] as SocketClient
        const outbox = outboxes[index] as (typeof outboxes)[number]
        client.send(...outbox)
        while (!isDead) {
          if (outbox.length < 4) {
            const push = device.push(documents[(outbox.length + index) % 3] as never, { count: 1 + (index % 3) })
            outbox.push(push)
            client.send(push)
            continue
          }
          const pushed = await client.find('pushed').catch(() => undefined)
          if (pushed === undefined) return
          const push = outbox.shift() as (typeof outbox)[number]
          expect(Buffer.compare(push.document, pushed.document)).toBe(0)
          const kept = acknowledged[documents.findIndex((id) => Buffer.compare(id, push.document) === 0)]
          for (const [at, entry] of push.entries.entries()) kept?.push({ number: pushed.numbers[at] as number, entry })
        }
      })
      await sleep(30 + (random(1)[0] as number))
      expect(await relay.kill('SIGKILL')).toBe('SIGKILL')
      isDead = true
      await Promise.all(writers)
    }

    const relay = await startRelayProcess(folder)
    const client = await connectSocket(relay.url)
    await client.logIn(account.first)
    for (const [index, kept] of acknowledged.entries()) {
      const stored = await readAll(client, account, documents[index] as never)
      for (const { number, entry } of kept) expect(Buffer.compare(stored[number - 1] as Uint8Array, entry)).toBe(0)
      expect(new Set(stored.map((entry) => Buffer.from(entry).toString('hex'))).size).toBe(stored.length)
    }
    expect(acknowledged.flat().length).toBeGreaterThan(100)
    expect(await relay.kill('SIGTERM')).toBe(0)
  })
})

describe('a relay that is asked to end', () => {
  it('answers what it received, says goodbye, and exits with 0', async () => {
    const relay = await startRelayProcess(folder)
    const account = new TestAccount()
    const client = await connectSocket(relay.url)
    await client.open(account)
    const pushes = Array.from({ length: 200 }, () => account.first.push(contacts))
    client.send(...pushes)
    await client.next('pushed')
    const ended = relay.kill('SIGTERM')
    expect(await client.closed()).toBe(4512)
    const answers = client.unread
    expect(answers[answers.length - 1]).toMatchObject({ type: 'refused', code: 'draining' })
    expect(await ended).toBe(0)

    const again = await startRelayProcess(folder)
    const next = await connectSocket(again.url)
    await next.logIn(account.first)
    const stored = await readAll(next, account, contacts)
    const acknowledged = 1 + answers.filter((frame) => frame.type === 'pushed').length
    expect(stored).toEqual(pushes.slice(0, acknowledged).flatMap((push) => push.entries))
    await again.kill('SIGTERM')
  })
})

/** A disk of its own with room for `megabytes`; where none can be mounted, a relay that is told to stop growing there. */
function smallDisk(megabytes: number): { readonly args: string[]; grow(): boolean } {
  const options = (size: number) => `size=${size}m`
  if (!run('mount', '-t', 'tmpfs', '-o', options(megabytes), 'tmpfs', folder))
    return { args: ['--max-database-mb', String(megabytes)], grow: () => false }
  mounts.push(folder)
  return { args: [], grow: () => run('mount', '-o', `remount,${options(megabytes * 8)}`, folder) }
}

describe('a disk that is full', () => {
  it('refuses pushes as retryable, loses nothing acknowledged, says why, and serves again by itself', async () => {
    const disk = smallDisk(2)
    let relay = await startRelayProcess(folder, disk.args)
    await untilReady(relay.url)
    const account = new TestAccount()
    const client = await connectSocket(relay.url)
    await client.open(account)
    const stored: Uint8Array[] = []
    let push = account.first.push(contacts, { sizeBytes: 60_000 })
    let refusal: Refusal | undefined
    while (refusal === undefined) {
      client.send(push)
      const answer = await client.nextOf('pushed', 'refused')
      if (answer.type === 'refused') refusal = answer
      else {
        stored.push(...push.entries)
        push = account.first.push(contacts, { sizeBytes: 60_000 })
      }
    }
    expect(refusal).toMatchObject({ request: 'push', code: 'storage-unavailable', retryable: true })
    expect(refusal.retryAfterMs).toBeGreaterThan(0)
    const { ready, reasons } = await readyOf(relay.url)
    expect([ready, reasons]).toEqual([false, [expect.stringMatching(/full|disk/)]])
    expect(stored.length).toBeGreaterThan(5)
    expectSame(await readAll(client, account, contacts), stored)

    if (!disk.grow()) {
      await relay.kill('SIGKILL')
      relay = await startRelayProcess(folder)
    }
    await untilReady(relay.url)
    const next = await connectSocket(relay.url)
    await next.logIn(account.first)
    next.send(push)
    expect((await next.find('pushed')).numbers).toEqual([stored.length + 1])
    expectSame(await readAll(next, account, contacts), [...stored, ...push.entries])
    await relay.kill('SIGTERM')
  })
})

/** Makes the folder read-only for the relay, by a mount where a mode would not bind us. */
function makeReadOnly(path: string): () => void {
  if (run('mount', '--bind', path, path)) {
    mounts.push(path)
    run('mount', '-o', 'remount,ro,bind', path)
    return () => void run('mount', '-o', 'remount,rw,bind', path)
  }
  chmodSync(path, 0o500)
  return () => chmodSync(path, 0o700)
}

describe('a data folder that is read-only', () => {
  it('does not stop the relay, which says why it is not ready and serves when it can', async () => {
    const account = new TestAccount()
    const before = await startRelayProcess(folder)
    const first = await connectSocket(before.url)
    await first.open(account)
    first.send(account.first.push(contacts))
    await first.next('pushed')
    await before.kill('SIGTERM')

    const makeWritable = makeReadOnly(folder)
    const relay = await startRelayProcess(folder)
    while ((await readyOf(relay.url)).reasons[0]?.includes('starting')) await sleep(20)
    const { ready, reasons } = await readyOf(relay.url)
    expect([ready, reasons]).toEqual([false, [expect.stringMatching(/read-only|may not write|cannot be opened/)]])
    expect((await fetch(`${relay.url}/health`)).status).toBe(200)
    const refused = await connectSocket(relay.url)
    await expect(refused.logIn(account.first)).rejects.toThrow('storage-unavailable')

    makeWritable()
    await untilReady(relay.url)
    const client = await connectSocket(relay.url)
    await client.logIn(account.first)
    expect(await readAll(client, account, contacts)).toHaveLength(1)
    client.send(account.first.push(contacts))
    expect((await client.next('pushed')).numbers).toEqual([2])
    await relay.kill('SIGTERM')
    expect(statfsSync(folder).bsize).toBeGreaterThan(0)
  })
})

describe('the command line', () => {
  it('takes its options from the environment too', async () => {
    mkdirSync(join(folder, 'app'))
    writeFileSync(join(folder, 'app', 'index.html'), 'the app')
    const environment = { OWLIVION_STATIC: join(folder, 'app'), OWLIVION_INSPECT: '1', OWLIVION_HOST: '127.0.0.1' }
    const relay = await startRelayProcess(join(folder, 'data'), [], { environment })
    expect(await (await fetch(relay.url)).text()).toBe('the app')
    expect((await fetch(`${relay.url}/inspect`)).status).toBe(200)
    await relay.kill('SIGTERM')
  })

  it('refuses to start on a folder that another relay holds, or that holds something else, and says what to do', async () => {
    const relay = await startRelayProcess(folder)
    const second = await runRelay(['serve', '--data', folder, '--port', '0'])
    expect(second.code).toBe(1)
    expect(second.output).toContain('Another relay is running')
    await relay.kill('SIGTERM')
    const other = join(folder, 'other')
    mkdirSync(other)
    writeFileSync(join(other, 'relay.db'), 'not a database at all')
    const foreign = await runRelay(['serve', '--data', other, '--port', '0'])
    expect(foreign.code).toBe(1)
    expect(foreign.output).toContain('is not a database')
  })

  it('says which option is missing or wrong', async () => {
    const missing = await runRelay(['serve', '--port', '0'])
    expect([missing.code, missing.output]).toEqual([1, expect.stringContaining('--data')])
    const wrong = await runRelay(['serve', '--data', folder, '--port', '70000'])
    expect([wrong.code, wrong.output]).toEqual([1, expect.stringContaining('0 to 65535')])
  })

  it('logs no key, no id in full and nothing of what is stored', async () => {
    const relay = await startRelayProcess(folder)
    const account = new TestAccount()
    const client = await connectSocket(relay.url)
    await client.open(account)
    const push = account.first.push(contacts)
    client.send(push, { ...account.first.push(contacts), signature: new Uint8Array(64) })
    await client.find('refused')
    await client.closed()
    await relay.kill('SIGTERM')
    const log = relay.log()
    expect(log).toContain('bad-signature')
    const secrets = [
      account.id,
      account.first.id,
      contacts,
      account.first.keys.publicKey,
      push.entries[0] as Uint8Array,
      push.signature,
    ]
    for (const bytes of secrets) {
      expect(log).not.toContain(Buffer.from(bytes).toString('hex').slice(0, 24))
      expect(log).not.toContain(Buffer.from(bytes).toString('base64').slice(0, 24))
    }
  })
})
