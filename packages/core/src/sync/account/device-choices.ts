// What was chosen on this device, and what it remembers of the others.
import type { Store } from '../../storage'
import { decodeSchedule, defaultSchedule, type StoredSchedule, scheduleKey } from '../schedule/schedule-row'
import { HeardDevices } from './heard-devices'
import { OffDocuments } from './off-documents'

/** When and what this device syncs, and when it last heard of the others. */
export interface DeviceChoices {
  readonly schedule: StoredSchedule
  readonly off: OffDocuments
  readonly heard: HeardDevices
}

/** @throws SyncError `profile-damaged` */
export async function readChoices(store: Store): Promise<DeviceChoices> {
  const [schedule, off, heard] = await Promise.all([
    store.get(scheduleKey),
    OffDocuments.read(store),
    HeardDevices.read(store),
  ])
  return { schedule: schedule === undefined ? defaultSchedule : decodeSchedule(schedule), off, heard }
}
