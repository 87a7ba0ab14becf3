// What happens to a relay's disk as a whole: it is wiped, an old backup takes its place, the file of somebody else is put there, another
// relay takes over for a while, or some devices talk to a copy of it. What it has once confirmed, only the devices have then.
import type { MemoryData } from '@owlivion/relay/testing'
import type { Network } from './network'
import { SimRelay, type SimRelayOptions } from './relay'
import { RelayDisk, type RelayDiskOptions } from './relay-disk'
import type { Trace } from './trace'

export type RelayLoss =
  | 'empty'
  /** With a generation of its own, as the restore command sees to. */
  | 'from an old backup'
  /** Somebody copied the file. */
  | 'from an old backup that nobody marked'
  | 'with the file of another account'
  /** The two have different halves of what was written. */
  | 'as another relay'

export interface RelayLossesOptions {
  readonly network: Network
  readonly trace: Trace
  readonly relay: SimRelay
  readonly disk: RelayDisk
  /** For a second relay beside the first. */
  readonly disksLike: RelayDiskOptions
  readonly relaysLike: Omit<SimRelayOptions, 'disk' | 'name' | 'listen'>
}

export class RelayLosses {
  #backup: MemoryData | undefined
  /** On the disk of the relay that is not in use. */
  #other: MemoryData | undefined
  #copy: { readonly relay: SimRelay; readonly devices: readonly string[] } | undefined
  #haveHappened = false

  constructor(private readonly options: RelayLossesOptions) {}

  /** The relay has not always had what it confirmed, or not told everybody the same; devices may say so. */
  get haveHappened(): boolean {
    return this.#haveHappened
  }

  backUp(): void {
    this.#backup = this.options.disk.copy()
    this.options.trace.add('relay', 'is backed up')
  }

  /** Kills the relay and changes its disk. @returns false when there is nothing to change: the relay is down, or has no backup */
  lose(how: RelayLoss): boolean {
    const { relay, disk, trace } = this.options
    const isFromBackup = how === 'from an old backup' || how === 'from an old backup that nobody marked'
    if (!relay.isUp || (isFromBackup && this.#backup === undefined)) return false
    relay.crash()
    disk.replace(this.#takeData(how))
    this.#haveHappened = true
    trace.add('relay', `comes back ${how}`)
    return true
  }

  /** From now on these devices talk to a relay of their own, which has what the other one has. */
  fork(devices: readonly string[]): void {
    if (this.#copy !== undefined) return
    const { network, trace, disk, disksLike, relaysLike } = this.options
    const relay = new SimRelay({
      ...relaysLike,
      disk: new RelayDisk({ ...disksLike, data: disk.copy() }),
      name: 'copied relay',
      listen: (listener) => {
        for (const device of devices) network.redirect(device, listener)
      },
    })
    this.#copy = { relay, devices }
    this.#haveHappened = true
    trace.add('relay', 'shows two views')
    relay.start()
    for (const device of devices) network.reset(device, 'both')
  }

  /** All talk to one relay again. What only the other had is gone with it. */
  join(): void {
    const { network, trace } = this.options
    const copy = this.#copy
    if (copy === undefined) return
    this.#copy = undefined
    copy.relay.crash()
    for (const device of copy.devices) network.redirect(device, undefined)
    trace.add('relay', 'shows one view again')
  }

  #takeData(how: RelayLoss): MemoryData {
    const { disk } = this.options
    switch (how) {
      case 'empty':
        return disk.empty()
      case 'from an old backup':
        return disk.renamed(structuredClone(this.#backup as MemoryData))
      case 'from an old backup that nobody marked':
        return structuredClone(this.#backup as MemoryData)
      case 'with the file of another account':
        return disk.renamed(ofSomebodyElse(disk.copy()))
      case 'as another relay': {
        const before = disk.copy()
        const data = this.#other ?? disk.empty()
        this.#other = before
        return data
      }
    }
  }
}

/** The same relay, where the account is not the one that its devices know. */
function ofSomebodyElse(data: MemoryData): MemoryData {
  const accounts: MemoryData['accounts'] = new Map()
  for (const [key, account] of data.accounts) {
    const [id, recovery] = [mirrored(account.id), mirrored(account.recovery)]
    accounts.set([...key].reverse().join(''), { ...account, id, recovery })
  }
  return { ...data, accounts }
}

function mirrored<T extends Uint8Array>(bytes: T): T {
  return bytes.map((byte) => ((byte & 15) << 4) | (byte >> 4)).reverse() as T
}
