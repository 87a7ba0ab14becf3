// Where the chains of devices that leave end. The relay tells it, each with the device's own signature, so that it can make up none; and
// it may leave some out, so that what this device has verified itself counts, too. Of two ends of one chain the further one stands.
// Of more chains than a cut can name the rest is left out, and does not count for anybody.
import {
  type AccountId,
  bytesEqual,
  bytesToHex,
  type CutEntry,
  chainsForCut,
  type DeviceId,
  findDevice,
  headSigningBytes,
  type KeyringState,
  MAX_CUT_ENTRIES,
  type SignedDocumentHead,
} from '@owlivion/sync-protocol'
import type { SigningProvider } from '../../platform'

export interface CutInput {
  readonly signing: SigningProvider
  readonly keyring: KeyringState
  /** The devices that leave; ends of other chains are passed over. */
  readonly devices: readonly DeviceId[]
  readonly heads: readonly SignedDocumentHead[]
  /** Ends of chains that this device verified. */
  readonly known: readonly CutEntry[]
}

export interface RemovalCut {
  readonly cut: readonly CutEntry[]
  /**
   * There may be chains that it does not name. The record is then sent as restored: the relay would refuse it with `cut-behind` for ever, and
   * a device could make itself unremovable by opening chains.
   */
  readonly isPartial: boolean
}

export async function cutOf({ signing, keyring, devices, heads, known }: CutInput): Promise<RemovalCut> {
  const isLeaving = ({ device }: CutEntry): boolean => devices.some((id) => bytesEqual(id, device))
  const ends = new Map<string, CutEntry>()
  const take = (entry: CutEntry): void => {
    const key = `${bytesToHex(entry.document)}/${bytesToHex(entry.device)}/${entry.incarnation}`
    const other = ends.get(key)
    if (other === undefined || other.sequence < entry.sequence) ends.set(key, entry)
  }
  for (const entry of known) if (isLeaving(entry)) take(entry)
  for (const head of heads.filter(isLeaving)) if (await isSignedByItsDevice(signing, keyring, head)) take(entryOf(head))
  const cut = chainsForCut([...ends.values()])
  return { cut, isPartial: heads.length >= MAX_CUT_ENTRIES || cut.length < ends.size }
}

async function isSignedByItsDevice(
  signing: SigningProvider,
  keyring: KeyringState,
  head: SignedDocumentHead,
): Promise<boolean> {
  const device = findDevice(keyring, head.device)
  if (device === undefined) return false
  const account: AccountId = keyring.account
  return signing.verify(device.signing, headSigningBytes(account, head.document, head), head.signature)
}

function entryOf({ document, device, incarnation, sequence, hash }: SignedDocumentHead): CutEntry {
  return { document, device, incarnation, sequence, hash }
}

/** A decoded frame is a view into what arrived; what is kept over a wait owns its bytes. */
export function copyHeads(heads: readonly SignedDocumentHead[]): SignedDocumentHead[] {
  const copy = <T extends Uint8Array>(bytes: T): T => bytes.slice() as T
  return heads.map((head) => ({
    ...head,
    document: copy(head.document),
    device: copy(head.device),
    hash: copy(head.hash),
    signature: copy(head.signature),
  }))
}
