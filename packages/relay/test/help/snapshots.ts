// Snapshots and verdicts that a relay cannot tell from real ones, and the log that they speak of.
import {
  type ChainHead,
  type DocumentId,
  decodeEnvelope,
  encodeEnvelope,
  encodeSnapshotFile,
  encodeSnapshotHeader,
  envelopeHash,
  envelopeKinds,
  type Frame,
  type Hash,
  newestEpoch,
  nextLogHash,
  SnapshotAssembly,
  type SnapshotHeader,
  snapshotHash,
  snapshotSigningBytes,
  snapshotVerdictBytes,
  splitSnapshot,
  type Verdict,
} from '@owlivion/sync-protocol'
import { random, sha512, type TestDevice } from './account'
import type { TestClient } from './client'

export interface SnapshotShape extends Partial<SnapshotHeader> {
  readonly coveredNumber: number
  readonly coveredHash: Hash
  readonly sizeBytes?: number
  /** Signs and seals in the place of the device. */
  readonly signer?: TestDevice
}

export interface TestSnapshot {
  readonly hash: Hash
  readonly file: Uint8Array
  readonly puts: readonly Extract<Frame, { type: 'snapshot-put' }>[]
}

export function snapshotOf(device: TestDevice, document: DocumentId, shape: SnapshotShape): TestSnapshot {
  const { sizeBytes = 400, signer = device, ...fields } = shape
  const { account } = device
  const { keyring } = account
  const header = encodeSnapshotHeader({
    documentEpoch: 0,
    keyringHead: { length: keyring.length, hash: keyring.head },
    vector: [],
    exempt: [],
    ...fields,
  })
  const { position, keyId } = newestEpoch(keyring)
  const envelope = encodeEnvelope({
    version: 1,
    suite: 1,
    kind: envelopeKinds.snapshot,
    documentEpoch: shape.documentEpoch ?? 0,
    epoch: position,
    device: device.id,
    incarnation: device.incarnation,
    sequence: Math.max(1, shape.coveredNumber),
    nonce: random(24),
    box: random(sizeBytes),
  })
  const unsigned = { header, envelope, signature: new Uint8Array(64) }
  const hash = snapshotHash(sha512, { account: account.id, document, keyId }, unsigned)
  const signature = signer.keys.sign(snapshotSigningBytes(account.id, document, hash))
  const file = encodeSnapshotFile({ header, signature, envelope })
  const puts = splitSnapshot(hash, file).map((part) => ({ type: 'snapshot-put', document, part }) as const)
  return { hash, file, puts }
}

export function verdictOf(
  device: TestDevice,
  document: DocumentId,
  hash: Hash,
  verdict: Verdict,
): Extract<Frame, { type: 'snapshot-verdict' }> {
  const signature = device.keys.sign(snapshotVerdictBytes(device.account.id, document, hash, verdict))
  return { type: 'snapshot-verdict', document, hash, verdict, signature }
}

/** The log of a document as a device computes it. */
export class TestLog {
  readonly hashes: Hash[]
  readonly envelopes: Uint8Array[] = []

  constructor(start: Hash) {
    this.hashes = [start]
  }

  add(entries: readonly Uint8Array[]): void {
    for (const entry of entries) {
      this.envelopes.push(entry)
      this.hashes.push(nextLogHash(sha512, this.hashes.at(-1) as Hash, envelopeHash(sha512, entry)))
    }
  }

  get newest(): number {
    return this.envelopes.length
  }

  at(number: number): { coveredNumber: number; coveredHash: Hash } {
    return { coveredNumber: number, coveredHash: this.hashes[number] as Hash }
  }

  cursor(document: DocumentId, number: number) {
    return { document, number, hash: this.hashes[number] as Hash }
  }
}

/** Gives back the entries of these pushes in the order that `order` names them by, each with the head of its push. */
export function refillOf(
  pushes: readonly Extract<Frame, { type: 'push' }>[],
  order: readonly number[],
  first = 1,
): Extract<Frame, { type: 'refill' }> {
  const taken = pushes.map(() => 0)
  const entries = order.map((which) => {
    const index = taken[which] as number
    taken[which] = index + 1
    return (pushes[which] as (typeof pushes)[number]).entries[index] as Uint8Array
  })
  const heads = pushes.map(({ entries: [...own], signature }) => {
    const { device, incarnation, sequence } = decodeEnvelope(own.at(-1) as Uint8Array)
    return { device, incarnation, sequence, signature }
  })
  return { type: 'refill', document: (pushes[0] as (typeof pushes)[number]).document, first, entries, heads }
}

/** The end of a device's chain as the vector of a snapshot names it. */
export function headOf(device: TestDevice, document: DocumentId): ChainHead {
  return { device: device.id, incarnation: device.incarnation, ...device.endOf(document) }
}

/** The next frames: all parts of a snapshot and what is exempt. */
export async function receiveSnapshot(client: TestClient): Promise<{
  readonly file: Uint8Array
  readonly hash: Hash
  readonly exempt: readonly Extract<Frame, { type: 'exempt' }>[]
}> {
  const assembly = new SnapshotAssembly()
  for (;;) {
    const { part } = await client.next('snapshot')
    const file = assembly.add(part)
    if (file === undefined) continue
    const exempt = [await client.next('exempt')]
    while (!exempt.at(-1)?.isLast) exempt.push(await client.next('exempt'))
    return { file: file.slice(), hash: part.hash, exempt }
  }
}
