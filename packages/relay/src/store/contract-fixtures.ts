// Made-up requests for the contract suite: a store compares hashes and signatures with nothing, so none of them is real.
import {
  type AccountId,
  type ChainHead,
  type DeviceId,
  type DocumentId,
  encodeSnapshotFile,
  encodeSnapshotHeader,
  type Hash,
  type SnapshotHeader,
  type Verdict,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import type { AccountQuota } from './account-quota'
import type { AppendRequest, KeyringAppend } from './relay-store'
import type { SnapshotPut, VerdictPut } from './snapshot-rows'

export const quota: AccountQuota = { maxDocuments: 100, maxBytes: undefined }
export const PAGE = 500_000

/** Made-up bytes with a name: the store compares hashes and never checks them. */
export function bytes<T extends Uint8Array>(length: number, name: string): T {
  let state = 2166136261
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 16777619)
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9
    return state >>> 24
  }) as Uint8Array as T
}

export const account = bytes<AccountId>(32, 'account')
export const [a, b] = [bytes<DeviceId>(16, 'device a'), bytes<DeviceId>(16, 'device b')].sort((x, y) =>
  (x[0] as number) < (y[0] as number) ? -1 : 1,
) as [DeviceId, DeviceId]
export const contacts = bytes<DocumentId>(16, 'contacts')
export const drafts = bytes<DocumentId>(16, 'drafts')

export const entryHash = (device: DeviceId, sequence: number, content = ''): Hash =>
  sequence === 0 ? ZERO_HASH : bytes<Hash>(32, `entry ${device.join()} ${sequence} ${content}`)

interface PushShape {
  readonly account?: AccountId
  readonly document?: DocumentId
  readonly device?: DeviceId
  readonly incarnation?: number
  readonly from?: number
  readonly count?: number
  readonly size?: number
  /** Says what the entries hold, so that two contents of one sequence can be made. */
  readonly content?: string
  readonly freshFrom?: number
  readonly keyringHead?: Hash
  readonly documentEpoch?: number
  readonly isHeldUp?: boolean
}

export function push(shape: PushShape = {}): AppendRequest {
  const { device = a, from = 1, count = 1, size = 200, content = '' } = shape
  const entries = Array.from({ length: count }, (_, index) => ({
    sequence: from + index,
    envelope: bytes(size, `envelope ${device.join()} ${from + index} ${content}`),
    envelopeHash: bytes<Hash>(32, `envelope hash ${device.join()} ${from + index} ${content}`),
    entryHash: entryHash(device, from + index, content),
  }))
  return {
    account: shape.account ?? account,
    document: shape.document ?? contacts,
    device,
    incarnation: shape.incarnation ?? 7,
    previous: entryHash(device, from - 1),
    entries,
    signature: bytes(64, `signature ${device.join()} ${from + count - 1}`),
    freshFrom: shape.freshFrom ?? 0,
    keyringHead: shape.keyringHead ?? headAt(1),
    documentEpoch: shape.documentEpoch ?? 0,
    isHeldUp: shape.isHeldUp ?? false,
  }
}

interface SnapshotShape {
  readonly covered: number
  readonly coveredHash: Hash
  readonly parent?: Hash
  readonly document?: DocumentId
  readonly author?: DeviceId
  readonly documentEpoch?: number
  readonly vector?: readonly ChainHead[]
  readonly exempt?: readonly number[]
  readonly size?: number
  readonly storedAtMs?: number
  readonly change?: Partial<SnapshotPut>
}

/** A snapshot of made-up content, named by what it covers and by its author. */
export function snapshot(shape: SnapshotShape): SnapshotPut {
  const { covered, coveredHash, parent, author = a, documentEpoch = 0, size = 400 } = shape
  const name = `snapshot ${author.join()} ${covered} ${documentEpoch}`
  const header: SnapshotHeader = {
    documentEpoch,
    coveredNumber: covered,
    coveredHash,
    ...(parent && { parent }),
    keyringHead: { length: 1, hash: headAt(1) },
    vector: shape.vector ?? [],
    exempt: shape.exempt ?? [],
  }
  const envelope = bytes(size, `${name} envelope`)
  const file = encodeSnapshotFile({ header: encodeSnapshotHeader(header), signature: bytes(64, name), envelope })
  return {
    account,
    document: shape.document ?? contacts,
    hash: bytes<Hash>(32, name),
    header,
    file,
    author,
    storedAtMs: shape.storedAtMs ?? START_MS,
    keyringHead: headAt(1),
    isFresh: true,
    mayRebase: false,
    mayHeal: false,
    ...shape.change,
  }
}

/** When the made-up snapshots were stored. */
export const START_MS = 1_700_000_000_000
export const DAY_MS = 86_400_000

export function verdict(of: SnapshotPut, device: DeviceId, said: Verdict, atMs = START_MS): VerdictPut {
  const { account, document, hash } = of
  const signature = bytes(64, `${said} ${device.join()}`)
  return { account, document, hash, device, verdict: said, signature, atMs }
}

/** Head of a keyring of so many made-up records. */
export const headAt = (length: number): Hash => (length === 0 ? ZERO_HASH : bytes<Hash>(32, `head ${length}`))

export function record(position: number, change: Partial<KeyringAppend> = {}): KeyringAppend {
  return {
    account,
    expectedLength: position,
    expectedHead: headAt(position),
    record: bytes(300, `record ${position}`),
    storedAtMs: 1_700_000_000_000 + position,
    head: headAt(position + 1),
    recovery: bytes<AccountId>(32, 'recovery'),
    ...change,
  }
}
