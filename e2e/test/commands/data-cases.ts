// What conflicts and the queue are to do, one case for each command.
import { expect } from 'vitest'
import { codeOf } from '../../support/sign-in-world'
import { type Client, type CommandWorld, contactsOf } from './client'

const ann = 'ann@example.com'

const conflictsOf = async ({ commands }: Client) => (await commands.sync_start()).conflicts ?? []

async function offlineWithEdits(world: CommandWorld): Promise<Client> {
  const laptop = await world.registered()
  await laptop.commands.sync_start()
  ;(await laptop.sync()).goOffline()
  const contacts = await contactsOf(laptop)
  await contacts.add('a', { name: 'A' })
  await contacts.add('b', { name: 'B' })
  return laptop
}

export const dataCases = {
  async sync_resolve_conflict(world: CommandWorld) {
    const [laptop, phone] = await world.inConflict()
    const conflicts = await conflictsOf(laptop)
    const [ofAnn] = conflicts.filter(({ record_id }) => record_id === ann)
    expect(conflicts.map(({ data_type, record_id }) => [data_type, record_id]).sort()).toEqual([
      ['contacts', ann],
      ['contacts', 'bob@example.com'],
    ])
    expect(ofAnn).toMatchObject({
      strategy: 'manual',
      local_data: { name: 'Ann', organisation: 'Laptop Ltd', notes: 'l' },
      server_data: { name: 'Ann', organisation: 'Phone Ltd', notes: 'p' },
    })
    expect(ofAnn?.field_changes).toEqual(
      expect.arrayContaining([{ field: 'organisation', local_value: 'Laptop Ltd', server_value: 'Phone Ltd' }]),
    )
    expect(ofAnn?.conflict_details).toMatch(/organisation.*(laptop, phone|phone, laptop)/)
    for (const time of [ofAnn?.local_updated_at, ofAnn?.server_updated_at])
      expect(Math.abs(Date.parse(time ?? '') - Date.now())).toBeLessThan(600_000)
    const [ofBob] = conflicts.filter(({ record_id }) => record_id === 'bob@example.com')
    expect([ofBob?.local_data, ofBob?.server_data]).toMatchObject([null, { organisation: 'Kept' }])
    expect((await conflictsOf(phone)).find(({ record_id }) => record_id === ann)).toMatchObject({
      ...{ local_data: { organisation: 'Phone Ltd' }, server_data: { organisation: 'Laptop Ltd' } },
    })

    const decide = (more: object) =>
      laptop.commands.sync_resolve_conflict({ data_type: 'contacts', strategy: 'use_local', ...more })
    // One field, then the rest of the record, then the rest of the type.
    await decide({ strategy: 'use_server', record_id: ann, field: 'organisation', master_password: 'old' })
    expect(laptop.notices.map(({ command }) => command)).toContain('sync_resolve_conflict')
    await decide({ strategy: 'manual', record_id: ann, field: 'notes', value: 'both' })
    expect((await conflictsOf(laptop)).map(({ record_id }) => record_id)).toEqual(['bob@example.com'])
    await decide({ strategy: 'use_server' })
    expect(await conflictsOf(laptop)).toEqual([])
    await phone.commands.sync_start()
    const there = await contactsOf(phone)
    expect(there.get(ann)).toMatchObject({ organisation: 'Phone Ltd', notes: 'both' })
    expect(there.get('bob@example.com')).toMatchObject({ organisation: 'Kept' })
    expect(await conflictsOf(phone)).toEqual([])

    expect(await codeOf(decide({ data_type: 'letters' }))).toBe('invalid-value')
    expect(await codeOf(decide({ strategy: 'manual', value: 'x' }))).toBe('invalid-value')
    expect(await codeOf(decide({ strategy: 'ask_later' }))).toBe('invalid-value')
  },

  async sync_get_queue_stats(world: CommandWorld) {
    const outside = await world.client('outside').commands.sync_get_queue_stats()
    expect(outside.total_count).toBe(0)
    const laptop = await offlineWithEdits(world)
    expect(await laptop.commands.sync_get_queue_stats()).toMatchObject({ pending_count: 2, failed_count: 0 })
    const before = (await laptop.commands.sync_get_queue_stats()).completed_count
    ;(await laptop.sync()).goOnline()
    await laptop.until(async () => (await laptop.sync()).status.isGreen)
    const after = await laptop.commands.sync_get_queue_stats()
    expect(after).toMatchObject({
      pending_count: 0,
      in_progress_count: 0,
      failed_count: 0,
      completed_count: before + 2,
    })
    expect(after.total_count).toBe(before + 2)
  },

  async sync_process_queue(world: CommandWorld) {
    const laptop = await offlineWithEdits(world)
    expect(await laptop.commands.sync_process_queue({ master_password: 'old' })).toEqual({
      ...{ processed: 2, succeeded: 0, failed: 2 },
    })
    const sync = await laptop.sync()
    await sync.setSchedule({ mode: 'manual', onStart: false, onNetworkReturn: false })
    sync.goOnline()
    expect(await laptop.commands.sync_process_queue()).toEqual({ processed: 2, succeeded: 2, failed: 0 })
    expect(laptop.notices.map(({ command }) => command)).toEqual(['sync_process_queue'])
  },

  async sync_retry_failed(world: CommandWorld) {
    const laptop = await withFailedRun(world)
    const sync = await laptop.sync()
    expect(await laptop.commands.sync_retry_failed()).toBe(1)
    expect((await laptop.commands.sync_get_queue_stats()).failed_count).toBe(1)
    await sync.setSchedule({ paused: false })
    expect(await laptop.commands.sync_retry_failed()).toBe(1)
    expect(await laptop.commands.sync_get_queue_stats()).toMatchObject({ failed_count: 0, pending_count: 0 })
    expect(await laptop.commands.sync_retry_failed()).toBe(0)
  },

  async sync_clear_completed_queue(world: CommandWorld) {
    const laptop = await offlineWithEdits(world)
    ;(await laptop.sync()).goOnline()
    await laptop.until(async () => (await laptop.sync()).status.isGreen)
    const { completed_count } = await laptop.commands.sync_get_queue_stats()
    expect(await laptop.commands.sync_clear_completed_queue({ older_than_days: 7 })).toBe(0)
    expect(await laptop.commands.sync_clear_completed_queue({ older_than_days: 0 })).toBe(completed_count)
    expect((await laptop.commands.sync_get_queue_stats()).completed_count).toBe(0)
  },

  async sync_clear_failed_queue(world: CommandWorld) {
    const laptop = await withFailedRun(world)
    expect(await laptop.commands.sync_clear_failed_queue()).toBe(1)
    // The edits are there all the same.
    expect(await laptop.commands.sync_get_queue_stats()).toMatchObject({ failed_count: 0, pending_count: 1 })
    expect(await laptop.commands.sync_clear_failed_queue()).toBe(0)
  },
}

/** A run that a pause broke off, with an edit that was not sent. */
async function withFailedRun(world: CommandWorld): Promise<Client> {
  const laptop = await world.registered()
  await laptop.commands.sync_start()
  const sync = await laptop.sync()
  await sync.setSchedule({ mode: 'manual' })
  const running = sync.syncNow().catch(() => {})
  await sync.setSchedule({ paused: true })
  await running
  await (await contactsOf(laptop)).add('a', { name: 'A' })
  return laptop
}
