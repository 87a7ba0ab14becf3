// What the history of a data type is to do, one case for each command.
import { expect } from 'vitest'
import { codeOf } from '../../support/sign-in-world'
import { type Client, type CommandWorld, contactsOf } from './client'

/** Three steps: Ann on the laptop, her company on the phone, and Bob on the laptop. */
async function withHistory(world: CommandWorld): Promise<readonly [laptop: Client, phone: Client]> {
  const [laptop, phone] = await world.both()
  const [here, there] = await Promise.all([contactsOf(laptop), contactsOf(phone)])
  await here.add('ann', { name: 'Ann' })
  for (const { commands } of [laptop, phone]) await commands.sync_start()
  await there.update('ann', { organisation: 'Acme' })
  for (const { commands } of [phone, laptop]) await commands.sync_start()
  await here.add('bob', { name: 'Bob' })
  for (const { commands } of [laptop, phone]) await commands.sync_start()
  return [laptop, phone]
}

export const historyCases = {
  async get_sync_history(world: CommandWorld) {
    const [laptop, phone] = await withHistory(world)
    const ask = (limit: number, data_type = 'contacts') => laptop.commands.get_sync_history({ data_type, limit })
    const steps = await ask(30)
    expect(steps.map(({ operation, items_count, sync_status }) => [operation, items_count, sync_status])).toEqual([
      ['push', 1, 'success'],
      ['pull', 1, 'success'],
      ['push', 1, 'success'],
    ])
    expect(steps[1]?.device_id).toBe((await phone.sync()).deviceId)
    const versions = steps.map(({ version }) => version)
    expect(versions).toEqual([...versions].sort((a, b) => b - a))
    expect(versions[0]).toBe((await laptop.commands.sync_get_status())[1]?.version)
    for (const { created_at } of steps) expect(Math.abs(Date.parse(created_at) - Date.now())).toBeLessThan(600_000)
    expect((await ask(2)).map(({ version }) => version)).toEqual(versions.slice(0, 2))
    expect(await ask(30, 'labels')).toEqual([])
    expect(await codeOf(ask(30, 'letters'))).toBe('invalid-value')
  },

  async rollback_sync(world: CommandWorld) {
    const [laptop, phone] = await withHistory(world)
    const contacts = await contactsOf(laptop)
    const history = await laptop.commands.get_sync_history({ data_type: 'contacts', limit: 30 })
    const [, , first] = history.map(({ version }) => version)
    await laptop.commands.rollback_sync({ data_type: 'contacts', version: first ?? 0, master_password: 'old' })
    expect(laptop.notices.map(({ command }) => command)).toEqual(['rollback_sync'])
    expect(contacts.list()).toEqual([['ann', { name: 'Ann' }]])
    for (const { commands } of [laptop, phone]) await commands.sync_start()
    expect((await contactsOf(phone)).list()).toEqual([['ann', { name: 'Ann' }]])

    // Going back is a step like any other, and there is a way forward again.
    const [, before] = await laptop.commands.get_sync_history({ data_type: 'contacts', limit: 30 })
    expect(before?.version).toBeGreaterThan(first ?? 0)
    await laptop.commands.rollback_sync({ data_type: 'contacts', version: history[0]?.version ?? 0 })
    expect(contacts.get('ann')).toEqual({ name: 'Ann', organisation: 'Acme' })
    expect(contacts.has('bob')).toBe(true)
    const here = contacts.list()
    for (const version of [0, -1, 1.5, 9_999, Number.NaN, undefined as never, '1' as never])
      expect(await codeOf(laptop.commands.rollback_sync({ data_type: 'contacts', version })), `${version}`).toBe(
        'invalid-value',
      )
    expect(contacts.list()).toEqual(here)
  },

  async enforce_sync_retention(world: CommandWorld) {
    const [laptop] = await withHistory(world)
    const [, step] = await laptop.commands.get_sync_history({ data_type: 'contacts', limit: 30 })
    await laptop.commands.rollback_sync({ data_type: 'contacts', version: step?.version ?? 0 })
    // Going back has named where it went back from.
    expect(await laptop.commands.enforce_sync_retention({ retention_days: 90 })).toBe(0)
    expect(await laptop.commands.enforce_sync_retention({ retention_days: 0 })).toBe(1)
    expect(await laptop.commands.enforce_sync_retention({ retention_days: 0 })).toBe(0)
    expect(await laptop.commands.get_sync_history({ data_type: 'contacts', limit: 30 })).not.toEqual([])
  },
}
