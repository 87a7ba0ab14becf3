// A cut says, for devices that leave the account, where their chains count up to. A document that it does not name counts not at all.
import { bytesEqual, bytesToHex, compareBytes } from './bytes'
import { decodeWhole, malformed, Writer } from './codec'
import { ProtocolFailure } from './codes'
import type { ChainHead } from './envelope'
import { hashParts, type Sha512 } from './hash'
import { DEVICE_ID_BYTES, type DeviceId, DOCUMENT_ID_BYTES, type DocumentId, HASH_BYTES, type Hash } from './ids'
import { MAX_CUT_BYTES, MAX_CUT_ENTRIES } from './limits'

export interface CutEntry extends ChainHead {
  readonly document: DocumentId
}
/** Sorted by document, device and incarnation, without repetition. */
export type Cut = readonly CutEntry[]

function compareEntries(a: CutEntry, b: CutEntry): number {
  return compareBytes(a.document, b.document) || compareBytes(a.device, b.device) || a.incarnation - b.incarnation
}

/**
 * The chains that a cut has room for: of each device the same number, as far as it has them, and of its chains the longest. So a device that opened
 * thousands to be unremovable is removed all the same, and takes from nobody else what counts of them: an honest one has a handful.
 * Who leaves chains out sends the record as restored, which the relay does not refuse with `cut-behind`.
 */
export function chainsForCut<T extends CutEntry>(chains: readonly T[]): readonly T[] {
  if (chains.length <= MAX_CUT_ENTRIES) return chains
  const byDevice = new Map<string, T[]>()
  for (const chain of chains) {
    const key = bytesToHex(chain.device)
    const own = byDevice.get(key)
    if (own === undefined) byDevice.set(key, [chain])
    else own.push(chain)
  }
  const ranked = [...byDevice.values()].flatMap((own) =>
    own.sort((a, b) => b.sequence - a.sequence).map((chain, rank) => ({ chain, rank })),
  )
  ranked.sort((a, b) => a.rank - b.rank)
  return ranked.slice(0, MAX_CUT_ENTRIES).map(({ chain }) => chain)
}

/** Sorts `entries` first; an entry that occurs twice is refused. */
export function encodeCut(entries: Cut): Uint8Array {
  const writer = new Writer()
  const sorted = [...entries].sort(compareEntries)
  checkSorted(sorted)
  writer.list(
    sorted,
    (entry) =>
      writer
        .fixed(entry.document, DOCUMENT_ID_BYTES)
        .fixed(entry.device, DEVICE_ID_BYTES)
        .uint32(entry.incarnation)
        .varUint(entry.sequence)
        .fixed(entry.hash, HASH_BYTES),
    MAX_CUT_ENTRIES,
  )
  const bytes = writer.finish()
  checkSize(bytes)
  return bytes
}

export function decodeCut(bytes: Uint8Array): Cut {
  checkSize(bytes)
  return decodeWhole(bytes, (reader) => {
    const entries = reader.list(MAX_CUT_ENTRIES, DOCUMENT_ID_BYTES + DEVICE_ID_BYTES + 5 + HASH_BYTES, () => ({
      document: reader.fixed<DocumentId>(DOCUMENT_ID_BYTES),
      device: reader.fixed<DeviceId>(DEVICE_ID_BYTES),
      incarnation: reader.uint32(),
      sequence: reader.varUint(),
      hash: reader.fixed<Hash>(HASH_BYTES),
    }))
    checkSorted(entries)
    return entries
  })
}

function checkSize(bytes: Uint8Array): void {
  if (bytes.length > MAX_CUT_BYTES)
    throw new ProtocolFailure('frame-too-large', `a cut of ${bytes.length} bytes is over the limit of ${MAX_CUT_BYTES}`)
}

function checkSorted(entries: Cut): void {
  for (let i = 1; i < entries.length; i++) {
    if (compareEntries(entries[i - 1] as CutEntry, entries[i] as CutEntry) >= 0)
      throw malformed('a cut is not sorted or names a chain twice')
  }
}

export function cutHashOf(sha512: Sha512, encodedCut: Uint8Array): Hash {
  return hashParts(sha512, 'cut', encodedCut)
}

/** True when a removed device's entry lies within the cut. */
export function isWithinCut(
  cut: Cut,
  document: DocumentId,
  device: DeviceId,
  incarnation: number,
  sequence: number,
): boolean {
  return cut.some(
    (entry) =>
      entry.incarnation === incarnation &&
      sequence <= entry.sequence &&
      bytesEqual(entry.device, device) &&
      bytesEqual(entry.document, document),
  )
}
