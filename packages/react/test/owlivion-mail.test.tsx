// The old client's hooks in components, on the commands, on a real relay.
import './dom'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRelayServer } from '@owlivion/relay'
import { openMemoryStore } from '@owlivion/sync'
import { createSyncCommands, createSyncService, type SyncCommandSet, type SyncService } from '@owlivion/sync/commands'
import { nodePlatform } from '@owlivion/sync/node'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { expect, onTestFinished, test, vi } from 'vitest'
import {
  SyncServiceProvider,
  useDevices,
  useScheduler,
  useSyncConfig,
  useSyncEnabled,
  useSyncStatus,
  useSyncTrigger,
} from '../src/owlivion-mail'
import { settled } from './account'
import { eventually } from './two-devices'

const email = 'ann@example.com'
const password = 'a long enough password'

async function startRelay(): Promise<string> {
  const data = mkdtempSync(join(tmpdir(), 'owlivion-hooks-'))
  const server = await startRelayServer({ data, port: 0, signIn: {} })
  onTestFinished(async () => {
    await server.stop()
    rmSync(data, { recursive: true, force: true })
  })
  return server.url.replace('http', 'ws')
}

function makeCommands(relay: string, deviceName: string): SyncCommandSet {
  const commands = createSyncCommands({
    openStore: async () => openMemoryStore(),
    relay,
    deviceName,
    devicePlatform: 'linux',
    platform: nodePlatform(),
    showRecoveryPhrase: () => {},
  })
  onTestFinished(() => commands.close())
  return commands
}

/** What the window shows, and the hooks as it has them. */
interface Window {
  text(): string
  readonly hooks: Hooks
}

interface Hooks {
  config: ReturnType<typeof useSyncConfig>
  status: ReturnType<typeof useSyncStatus>
  devices: ReturnType<typeof useDevices>
  trigger: ReturnType<typeof useSyncTrigger>
  enabled: ReturnType<typeof useSyncEnabled>
  scheduler: ReturnType<typeof useScheduler>
}

function Settings({ onDraw }: { readonly onDraw: (hooks: Hooks) => void }) {
  const hooks: Hooks = {
    config: useSyncConfig(),
    status: useSyncStatus(),
    devices: useDevices(),
    trigger: useSyncTrigger(),
    enabled: useSyncEnabled(),
    scheduler: useScheduler(),
  }
  onDraw(hooks)
  const { config, status, devices, enabled, scheduler } = hooks
  return [
    enabled.loading ? 'asking' : enabled.enabled ? 'on' : 'off',
    config.config?.sync_contacts ? 'contacts' : 'no contacts',
    `${status.statuses.length} types`,
    `${devices.devices.length} devices`,
    `every ${scheduler.status?.interval_minutes}`,
  ].join(', ')
}

async function openWindow(service: SyncService): Promise<Window> {
  const container = document.createElement('div')
  const root = createRoot(container)
  let hooks: Hooks | undefined
  await settled(() =>
    root.render(
      <StrictMode>
        <SyncServiceProvider service={service}>
          <Settings
            onDraw={(drawn) => {
              hooks = drawn
            }}
          />
        </SyncServiceProvider>
      </StrictMode>,
    ),
  )
  onTestFinished(() => settled(() => root.unmount()))
  return {
    text: () => container.textContent ?? '',
    get hooks() {
      return hooks as Hooks
    },
  }
}

test('the windows of the old client show what the commands tell, and follow it', async () => {
  const relay = await startRelay()
  const commands = makeCommands(relay, 'laptop')
  const window = await openWindow(createSyncService(commands, () => 0))
  await eventually(() => expect(window.text()).toBe('off, contacts, 4 types, 0 devices, every 30'))
  expect(window.hooks.devices.error).toMatch(/Nobody is signed in/)

  await commands.sync_register({ email, password })
  await eventually(() => expect(window.text()).toBe('on, contacts, 4 types, 1 devices, every 1'))
  expect(window.hooks.devices).toMatchObject({ loading: false, error: null })

  await settled(() => window.hooks.config.update({ sync_contacts: false }))
  await settled(() => window.hooks.scheduler.updateConfig(true, 60))
  await eventually(() => expect(window.text()).toBe('on, no contacts, 4 types, 1 devices, every 60'))

  const phone = makeCommands(relay, 'phone')
  await phone.sync_login({ email, password })
  await settled(() => window.hooks.trigger.trigger('old master password'))
  expect(window.hooks.trigger).toMatchObject({ syncing: false, error: null, result: { accounts_synced: true } })
  await eventually(() => expect(window.text()).toBe('on, no contacts, 4 types, 2 devices, every 60'))
  await settled(() => window.hooks.trigger.reset())
  expect(window.hooks.trigger.result).toBeNull()
})

test('a sync that fails is told, not thrown', async () => {
  const service = createSyncService(makeCommands('ws://127.0.0.1:1', 'laptop'), () => 0)
  const window = await openWindow(service)
  let answer: unknown = 'none'
  await settled(async () => {
    answer = await window.hooks.trigger.trigger()
  })
  expect(answer).toBeUndefined()
  expect(window.hooks.trigger).toMatchObject({ syncing: false, result: null })
  expect(window.hooks.trigger.error).toMatch(/Nobody is signed in/)
})

test('what did not change is asked for no more than it has to be, and stays the same object', async () => {
  const relay = await startRelay()
  const commands = makeCommands(relay, 'laptop')
  await commands.sync_register({ email, password })
  const service = createSyncService(commands, () => 0)
  const asked = vi.spyOn(service, 'listDevices')
  const window = await openWindow(service)
  await eventually(() => expect(window.hooks.devices.devices).toHaveLength(1))
  const { devices } = window.hooks.devices
  await settled(() => window.hooks.devices.reload())
  expect(window.hooks.devices.devices).toBe(devices)
  // Asking changes nothing that would have to be asked for again.
  await settled(() => {})
  const before = asked.mock.calls.length
  await settled(() => {})
  await settled(() => {})
  expect(asked.mock.calls.length).toBe(before)
})

test('hooks without a service say what is missing, and a server draws a device that has not answered yet', async () => {
  expect(() => renderToString(<Settings onDraw={() => {}} />)).toThrow(/put <SyncServiceProvider/)
  const service = createSyncService(makeCommands('ws://127.0.0.1:1', 'laptop'), () => 0)
  const drawn = renderToString(
    <SyncServiceProvider service={service}>
      <Settings onDraw={() => {}} />
    </SyncServiceProvider>,
  )
  expect(drawn).toContain('asking')
})
