// What the account, its settings and its schedule are to do, one case for each command.
import { expect } from 'vitest'
import { codeOf, email } from '../../support/sign-in-world'
import { type CommandWorld, contactsOf, password } from './client'

const soon = (iso: string | undefined): boolean => Math.abs(Date.parse(iso ?? '') - Date.now()) < 600_000

export const accountCases = {
  async sync_register(world: CommandWorld) {
    const laptop = world.client('laptop')
    await laptop.commands.sync_register({ email, password, master_password: 'old' })
    expect(laptop.phrases.map((phrase) => phrase.split(' ').length)).toEqual([24])
    expect(laptop.notices.map(({ parameter }) => parameter)).toEqual(['master_password'])
    expect(await laptop.commands.sync_get_config()).toMatchObject({ enabled: true, device_name: 'laptop' })
    expect(await codeOf(laptop.commands.sync_register({ email, password }))).toBe('profile-exists')

    // A name that is taken leaves nothing behind: the next attempt may take another.
    const other = world.client('other')
    expect(await codeOf(other.commands.sync_register({ email, password }))).toBe('email-taken')
    expect([await other.commands.account(), other.phrases]).toEqual([undefined, []])
    expect(await codeOf(other.commands.sync_register({ email: 'b@example.com', password: 'short' }))).toBe(
      'password-length',
    )
    await other.commands.sync_register({ email: 'b@example.com', password })
    expect(other.phrases).toHaveLength(1)
  },

  async sync_login(world: CommandWorld) {
    const laptop = await world.registered()
    await (await contactsOf(laptop)).add('ann', { name: 'Ann' })
    await laptop.commands.sync_start()
    const phone = world.client('phone')
    expect(await codeOf(phone.commands.sync_login({ email, password: 'not the password' }))).toBe('sign-in-failed')
    await phone.commands.sync_login({ email, password })
    await phone.commands.sync_start()
    expect((await contactsOf(phone)).get('ann')).toMatchObject({ name: 'Ann' })
    expect(await codeOf(phone.commands.sync_login({ email, password }))).toBe('profile-exists')
  },

  async sync_logout(world: CommandWorld) {
    const [laptop, phone] = await world.both()
    const contacts = await contactsOf(phone)
    await phone.commands.sync_start()
    ;(await phone.sync()).goOffline()
    await contacts.add('ann', { name: 'Ann' })
    expect(await codeOf(phone.commands.sync_logout())).toBe('unsent-edits')
    ;(await phone.sync()).goOnline()
    await phone.commands.sync_start()
    await phone.commands.sync_logout()
    expect(await phone.commands.sync_get_config()).toMatchObject({ enabled: false, device_id: '' })
    expect(await codeOf(phone.commands.sync_start())).toBe('profile-missing')
    await laptop.until(async () => (await laptop.commands.sync_list_devices()).length === 1)
    await phone.commands.sync_login({ email, password })
    await phone.commands.sync_start()
    expect((await contactsOf(phone)).has('ann')).toBe(true)
  },

  async sync_start(world: CommandWorld) {
    const [laptop, phone] = await world.both()
    await (await contactsOf(laptop)).add('ann', { name: 'Ann' })
    await laptop.commands.sync_update_config({ config: { sync_signatures: false } })
    expect(await laptop.commands.sync_start({ master_password: 'old' })).toEqual({
      ...{ accounts_synced: true, contacts_synced: true, preferences_synced: true, signatures_synced: false },
      errors: [],
    })
    expect(laptop.notices.map(({ command }) => command)).toEqual(['sync_start'])
    await phone.commands.sync_start()
    expect((await contactsOf(phone)).has('ann')).toBe(true)

    ;(await laptop.sync()).goOffline()
    const offline = await laptop.commands.sync_start({ master_password: 'old' })
    expect([offline.contacts_synced, offline.errors.length]).toEqual([false, 1])
    expect(laptop.notices).toHaveLength(1)
  },

  async sync_get_config(world: CommandWorld) {
    const laptop = world.client('laptop')
    expect(await laptop.commands.sync_get_config()).toEqual({
      ...{ enabled: false, device_id: '', device_name: 'laptop', platform: 'linux' },
      ...{ sync_accounts: true, sync_contacts: true, sync_preferences: true, sync_signatures: true },
    })
    await laptop.commands.sync_register({ email, password })
    await laptop.commands.sync_start()
    const config = await laptop.commands.sync_get_config()
    const { accountId, deviceId } = await laptop.sync()
    expect(config).toMatchObject({ enabled: true, user_id: accountId, device_id: deviceId, platform: 'linux' })
    expect(soon(config.last_sync_at)).toBe(true)
  },

  async sync_update_config(world: CommandWorld) {
    const laptop = await world.registered()
    const { commands } = laptop
    await commands.sync_update_config({
      config: { enabled: false, sync_contacts: false, sync_interval_minutes: 60, sync_on_startup: false },
    })
    expect(await commands.sync_get_config()).toMatchObject({
      enabled: false,
      sync_contacts: false,
      sync_accounts: true,
    })
    const { schedule } = await laptop.sync()
    expect(schedule).toMatchObject({ isPaused: true, mode: 60, onStart: false })
    await commands.sync_update_config({ config: { enabled: true, sync_contacts: true, sync_interval_minutes: 0 } })
    expect(await commands.sync_get_config()).toMatchObject({ enabled: true, sync_contacts: true })
    expect((await laptop.sync()).schedule.mode).toBe('manual')
    await commands.sync_update_config({ config: { device_name: 'laptop' } })
    expect(laptop.notices).toEqual([])
    await commands.sync_update_config({ config: { device_name: 'another name' } })
    expect(laptop.notices.map(({ parameter }) => parameter)).toEqual(['device_name'])
  },

  async sync_get_status(world: CommandWorld) {
    const outside = await world.client('outside').commands.sync_get_status()
    expect(outside.map(({ data_type, status }) => [data_type, status])).toEqual([
      ['accounts', 'idle'],
      ['contacts', 'idle'],
      ['preferences', 'idle'],
      ['signatures', 'idle'],
    ])
    const [laptop] = await world.inConflict()
    const statuses = await laptop.commands.sync_get_status()
    expect(statuses.map(({ status }) => status)).toEqual(['idle', 'conflict', 'idle', 'idle'])
    expect(statuses.every(({ last_sync_at }) => soon(last_sync_at))).toBe(true)
    expect(statuses[1]?.version).toBeGreaterThan(0)
    expect(statuses[0]?.version).toBe(0)
  },

  async scheduler_start(world: CommandWorld) {
    const laptop = await world.registered()
    await laptop.commands.scheduler_update_config({ enabled: true, interval_minutes: 120 })
    await laptop.commands.scheduler_stop()
    await laptop.commands.sync_update_config({ config: { enabled: false } })
    await laptop.commands.scheduler_start()
    expect((await laptop.sync()).schedule).toMatchObject({ mode: 120, isPaused: false })
  },

  async scheduler_stop(world: CommandWorld) {
    const laptop = await world.registered()
    await laptop.commands.scheduler_stop()
    expect(await laptop.commands.scheduler_get_status()).toMatchObject({ enabled: false, running: false })
    // By hand it still syncs.
    expect(await laptop.commands.sync_start()).toMatchObject({ contacts_synced: true, errors: [] })
  },

  async scheduler_get_status(world: CommandWorld) {
    const laptop = world.client('laptop')
    expect(await laptop.commands.scheduler_get_status()).toEqual({
      ...{ enabled: false, running: false, interval_minutes: 30 },
    })
    await laptop.commands.sync_register({ email, password })
    expect(await laptop.commands.scheduler_get_status()).toMatchObject({ enabled: true, interval_minutes: 1 })
    await laptop.commands.scheduler_update_config({ enabled: true, interval_minutes: 30 })
    await laptop.commands.sync_start()
    const status = await laptop.commands.scheduler_get_status()
    expect(status).toMatchObject({ enabled: true, running: true, interval_minutes: 30 })
    expect(soon(status.last_run)).toBe(true)
    expect(Date.parse(status.next_run ?? '')).toBeGreaterThan(Date.now())
  },

  async scheduler_update_config(world: CommandWorld) {
    const { commands, sync } = await world.registered()
    const modeAfter = async (interval_minutes: number) => {
      await commands.scheduler_update_config({ enabled: true, interval_minutes })
      return (await sync()).schedule.mode
    }
    const modes = [await modeAfter(5), await modeAfter(15), await modeAfter(50), await modeAfter(1_440)]
    expect(modes).toEqual(['live', 15, 60, 240])
    await commands.scheduler_update_config({ enabled: false, interval_minutes: 60 })
    expect(await commands.scheduler_get_status()).toEqual(
      expect.objectContaining({ enabled: false, interval_minutes: 60 }),
    )
  },
}
