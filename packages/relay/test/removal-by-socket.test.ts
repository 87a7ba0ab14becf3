import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RelayServer, startRelayServer } from '../src/server'
import { documentNamed, TestAccount, TestDevice } from './help/account'
import { connectSocket } from './help/client'

const contacts = documentNamed('contacts')
let folder: string
let server: RelayServer

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'owlivion-relay-'))
  server = await startRelayServer({ data: folder, port: 0 })
})

afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

async function openWithTwoDevices() {
  const account = new TestAccount()
  const second = new TestDevice(account)
  const [one, two] = [await connectSocket(server.url), await connectSocket(server.url)]
  await one.open(account)
  one.send(account.add(second))
  await one.next('keyring-changed')
  await two.logIn(second)
  return { account, second, one, two }
}

async function expectNextRequestRefused(device: TestDevice): Promise<void> {
  const again = await connectSocket(server.url)
  await again.logIn(device)
  again.send(device.push(contacts))
  expect(await again.next('refused')).toMatchObject({ request: 'push', code: 'device-removed' })
  expect(await again.closed()).toBe(4403)
}

describe('over a WebSocket', () => {
  it('a removed device’s socket closes, its next request is refused, and it can read why', async () => {
    const { account, second, one, two } = await openWithTwoDevices()
    const removal = account.remove(second, [])
    one.send(removal)
    await one.next('keyring-changed')
    expect(await two.next('keyring-changed')).toMatchObject({ length: 3, head: account.keyring.head })
    expect(await two.next('refused')).toMatchObject({ request: '', code: 'device-removed' })
    expect(await two.closed()).toBe(4403)
    await expectNextRequestRefused(second)
    const reading = await connectSocket(server.url)
    await reading.logIn(second)
    reading.send({ type: 'keyring-fetch', from: 2 })
    expect((await reading.next('keyring')).records).toEqual([{ record: removal.record, cut: removal.cut }])
    reading.link.close()
    one.link.close()
  })

  it('of two devices that remove each other at once one stays, and both have the same keyring', async () => {
    for (let round = 0; round < 5; round++) {
      const { account, second, one, two } = await openWithTwoDevices()
      const before = account.keyring
      const byFirst = account.remove(second, [])
      account.state = before
      const bySecond = account.remove(account.first, [], true, second)
      // In both orders on the wire; the relay takes them as they come.
      const sends = [() => one.send(byFirst), () => two.send(bySecond)]
      for (const send of round % 2 === 0 ? sends : sends.reverse()) send()
      const news = [await one.next('keyring-changed'), await two.next('keyring-changed')]
      expect(news[0]).toEqual(news[1])
      expect(news[0]).toMatchObject({ length: 3 })
      const ended = [one.closed().then(() => 'one' as const), two.closed().then(() => 'two' as const)]
      const loser = await Promise.race(ended)
      const staying = loser === 'one' ? two : one
      staying.send({ type: 'keyring-fetch', from: 2 })
      const { records } = await staying.find('keyring')
      expect(records[0]?.record).toEqual((loser === 'one' ? bySecond : byFirst).record)
      expect(staying.closeCode).toBeUndefined()
      account.state = before
      await expectNextRequestRefused(loser === 'one' ? account.first : second)
      staying.link.close()
    }
  })
})
