import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytesToHex } from '@owlivion/sync-protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type RelayServer, startRelayServer } from '../src/server'
import { INSPECTED_START_BYTES } from '../src/store/rules'
import { documentNamed, TestAccount } from './help/account'
import { connectSocket } from './help/client'

let folder: string
let server: RelayServer

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'owlivion-relay-'))
  const app = join(folder, 'app')
  mkdirSync(join(app, 'assets'), { recursive: true })
  writeFileSync(join(app, 'index.html'), '<title>app</title>')
  writeFileSync(join(app, 'icon.svg'), '<svg/>')
  writeFileSync(join(app, 'assets', 'index-B4x_9aQz.js'), 'export {}')
  writeFileSync(join(app, 'assets', 'plain.js'), 'export {}')
  writeFileSync(join(folder, 'secret.txt'), 'outside')
  symlinkSync(join(folder, 'secret.txt'), join(app, 'link.txt'))
  server = await startRelayServer({ data: join(folder, 'data'), port: 0, static: app, inspect: true })
})

afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

/** Sends the path as it is: `fetch` would tidy it first. */
function get(
  path: string,
  method = 'GET',
): Promise<{ status: number | undefined; type: string | undefined; cache: string | undefined; body: string }> {
  const { hostname, port } = new URL(server.url)
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, method, agent: false }, (response) => {
      let body = ''
      response.on('data', (chunk) => (body += chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          type: response.headers['content-type'],
          cache: response.headers['cache-control'],
          body,
        }),
      )
    })
      .on('error', reject)
      .end()
  })
}

describe('over HTTP', () => {
  it('the relay says that it is alive and that it serves', async () => {
    expect(await (await fetch(`${server.url}/health`)).json()).toEqual({ status: 'ok' })
    const ready = await fetch(`${server.url}/ready`)
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, reasons: [] }])
  })

  it('what the relay holds can be looked at: sealed, and counted', async () => {
    const account = new TestAccount()
    const client = await connectSocket(server.url)
    await client.open(account)
    const push = account.first.push(documentNamed('contacts'), { count: 60 })
    client.send(push)
    await client.next('pushed')
    client.link.close()
    const shown = (await (await fetch(`${server.url}/inspect`)).json()) as { entries: object[]; totalEntries: number }
    expect(shown.totalEntries).toBe(60)
    expect(shown.entries).toHaveLength(50)
    expect(shown.entries[0]).toEqual({
      document: bytesToHex(documentNamed('contacts')),
      number: 60,
      device: bytesToHex(account.first.id),
      bytes: push.entries[59]?.length,
      start: bytesToHex((push.entries[59] as Uint8Array).subarray(0, INSPECTED_START_BYTES)),
    })
  })

  it('an app is served with its types, and what has a hash in its name is kept for ever', async () => {
    expect(await get('/')).toMatchObject({ status: 200, type: 'text/html; charset=utf-8', cache: 'no-cache' })
    expect(await get('/assets/index-B4x_9aQz.js')).toMatchObject({
      status: 200,
      type: 'text/javascript; charset=utf-8',
      cache: 'public, max-age=31536000, immutable',
    })
    expect(await get('/assets/plain.js')).toMatchObject({ status: 200, cache: 'no-cache' })
    expect(await get('/icon.svg?v=1')).toMatchObject({ status: 200, type: 'image/svg+xml' })
    expect(await get('/', 'HEAD')).toMatchObject({ status: 200, body: '' })
  })

  it('a path of the app itself is its page, a missing file is missing', async () => {
    expect((await get('/people/ann')).body).toBe('<title>app</title>')
    expect((await get('/assets/gone.js')).status).toBe(404)
    expect((await get('/', 'POST')).status).toBe(404)
  })

  it('nothing outside the folder is served, whatever the path', async () => {
    const paths = [
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/assets/../../secret.txt',
      '/link.txt',
      '/..%5csecret.txt',
      '/%00',
      '/%ff',
      '//secret.txt',
      '/../data/relay.db',
    ]
    for (const path of paths) expect((await get(path)).body, path).not.toMatch(/outside|SQLite/)
  })

  it('pages may run only what came with them', async () => {
    const { headers } = await fetch(`${server.url}/`)
    expect(headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(headers.get('content-security-policy')).toContain("connect-src 'self' ws: wss:")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })
})

describe('as a server', () => {
  it('a WebSocket may come on any path and from any origin', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/any/path`, { origin: 'https://mail.example' })
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    socket.close()
  })

  it('a port that is taken is refused by name, and the data folder is free again', async () => {
    const { port } = new URL(server.url)
    const data = join(folder, 'second')
    for (let i = 0; i < 2; i++)
      await expect(startRelayServer({ data, port: Number(port) })).rejects.toMatchObject({
        code: 'address-unavailable',
      })
  })

  it('a folder to serve that does not exist is refused by name', async () => {
    const options = { data: join(folder, 'third'), port: 0, static: join(folder, 'nowhere') }
    await expect(startRelayServer(options)).rejects.toMatchObject({ code: 'invalid-option' })
  })

  it('logins may be bound to the address that devices dial', async () => {
    const bound = await startRelayServer({ data: join(folder, 'bound'), port: 0, acceptHosts: ['sync.example'] })
    const client = await connectSocket(bound.url)
    await expect(client.logIn(new TestAccount().first)).rejects.toThrow('bad-challenge')
    await bound.stop()
  })

  it('ends in order: what was sent is answered, every device is told, and the database is whole', async () => {
    const data = join(folder, 'ending')
    const ending = await startRelayServer({ data, port: 0 })
    const account = new TestAccount()
    const client = await connectSocket(ending.url)
    await client.open(account)
    await ending.stop()
    expect(await client.next('refused')).toMatchObject({ code: 'draining' })
    expect(await client.closed()).toBe(4512)
    const again = await startRelayServer({ data, port: 0 })
    const next = await connectSocket(again.url)
    expect(await next.logIn(account.first)).toMatchObject({ keyringLength: 1 })
    await again.stop()
  })
})
