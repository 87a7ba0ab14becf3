// Two devices and a real relay: what one device draws of an edit, and of a conflict, that came from the other.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRelayServer } from '@owlivion/relay'
import { createAccount, joinAccount, openMemoryStore, type Sync } from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import { expect, onTestFinished, test, vi } from 'vitest'
import { draw, settled } from './account'
import { Conflicts, Names, type Person } from './components'

/** A net against a wait without end. */
const WITHIN_MS = 60_000

async function openTwoDevices(): Promise<readonly [Sync, Sync]> {
  const data = mkdtempSync(join(tmpdir(), 'owlivion-react-'))
  const server = await startRelayServer({ data, port: 0 })
  onTestFinished(async () => {
    await server.stop()
    rmSync(data, { recursive: true, force: true })
  })
  const relay = server.url.replace('http', 'ws')
  const device = (deviceName: string) => ({ platform: nodePlatform(), store: openMemoryStore(), relay, deviceName })
  const { sync: laptop, recoveryPhrase } = await createAccount(device('laptop'))
  onTestFinished(() => laptop.close())
  await vi.waitFor(() => expect(laptop.status.connection).toBe('online'), WITHIN_MS)
  const phone = await joinAccount({ ...device('phone'), recoveryPhrase })
  onTestFinished(() => phone.close())
  return [laptop, phone]
}

test('edits of another device are drawn, a conflict shows both values, and a write of the field ends it', async () => {
  const [laptop, phone] = await openTwoDevices()
  const onLaptop = await laptop.open<Person>('people')
  const onPhone = await phone.open<Person>('people')
  const { text } = await draw(laptop, [<Names key="names" />, <Conflicts key="conflicts" />])
  await onPhone.add('a', { name: 'Ada' })
  await eventually(() => expect(text()).toBe('a=Ada;'))

  laptop.goOffline()
  await settled(() => onLaptop.update('a', { name: 'Ada at home' }))
  await onPhone.update('a', { name: 'Ada at work' })
  await phone.flush()
  expect(text()).toBe('a=Ada at home;')
  laptop.goOnline()
  await eventually(() => expect(text()).toBe('a=Ada at work;name: Ada at work or Ada at home'))

  await onPhone.update('a', { name: 'Ada at home' })
  await eventually(() => expect(text()).toBe('a=Ada at home;'))
})

function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, WITHIN_MS)
}
