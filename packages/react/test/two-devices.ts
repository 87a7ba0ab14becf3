// Two devices of one account at a real relay.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRelayServer } from '@owlivion/relay'
import { createAccount, joinAccount, openMemoryStore, type Sync } from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import { expect, onTestFinished, vi } from 'vitest'

/** A net against a wait without end. */
const WITHIN_MS = 60_000

/** What a new device at this relay starts from. */
export function newDevice(relay: string, deviceName: string) {
  return { platform: nodePlatform(), store: openMemoryStore(), relay, deviceName }
}

export async function openRelay(): Promise<string> {
  const data = mkdtempSync(join(tmpdir(), 'owlivion-react-'))
  const server = await startRelayServer({ data, port: 0 })
  onTestFinished(async () => {
    await server.stop()
    rmSync(data, { recursive: true, force: true })
  })
  return server.url.replace('http', 'ws')
}

export async function openTwoDevices(): Promise<readonly [laptop: Sync, phone: Sync]> {
  const relay = await openRelay()
  const { sync: laptop, recoveryPhrase } = await createAccount(newDevice(relay, 'laptop'))
  onTestFinished(() => laptop.close())
  await eventually(() => expect(laptop.status.connection).toBe('online'))
  const phone = await joinAccount({ ...newDevice(relay, 'phone'), recoveryPhrase })
  onTestFinished(() => phone.close())
  await eventually(() => expect(phone.status.connection).toBe('online'))
  return [laptop, phone]
}

export function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, WITHIN_MS)
}
