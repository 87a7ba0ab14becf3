// What is synced and when, on this device, and where it stands.
import type { Sync } from '../client'
import type { AccountHolder } from './account-holder'
import type { SyncConfigDto, SyncStatusDto } from './dto'
import { schedulerMode } from './scheduler-commands'
import type { SyncCommands } from './signatures'
import { timeField } from './times'
import { oldTypes } from './types'

type ConfigCommands = Pick<SyncCommands, 'sync_start' | 'sync_get_config' | 'sync_update_config' | 'sync_get_status'>

export function configCommands(holder: AccountHolder, conflictsOf: ConflictsOf): ConfigCommands {
  return {
    async sync_start(parameters) {
      holder.noticeMasterPassword('sync_start', parameters)
      const sync = await holder.get()
      const collections = await holder.collections()
      const errors: string[] = []
      try {
        await sync.syncNow()
      } catch (error) {
        errors.push(error instanceof Error ? error.message : String(error))
      }
      const isSynced = (name: string): boolean => {
        const status = collections.get(name)?.status
        if (status === undefined || status.isOff || errors.length > 0) return false
        return status.refused === undefined && status.held.length === 0
      }
      const refused = [...collections].flatMap(([name, { status }]) =>
        status.refused === undefined ? [] : [`${name}: ${status.refused.message}`],
      )
      const conflicts = await conflictsOf()
      return {
        accounts_synced: isSynced('accounts'),
        contacts_synced: isSynced('contacts'),
        preferences_synced: isSynced('preferences'),
        signatures_synced: isSynced('signatures'),
        errors: [...errors, ...refused],
        ...(conflicts.length > 0 && { conflicts }),
      }
    },

    async sync_get_config() {
      const sync = await holder.find()
      const isOn = (name: string): boolean => sync?.isCollectionEnabled(name) ?? true
      const own = sync?.devices().find(({ isThisDevice }) => isThisDevice)
      const config: SyncConfigDto = {
        enabled: sync !== undefined && !sync.schedule.isPaused,
        ...(sync !== undefined && { user_id: sync.accountId }),
        device_id: sync?.deviceId ?? '',
        device_name: own?.name ?? holder.options.deviceName,
        platform: own?.platform ?? holder.options.devicePlatform ?? '',
        ...(sync !== undefined && timeField('last_sync_at', lastSyncMs(holder, sync))),
        sync_accounts: isOn('accounts'),
        sync_contacts: isOn('contacts'),
        sync_preferences: isOn('preferences'),
        sync_signatures: isOn('signatures'),
      }
      return config
    },

    async sync_update_config({ config }) {
      const sync = await holder.get()
      for (const type of oldTypes) {
        const isOn = config[`sync_${type}`]
        if (isOn !== undefined && isOn !== sync.isCollectionEnabled(type)) await sync.setCollectionEnabled(type, isOn)
      }
      const { enabled, sync_interval_minutes: minutes, sync_on_startup: onStart } = config
      await sync.setSchedule({
        ...(enabled !== undefined && enabled === sync.schedule.isPaused && { paused: !enabled }),
        ...(onStart !== undefined && { onStart }),
        ...(minutes !== undefined && { mode: minutes === 0 ? 'manual' : schedulerMode(minutes) }),
      })
      const isOther = config.device_name !== undefined && config.device_name !== own(sync)?.name
      holder.notice(
        'sync_update_config',
        'device_name',
        isOther || undefined,
        'A device says its name when it joins the account; sign out and in again to change it.',
      )
    },

    async sync_get_status() {
      const sync = await holder.find()
      if (sync === undefined) return oldTypes.map((type) => ({ data_type: type, version: 0, status: 'idle' as const }))
      const statuses: SyncStatusDto[] = []
      for (const type of oldTypes) {
        const collection = await holder.collection(type)
        statuses.push({
          data_type: type,
          version: collection.status.lastEntry,
          ...timeField('last_sync_at', lastSyncMs(holder, sync)),
          status: statusWord(sync, collection),
        })
      }
      return statuses
    },
  }
}

type ConflictsOf = () => Promise<
  readonly NonNullable<Awaited<ReturnType<SyncCommands['sync_start']>>['conflicts']>[number][]
>

type Status = Awaited<ReturnType<AccountHolder['collection']>>

function statusWord(sync: Sync, collection: Status): SyncStatusDto['status'] {
  const { status } = collection
  const { refusal, storage, connection } = sync.status
  const isBroken = refusal !== undefined || storage !== undefined || status.refused !== undefined
  if (isBroken || status.held.length > 0 || status.suspicions.length > 0) return 'error'
  if (collection.conflicts().length > 0 || collection.deleteConflicts().length > 0) return 'conflict'
  if (status.isOff) return 'idle'
  const isBehind = status.unsent > 0 || !status.caughtUp
  return isBehind && (connection === 'online' || connection === 'connecting') ? 'syncing' : 'idle'
}

function own(sync: Sync) {
  return sync.devices().find(({ isThisDevice }) => isThisDevice)
}

/** When this device was last known to have everything, and everything of it was at the relay. */
function lastSyncMs({ lastGreenMs }: AccountHolder, { schedule }: Sync): number | undefined {
  const times = [lastGreenMs, schedule.lastDoneMs].filter((ms) => ms !== undefined)
  return times.length === 0 ? undefined : Math.max(...times)
}
