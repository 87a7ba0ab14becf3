// How far a removed device's chains count: the cut that came with its removal, read from the stored keyring when it is needed.
import {
  bytesToHex,
  type Cut,
  type DeviceId,
  type DocumentId,
  decodeCut,
  findDevice,
  isWithinCut,
  type KeyringState,
  MAX_FRAME_BYTES,
} from '@owlivion/sync-protocol'
import type { RelayStore } from './store/relay-store'

export class Cuts {
  private readonly cutByDevice = new Map<string, Promise<Cut>>()

  /** For one request: a keyring may be replaced, and its cuts with it. */
  constructor(private readonly store: RelayStore) {}

  /** Whether an entry of the device counts: the keyring names it, and it lies within the cut if the device was removed. */
  async allow(
    keyring: KeyringState,
    document: DocumentId,
    { device, incarnation }: { readonly device: DeviceId; readonly incarnation: number },
    sequence: number,
  ): Promise<boolean> {
    const known = findDevice(keyring, device)
    if (known === undefined) return false
    if (known.removedAt === undefined) return true
    const cut = await this.cutOf(keyring, device, known.removedAt)
    return isWithinCut(cut, document, device, incarnation, sequence)
  }

  private cutOf(keyring: KeyringState, device: DeviceId, removedAt: number): Promise<Cut> {
    const key = bytesToHex(device)
    const cut = this.cutByDevice.get(key) ?? this.read(keyring, removedAt)
    this.cutByDevice.set(key, cut)
    return cut
  }

  /** A removal without a cut leaves nothing that counts. */
  private async read({ account }: KeyringState, removedAt: number): Promise<Cut> {
    const { records } = await this.store.readKeyring(account, removedAt, 1, MAX_FRAME_BYTES)
    const cut = records[0]?.cut
    return cut === undefined ? [] : decodeCut(cut)
  }
}
