// What devices have said that they will do to the keyring: a removal that is shown as owed is on a disk, and is done whatever happens to
// the device, as long as it is a device of the account.
import type { Sync } from '@owlivion/sync'

export class Undertakings {
  /** By device: ids of the devices that it has undertaken to remove. */
  readonly #removals = new Map<string, Set<string>>()

  heard(device: string, { status }: Sync): void {
    for (const { devices = [] } of status.owed)
      for (const id of devices) this.#removals.set(device, (this.#removals.get(device) ?? new Set()).add(id))
  }

  /** The device is none any more, or was lost with its disk. */
  forgotten(device: string): void {
    this.#removals.delete(device)
  }

  /** @param member any device of the account, when everything has come together */
  check(member: Sync, fail: (reason: string) => void): void {
    const remaining = new Set(
      member
        .devices()
        .filter(({ isRemoved }) => !isRemoved)
        .map(({ id }) => id),
    )
    for (const [device, ids] of this.#removals)
      if ([...ids].some((id) => remaining.has(id))) fail(`${device} owed a removal, and forgot it`)
  }
}
