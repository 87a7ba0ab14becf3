// Every command of the old client, by its name, on a real relay: what it does, and not only that it answers.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CommandName, commandNames, createSyncCommands, createSyncService } from '@owlivion/sync/commands'
import { nodePlatform } from '@owlivion/sync/node'
import { openSqliteStore } from '@owlivion/sync/sqlite'
import { describe, expect, it, vi } from 'vitest'
import { codeOf, email } from '../../support/sign-in-world'
import { temporaryFolder } from '../../support/temporary-folder'
import { accountCases } from './account-cases'
import { type CommandWorld, contactsOf, password, startCommandWorld } from './client'
import { dataCases } from './data-cases'
import { historyCases } from './history-cases'
import { securityCases } from './security-cases'

vi.mock('@serenity-kit/opaque', async (original) => {
  const { quickStretching } = await import('../../support/quick-stretching')
  return quickStretching(original)
})

/** As the old client has them, in the order of its own list. */
const oldNames = [
  ...['sync_register', 'sync_login', 'sync_logout', 'sync_start', 'sync_get_config', 'sync_update_config'],
  ...['sync_get_status', 'sync_list_devices', 'sync_revoke_device', 'sync_resolve_conflict', 'sync_get_queue_stats'],
  ...['sync_process_queue', 'sync_retry_failed', 'sync_clear_completed_queue', 'sync_clear_failed_queue'],
  ...['get_sync_history', 'rollback_sync', 'enforce_sync_retention'],
  ...['scheduler_start', 'scheduler_stop', 'scheduler_get_status', 'scheduler_update_config'],
  ...['sync_get_sessions', 'sync_revoke_session', 'sync_revoke_all_sessions', 'sync_get_audit_logs'],
  ...['sync_get_audit_stats', 'sync_export_audit_logs', 'sync_get_2fa_status', 'sync_setup_2fa', 'sync_enable_2fa'],
  ...['sync_disable_2fa', 'sync_verify_2fa'],
]

/** A command without a case does not compile, and one that only answers does not pass its case. */
const cases: { readonly [Name in CommandName]: (world: CommandWorld) => Promise<void> } = {
  ...accountCases,
  ...securityCases,
  ...dataCases,
  ...historyCases,
}

it('all 33 commands of the old client are there, and each has a case', () => {
  expect(oldNames).toHaveLength(33)
  expect([...commandNames]).toEqual(oldNames)
  expect(Object.keys(cases).sort()).toEqual([...oldNames].sort())
})

it('the guide has a row for each command', () => {
  const page = readFileSync(new URL('../../../docs/guide/replace-the-old-sync.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([a-z0-9_]+)` /gm)].map(([, name]) => name)
  expect(rows).toEqual([...commandNames])
})

describe('the command', () => {
  it.each([...commandNames])('%s does what it is there for', async (name) => {
    await cases[name](await startCommandWorld())
  })
})

describe('the commands', () => {
  it('that need an account say so on a device that is in none', async () => {
    const world = await startCommandWorld()
    const { commands } = world.client('new')
    const without = new Set(['sync_register', 'sync_login', 'sync_verify_2fa', 'sync_logout'])
    const answering = new Set(['sync_get_config', 'sync_get_status', 'sync_get_queue_stats', 'scheduler_get_status'])
    for (const name of commandNames.filter((each) => !without.has(each))) {
      const answer = commands.invoke(name, { config: {}, filters: {}, data_type: 'contacts', strategy: 'merge' })
      if (answering.has(name)) await answer
      else expect([name, await codeOf(answer)]).toEqual([name, 'profile-missing'])
    }
    for (const name of ['sync_register', 'sync_login'])
      expect([name, await codeOf(commands.invoke(name, {}))]).toEqual([name, 'invalid-value'])
  })

  it('can be called by name, with parameters as Tauri writes them', async () => {
    const world = await startCommandWorld()
    const { commands, notices } = world.client('laptop')
    await commands.invoke('sync_register', { email, password, masterPassword: 'old' })
    expect(notices.map(({ parameter }) => parameter)).toEqual(['master_password'])
    await commands.invoke('scheduler_update_config', { enabled: true, intervalMinutes: 60 })
    expect(await commands.scheduler_get_status()).toMatchObject({ interval_minutes: 60 })
    expect(await codeOf(commands.invoke('toString'))).toBe('invalid-value')
    // No compiler has seen what comes from a window: each of these would be an error without a code.
    for (const name of ['sync_update_config', 'sync_disable_2fa'])
      for (const parameters of [undefined, {}, { config: null }])
        expect(await codeOf(commands.invoke(name, parameters)), name).toBe('invalid-value')
  })

  it('find the account again after the client was closed, with the same device and the same settings', async () => {
    const world = await startCommandWorld()
    const path = join(temporaryFolder(), 'profile.db')
    const make = () =>
      createSyncCommands({
        openStore: () => openSqliteStore(path),
        relay: world.relay,
        deviceName: 'laptop',
        platform: nodePlatform(),
        showRecoveryPhrase: () => {},
      })
    const before = make()
    await before.sync_register({ email, password })
    await before.sync_update_config({ config: { sync_contacts: false } })
    const { device_id, user_id } = await before.sync_get_config()
    await before.close()
    const after = make()
    expect(await after.sync_get_config()).toMatchObject({ enabled: true, device_id, user_id, sync_contacts: false })
    await after.close()
  })
})

describe('the service', () => {
  it('has the old names and does what the commands do', async () => {
    const world = await startCommandWorld()
    const laptop = world.client('laptop')
    const now = Date.parse('2026-01-01T12:00:00Z')
    const service = createSyncService(laptop.commands, () => now)
    expect(await service.isSyncEnabled()).toBe(false)
    await service.registerAccount(email, password, 'old')
    expect(await service.isSyncEnabled()).toBe(true)
    await (await contactsOf(laptop)).add('ann', { name: 'Ann' })
    expect(await service.startSync('old')).toMatchObject({ contacts_synced: true })
    await service.updateSyncConfig({ sync_contacts: false })
    expect(await service.getSyncConfig()).toMatchObject({ sync_contacts: false })
    await service.updateSchedulerConfig(true, 30)
    expect(await service.getSchedulerStatus()).toMatchObject({ interval_minutes: 30 })
    await service.stopScheduler()
    await service.startScheduler()
    expect(await service.getSchedulerStatus()).toMatchObject({ enabled: true })
    expect((await service.getSyncStatus()).map(({ data_type }) => data_type)).toContain('signatures')
    expect((await service.listDevices()).map(({ device_name }) => device_name)).toEqual(['laptop'])
    expect(await codeOf(service.revokeDevice('ab'.repeat(16)))).toBe('device-unknown')
    await service.resolveConflict('contacts', 'merge', 'old')
    expect(await service.processQueue('old')).toMatchObject({ failed: 0 })
    expect(await service.retryFailedSyncs()).toBe(0)
    expect(await service.clearFailedQueue()).toBe(0)
    await service.clearCompletedQueue(0)
    expect(await service.getQueueStats()).toMatchObject({ total_count: 0 })
    await service.logoutAccount()
    expect(await service.isSyncEnabled()).toBe(false)
    await service.loginAccount(email, password)
    expect(await service.isSyncEnabled()).toBe(true)

    expect(service.formatLastSync(undefined)).toBe('Hiç senkronize edilmedi')
    expect(service.formatLastSync('2026-01-01T11:55:00Z')).toBe('5 dakika önce')
    expect(service.formatLastSync('2026-01-01T12:05:00Z', 'en')).toBe('now')
    expect(service.formatLastSync('2025-12-30T11:00:00Z', 'en')).toBe('2 days ago')
    expect([service.getPlatformIcon('Linux'), service.getPlatformIcon('amiga')]).toEqual(['🐧', '💻'])
  })
})
