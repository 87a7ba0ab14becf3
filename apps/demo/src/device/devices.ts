// The two devices of this page. They share nothing but the address of the relay: what one knows of the other came through it.
import { Device } from './device'

const relay = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/`

export const laptop = new Device({ name: 'Laptop', database: 'owlivion-demo-laptop', relay, startsAccount: true })
export const phone = new Device({ name: 'Phone', database: 'owlivion-demo-phone', relay, startsAccount: false })
export const devices = [laptop, phone] as const

/** Both devices as new. What the relay holds of the old account stays there, and nobody can open it any more. */
export async function startOver(): Promise<void> {
  await Promise.all(devices.map((device) => device.wipe()))
}
