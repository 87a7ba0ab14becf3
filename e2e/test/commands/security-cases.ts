// What devices, sessions, the audit log and the second factor are to do, one case for each command.
import { expect } from 'vitest'
import { oneTimeCode } from '../../support/one-time-code'
import { codeOf, email } from '../../support/sign-in-world'
import { type Client, type CommandWorld, password } from './client'

async function withTwoFactor(world: CommandWorld): Promise<readonly [Client, string[]]> {
  const laptop = await world.registered()
  const { secret } = await laptop.commands.sync_setup_2fa()
  return [laptop, await laptop.commands.sync_enable_2fa({ token: oneTimeCode(secret, Date.now()) })]
}

/** Somebody has the password and not the second factor. */
async function wrongCode(world: CommandWorld, { commands }: Client): Promise<void> {
  const { secret } = await commands.sync_setup_2fa()
  await commands.sync_enable_2fa({ token: oneTimeCode(secret, Date.now()) })
  const thief = world.client('thief', async () => undefined)
  expect(await codeOf(thief.commands.sync_login({ email, password }))).toBe('code-required')
  const guesses = ['000000x', undefined]
  const another = world.client('thief', async () => guesses.shift())
  expect(await codeOf(another.commands.sync_login({ email, password }))).toBe('code-wrong')
}

const isTime = (iso: unknown): boolean => typeof iso === 'string' && Math.abs(Date.parse(iso) - Date.now()) < 600_000

async function revokes(world: CommandWorld, revoke: (client: Client, device_id: string) => Promise<void>) {
  const [laptop, phone] = await world.both()
  const { deviceId } = await phone.sync()
  await revoke(laptop, deviceId)
  expect((await laptop.commands.sync_list_devices()).map(({ device_name }) => device_name)).toEqual(['laptop'])
  await phone.until(async () => (await phone.sync()).status.connection === 'removed')
  expect((await phone.commands.sync_start()).errors).toHaveLength(1)
  expect(await codeOf(revoke(laptop, 'ab'.repeat(16)))).toBe('device-unknown')
  // What is left on it goes with its sign-out.
  await phone.commands.sync_logout()
  expect(await phone.commands.account()).toBeUndefined()
}

export const securityCases = {
  async sync_list_devices(world: CommandWorld) {
    const [laptop, phone] = await world.both()
    const devices = await laptop.commands.sync_list_devices()
    expect(devices.map(({ device_name, platform }) => [device_name, platform]).sort()).toEqual([
      ['laptop', 'linux'],
      ['phone', 'linux'],
    ])
    expect(devices.map(({ device_id }) => device_id)).toContain((await phone.sync()).deviceId)
    expect(devices.every(({ last_seen_at, created_at }) => isTime(last_seen_at) && isTime(created_at))).toBe(true)
  },

  sync_revoke_device: (world: CommandWorld) =>
    revokes(world, ({ commands }, device_id) => commands.sync_revoke_device({ device_id })),

  async sync_get_sessions(world: CommandWorld) {
    const [laptop, phone] = await world.both()
    await phone.commands.sync_start()
    const sessions = await laptop.commands.sync_get_sessions()
    expect(sessions.map(({ device_name, is_current }) => [device_name, is_current]).sort()).toEqual([
      ['laptop', true],
      ['phone', false],
    ])
    for (const { ip_address, last_activity_at, created_at, city, country_code } of sessions) {
      expect(ip_address).toMatch(/127\.0\.0\.1|::1/)
      expect([isTime(last_activity_at), isTime(created_at), city, country_code]).toEqual([true, true, null, null])
    }
  },

  sync_revoke_session: (world: CommandWorld) =>
    revokes(world, ({ commands }, device_id) => commands.sync_revoke_session({ device_id })),

  async sync_revoke_all_sessions(world: CommandWorld) {
    const [laptop, phone] = await world.both()
    const tablet = world.client('tablet')
    await tablet.commands.sync_login({ email, password })
    await laptop.until(async () => (await laptop.commands.sync_list_devices()).length === 3)
    expect(await laptop.commands.sync_revoke_all_sessions()).toBe(2)
    await phone.until(async () => (await phone.sync()).status.connection === 'removed')
    expect(await laptop.commands.sync_revoke_all_sessions()).toBe(0)
  },

  async sync_get_audit_logs(world: CommandWorld) {
    const [laptop, phone] = await world.both()
    await wrongCode(world, laptop)
    const { commands } = laptop
    const all = await commands.sync_get_audit_logs()
    const actions = all.logs.map(({ action }) => action)
    expect(actions).toEqual(
      expect.arrayContaining(['account-created', 'password-set', 'device-added', 'sign-in-failed']),
    )
    expect(all.logs.map(({ id }) => id)).toEqual(all.logs.map(({ id }) => id).sort((a, b) => b - a))
    expect(all.pagination).toEqual({ page: 1, limit: 50, total: all.logs.length, total_pages: 1 })

    const ask = async (filters: object) => (await commands.sync_get_audit_logs({ filters })).logs
    expect((await ask({ success: false })).map(({ action, success }) => [action, success])).toEqual([
      ['sign-in-failed', false],
    ])
    expect((await ask({ action: 'password-set' })).map(({ device_name }) => device_name)).toEqual(['laptop'])
    expect(await ask({ action: 'upload' })).toEqual([])
    expect(await ask({ data_type: 'contacts' })).toEqual([])
    expect(await ask({ end_date: '2020-01-01' })).toEqual([])
    expect(await ask({ start_date: '2090-01-01' })).toEqual([])
    expect(await ask({ start_date: '', end_date: '', action: '', device_id: '', data_type: '' })).toHaveLength(
      all.logs.length,
    )
    const { deviceId } = await phone.sync()
    const phones = await ask({ device_id: deviceId })
    expect(phones.length).toBeGreaterThan(0)
    expect(phones.length).toBeLessThan(all.logs.length)
    const second = await commands.sync_get_audit_logs({ filters: { page: 2, limit: 2 } })
    expect(second.logs.map(({ id }) => id)).toEqual(all.logs.slice(2, 4).map(({ id }) => id))
    expect(second.pagination).toMatchObject({ page: 2, limit: 2, total_pages: Math.ceil(all.logs.length / 2) })
  },

  async sync_get_audit_stats(world: CommandWorld) {
    const [laptop] = await world.both()
    await wrongCode(world, laptop)
    const { logs } = await laptop.commands.sync_get_audit_logs()
    const stats = await laptop.commands.sync_get_audit_stats()
    expect(stats.overall).toMatchObject({
      total_operations: logs.length,
      failed_operations: 1,
      successful_operations: logs.length - 1,
    })
    expect(stats.overall.success_rate).toBeCloseTo(((logs.length - 1) / logs.length) * 100, 1)
    expect(stats.overall.unique_devices).toBeGreaterThanOrEqual(1)
    expect(stats.by_action.reduce((sum, { count }) => sum + count, 0)).toBe(logs.length)
    expect(stats.recent_activity.reduce((sum, { count }) => sum + count, 0)).toBe(logs.length)
    expect(stats.recent_failures.map(({ action }) => action)).toEqual(['sign-in-failed'])
    expect(stats.by_data_type).toEqual([])
  },

  async sync_export_audit_logs(world: CommandWorld) {
    const { commands } = await world.registered()
    const csv = await commands.sync_export_audit_logs()
    expect(csv).toMatch(/^number,time,event/)
    expect(csv).toContain('password-set')
    expect(await commands.sync_export_audit_logs({ start: '2020-01-01', end: '2020-12-31' })).not.toContain(
      'password-set',
    )
    expect(await commands.sync_export_audit_logs({ end: '2090-12-31' })).toContain('password-set')
    const { logs } = await commands.sync_get_audit_logs({ filters: { action: 'exported' } })
    expect(logs).toHaveLength(3)
  },

  async sync_get_2fa_status(world: CommandWorld) {
    const { commands } = await world.registered()
    expect(await commands.sync_get_2fa_status()).toEqual({
      ...{ enabled: false, enabled_at: null, backup_codes_remaining: 0 },
    })
    const { secret } = await commands.sync_setup_2fa()
    await commands.sync_enable_2fa({ token: oneTimeCode(secret, Date.now()) })
    const status = await commands.sync_get_2fa_status()
    expect(status).toMatchObject({ enabled: true, backup_codes_remaining: 10 })
    expect(isTime(status.enabled_at)).toBe(true)
  },

  async sync_setup_2fa(world: CommandWorld) {
    const { commands } = await world.registered()
    const { secret, qr_code_url, manual_entry_key } = await commands.sync_setup_2fa()
    expect(manual_entry_key).toBe(secret)
    expect(qr_code_url).toContain(`secret=${secret}`)
    expect(decodeURIComponent(qr_code_url)).toContain(email)
  },

  async sync_enable_2fa(world: CommandWorld) {
    const { commands } = await world.registered()
    const { secret } = await commands.sync_setup_2fa()
    expect(await codeOf(commands.sync_enable_2fa({ token: 'wrong' }))).toBe('code-wrong')
    const codes = await commands.sync_enable_2fa({ token: oneTimeCode(secret, Date.now()) })
    expect([codes.length, new Set(codes).size]).toEqual([10, 10])
  },

  async sync_disable_2fa(world: CommandWorld) {
    const [{ commands }, codes] = await withTwoFactor(world)
    const token = codes[0] as string
    expect(await codeOf(commands.sync_disable_2fa({ password: 'not the password', token }))).toBe('sign-in-failed')
    await commands.sync_disable_2fa({ password, token })
    expect((await commands.sync_get_2fa_status()).enabled).toBe(false)
  },

  async sync_verify_2fa(world: CommandWorld) {
    const [, codes] = await withTwoFactor(world)
    const phone = world.client('phone')
    const token = codes[0] as string
    expect(await codeOf(phone.commands.sync_verify_2fa({ email, token }))).toBe('code-required')
    expect(await codeOf(phone.commands.sync_login({ email, password }))).toBe('code-required')
    expect(await codeOf(phone.commands.sync_verify_2fa({ email, token: 'wrong-code' }))).toBe('code-wrong')
    expect(await phone.commands.sync_verify_2fa({ email, token, remember_device: true })).toEqual({
      ...{ success: true, backup_code_used: true, remaining_backup_codes: 9 },
    })
    expect(phone.notices.map(({ parameter }) => parameter)).toEqual(['remember_device'])
    expect((await phone.commands.sync_start()).errors).toEqual([])

    // A window may ask for the code by itself instead.
    const tablet = world.client('tablet', async () => codes[1])
    await tablet.commands.sync_login({ email, password })
    expect((await tablet.commands.sync_get_config()).enabled).toBe(true)
  },
}
