import type { DeviceDetails } from '@owlivion/sync'

const time = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const timeWithSeconds = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

export function timeText(ms: number): string {
  return isDay(ms) ? time.format(ms) : 'no time'
}

export function exactTimeText(ms: number): string {
  return isDay(ms) ? timeWithSeconds.format(ms) : 'no time'
}

/** A relay may say any number; only some are moments. */
function isDay(ms: number): boolean {
  return !Number.isNaN(new Date(ms).getTime())
}

export function nameText({ name, role }: Pick<DeviceDetails, 'name' | 'role'>): string {
  if (role === 'sign-in') return 'Password sign-in'
  return name || 'A device whose name cannot be read'
}

/** What to call a device in a sentence, by the hex of its id. */
export function nameOfId(devices: readonly DeviceDetails[], id: string): string {
  const device = devices.find((each) => each.id === id)
  return device === undefined ? 'A device' : nameText(device)
}
