// A cut says, for devices that leave the account, where their chains count up to. A document that it does not name counts not at all.
import { bytesEqual, compareBytes } from './bytes'
import { decodeWhole, Writer } from './codec'
import { ProtocolFailure } from './codes'
import type { ChainHead } from './envelope'
import { hashParts, type Sha512 } from './hash'
import { DEVICE_ID_BYTES, type DeviceId, DOCUMENT_ID_BYTES, type DocumentId, HASH_BYTES, type Hash } from './ids'
import { MAX_BODY_ITEMS } from './limits'

export interface CutEntry extends ChainHead {
  readonly document: DocumentId
}
/** Sorted by document, device and incarnation, without repetition. */
export type Cut = readonly CutEntry[]

function compareEntries(a: CutEntry, b: CutEntry): number {
  return compareBytes(a.document, b.document) || compareBytes(a.device, b.device) || a.incarnation - b.incarnation
}

export function encodeCut(entries: Cut): Uint8Array {
  const writer = new Writer()
  const sorted = [...entries].sort(compareEntries)
  writer.list(sorted, (entry) =>
    writer
      .fixed(entry.document)
      .fixed(entry.device)
      .uint32(entry.incarnation)
      .varUint(entry.sequence)
      .fixed(entry.hash),
  )
  return writer.finish()
}

export function decodeCut(bytes: Uint8Array): Cut {
  return decodeWhole(bytes, (reader) => {
    const entries = reader.list(MAX_BODY_ITEMS, DOCUMENT_ID_BYTES + DEVICE_ID_BYTES + 5 + HASH_BYTES, () => ({
      document: reader.fixed<DocumentId>(DOCUMENT_ID_BYTES),
      device: reader.fixed<DeviceId>(DEVICE_ID_BYTES),
      incarnation: reader.uint32(),
      sequence: reader.varUint(),
      hash: reader.fixed<Hash>(HASH_BYTES),
    }))
    for (let i = 1; i < entries.length; i++) {
      if (compareEntries(entries[i - 1] as CutEntry, entries[i] as CutEntry) >= 0)
        throw new ProtocolFailure('malformed-frame', 'a cut is not sorted')
    }
    return entries
  })
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
