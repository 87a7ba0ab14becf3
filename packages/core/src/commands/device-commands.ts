// Devices and sessions. The old server had both; here a device that may use the account is the session, and nothing else is.
import type { Sync } from '../client'
import type { DeviceDetails } from '../sync'
import type { AccountHolder } from './account-holder'
import type { SyncCommands } from './signatures'
import { isoTime } from './times'

type DeviceCommands = Pick<
  SyncCommands,
  'sync_list_devices' | 'sync_revoke_device' | 'sync_get_sessions' | 'sync_revoke_session' | 'sync_revoke_all_sessions'
>

/** What the relay last saw is asked for anew after this: windows ask for the list with every change. */
const SEEN_FOR_MS = 30_000
/** What cannot be done at once is written down, and done when the relay can be reached. */
const ANSWER_WITHIN_MS = 10_000

export function deviceCommands(holder: AccountHolder): DeviceCommands {
  let refreshedMs = Number.NEGATIVE_INFINITY

  const devices = async (notOlderThanMs: number): Promise<readonly DeviceDetails[]> => {
    const sync = await holder.get()
    const now = holder.platform.now()
    if (Math.abs(now - refreshedMs) < notOlderThanMs) return usable(sync)
    refreshedMs = now
    // Without a connection the list is there all the same, only without what the relay last saw.
    await holder
      .connected()
      .then(() => sync.refreshDevices())
      .catch(() => {})
    return usable(sync)
  }
  const revoke = async (id: string): Promise<void> => {
    const sync = await holder.get()
    await doneOrOwed(holder, sync, sync.removeDevices([id]))
  }
  return {
    async sync_list_devices() {
      const { options } = holder
      return (await devices(SEEN_FOR_MS)).map(
        ({ id, name, platform: kind, addedAtMs, isThisDevice, lastSeenMs, lastHeardMs }) => ({
          device_id: id,
          device_name: name ?? (isThisDevice ? options.deviceName : ''),
          platform: kind ?? '',
          last_seen_at: isoTime(Math.max(lastHeardMs ?? 0, lastSeenMs ?? 0, addedAtMs ?? 0)),
          created_at: isoTime(addedAtMs ?? 0),
        }),
      )
    },

    sync_revoke_device: ({ device_id }) => revoke(device_id),

    async sync_get_sessions() {
      return (await devices(0)).map(({ id, name, platform: kind, addedAtMs, isThisDevice, lastSeenMs, address }) => ({
        device_id: id,
        device_name: name ?? '',
        platform: kind ?? '',
        ip_address: address === undefined || address === '' ? null : address,
        country_code: null,
        city: null,
        last_activity_at: lastSeenMs === undefined ? null : isoTime(lastSeenMs),
        created_at: addedAtMs === undefined ? null : isoTime(addedAtMs),
        is_current: isThisDevice,
      }))
    },

    sync_revoke_session: ({ device_id }) => revoke(device_id),

    async sync_revoke_all_sessions() {
      const sync = await holder.get()
      const others = usable(sync).filter(({ isThisDevice }) => !isThisDevice)
      if (others.length > 0) await doneOrOwed(holder, sync, sync.removeOtherDevices())
      return others.length
    },
  }
}

/** Not those that were removed, nor the keys of passwords, which are no devices. */
function usable(sync: Sync): DeviceDetails[] {
  return sync.devices().filter(({ isRemoved, role }) => !isRemoved && role === 'device')
}

/** Resolves when it is done, or when the relay cannot be reached and it waits for that. */
function doneOrOwed({ platform }: AccountHolder, sync: Sync, work: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = platform.setTimer(ANSWER_WITHIN_MS, () => {
      if (sync.status.owed.length > 0) resolve()
    })
    work.then(resolve, reject).finally(cancel)
  })
}
