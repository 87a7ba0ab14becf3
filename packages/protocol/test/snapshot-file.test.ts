import { describe, expect, test } from 'vitest'
import { compareBytes } from '../src/bytes'
import { type ProtocolCode, ProtocolFailure } from '../src/codes'
import { encodeEnvelope, entryHash, envelopeHash, envelopeKinds, headerBytes } from '../src/envelope'
import type { Frame, SnapshotPart } from '../src/frame-types'
import { decodeFrame, encodeFrame } from '../src/frames'
import type { AccountId, DocumentId, Hash } from '../src/ids'
import * as limits from '../src/limits'
import {
  decodeSnapshotBody,
  encodeSnapshotBody,
  encodeSnapshotHeader,
  snapshotHeaderHash,
  snapshotVerdictBytes,
} from '../src/snapshot'
import {
  decodeSnapshotFile,
  encodeSnapshotFile,
  SnapshotAssembly,
  snapshotHash,
  splitSnapshot,
} from '../src/snapshot-file'
import { counting, sha512 } from './support/bytes'
import {
  envelopeSample,
  frameSamples,
  snapshotBodySample,
  snapshotFileSample,
  snapshotHeaderSample,
} from './support/samples'

const place = {
  account: counting<AccountId>(32, 1),
  document: counting<DocumentId>(16, 2),
  keyId: counting<Hash>(32, 3),
}
const name = counting<Hash>(32, 4)
const other = counting<Hash>(32, 5)
const full = limits.SNAPSHOT_PART_BYTES

function codeOf(act: () => unknown): ProtocolCode | 'accepted' {
  try {
    act()
    return 'accepted'
  } catch (error) {
    if (error instanceof ProtocolFailure) return error.code
    throw error
  }
}

describe('a snapshot file', () => {
  test('is as large as its limit and no larger, on both sides', () => {
    const around = encodeSnapshotFile({ ...snapshotFileSample, envelope: counting(200, 0) }).length - 200
    const largest = counting(limits.MAX_SNAPSHOT_BYTES - around, 0)
    const bytes = encodeSnapshotFile({ ...snapshotFileSample, envelope: largest })
    expect(bytes).toHaveLength(limits.MAX_SNAPSHOT_BYTES)
    const larger = new Uint8Array(largest.length + 1)
    expect(codeOf(() => encodeSnapshotFile({ ...snapshotFileSample, envelope: larger }))).toBe('frame-too-large')
    expect(codeOf(() => decodeSnapshotFile(new Uint8Array(limits.MAX_SNAPSHOT_BYTES + 1)))).toBe('frame-too-large')
  })

  test('has room for the largest content, and one that is not deflated', () => {
    // The bucket above the largest content, which is 1 MiB of padding at that size, and what lies around it.
    const padded = limits.MAX_INFLATED_BYTES + 2 ** 20
    expect(padded + limits.MAX_SNAPSHOT_HEADER_BYTES + 1_024).toBeLessThanOrEqual(limits.MAX_SNAPSHOT_BYTES)
    expect(limits.MAX_SNAPSHOT_PARTS).toBe(Math.ceil(limits.MAX_SNAPSHOT_BYTES / full))
  })

  test('of another version is refused for its version', () => {
    const bytes = encodeSnapshotFile(snapshotFileSample).slice()
    bytes[0] = 2
    expect(codeOf(() => decodeSnapshotFile(bytes))).toBe('unsupported-version')
  })

  test('has a body of one version only', () => {
    const body = encodeSnapshotBody(snapshotBodySample)
    const versions = [1, 2, 3].map((version) => {
      const bytes = body.slice()
      bytes[0] = version
      return codeOf(() => decodeSnapshotBody(bytes))
    })
    expect(versions).toEqual(['unsupported-version', 'accepted', 'unsupported-version'])
  })

  test('keeps its header within a limit, and its envelope no shorter than one', () => {
    const header = new Uint8Array(limits.MAX_SNAPSHOT_HEADER_BYTES + 1)
    expect(codeOf(() => encodeSnapshotFile({ ...snapshotFileSample, header }))).toBe('frame-too-large')
    const envelope = new Uint8Array(limits.MIN_ENVELOPE_BYTES - 1)
    expect(codeOf(() => encodeSnapshotFile({ ...snapshotFileSample, envelope }))).toBe('malformed-frame')
  })

  test('is named by its envelope and its header together', () => {
    const header = encodeSnapshotHeader(snapshotHeaderSample)
    const envelope = encodeEnvelope({ ...envelopeSample, kind: envelopeKinds.snapshot })
    const file = { ...snapshotFileSample, header, envelope }
    const bound = headerBytes(
      { ...envelopeSample, kind: envelopeKinds.snapshot },
      { ...place, previous: snapshotHeaderHash(sha512, header) },
    )
    expect(snapshotHash(sha512, place, file)).toEqual(entryHash(sha512, bound, envelopeHash(sha512, envelope)))
    const later = encodeSnapshotHeader({ ...snapshotHeaderSample, coveredNumber: 301 })
    expect(snapshotHash(sha512, place, { ...file, header: later })).not.toEqual(snapshotHash(sha512, place, file))
  })
})

describe('the parts of a snapshot', () => {
  const assemble = (assembly: SnapshotAssembly, parts: readonly SnapshotPart[]) =>
    parts.map((part) => assembly.add(part)).at(-1)

  test.each([1, full - 1, full, full + 1, 2 * full, 2 * full + 7])('of %i bytes come together again', (length) => {
    const file = counting(length, 9)
    const parts = splitSnapshot(name, file)
    expect(parts).toHaveLength(Math.ceil(length / full))
    const assembly = new SnapshotAssembly()
    expect(compareBytes(assemble(assembly, parts) as Uint8Array, file)).toBe(0)
    expect(assembly.sizeBytes).toBe(0)
  })

  test('each fit a frame', () => {
    const [part] = splitSnapshot(name, counting(2 * full, 9))
    const frame: Frame = { ...frameSamples.snapshot, part: part as SnapshotPart }
    expect(codeOf(() => decodeFrame(encodeFrame(frame)))).toBe('accepted')
  })

  test('out of order, of two snapshots, or of another length are refused, and what was there is dropped', () => {
    const parts = splitSnapshot(name, counting(3 * full, 9))
    const [first, second, third] = parts as [SnapshotPart, SnapshotPart, SnapshotPart]
    const wrong: SnapshotPart[] = [
      third,
      { ...second, hash: other },
      { ...second, count: 4 },
      { ...second, bytes: second.bytes.subarray(1) },
      { ...second, bytes: counting(full + 1, 0) },
    ]
    for (const part of wrong) {
      const assembly = new SnapshotAssembly()
      assembly.add(first)
      expect(codeOf(() => assembly.add(part))).toBe('malformed-frame')
      expect(assembly.sizeBytes).toBe(0)
      expect(codeOf(() => assembly.add(second))).toBe('malformed-frame')
    }
    expect(codeOf(() => new SnapshotAssembly().add({ ...first, count: 1, bytes: new Uint8Array(0) }))).toBe(
      'malformed-frame',
    )
    expect(codeOf(() => new SnapshotAssembly().add({ ...first, count: limits.MAX_SNAPSHOT_PARTS + 1 }))).toBe(
      'frame-too-large',
    )
  })

  test('give way to the first part of another snapshot', () => {
    const assembly = new SnapshotAssembly()
    assembly.add(splitSnapshot(name, counting(2 * full, 9))[0] as SnapshotPart)
    const file = counting(5, 8)
    expect(assemble(assembly, splitSnapshot(other, file))).toEqual(file)
  })
})

test('a verdict is signed for one account, document, snapshot and meaning', () => {
  const signed = [
    snapshotVerdictBytes(place.account, place.document, name, 'accept'),
    snapshotVerdictBytes(place.account, place.document, name, 'reject'),
    snapshotVerdictBytes(place.account, place.document, other, 'accept'),
  ].map((bytes) => bytes.join())
  expect(new Set(signed).size).toBe(3)
})

describe('a refill', () => {
  test('begins at number 1 at the least and has a head for at most each of its entries', () => {
    const { refill } = frameSamples
    expect(codeOf(() => encodeFrame({ ...refill, first: 0 }))).toBe('malformed-frame')
    expect(codeOf(() => encodeFrame({ ...refill, heads: [] }))).toBe('malformed-frame')
    const heads = Array(refill.entries.length + 1).fill(refill.heads[0])
    expect(codeOf(() => encodeFrame({ ...refill, heads }))).toBe('malformed-frame')
    expect(codeOf(() => encodeFrame({ ...refill, entries: [] }))).toBe('malformed-frame')
  })

  test('as full as its limits allow fits a frame', () => {
    const { refill } = frameSamples
    const size = Math.floor(limits.MAX_PUSH_BYTES / limits.MAX_PUSH_ENTRIES)
    const frame = {
      ...refill,
      entries: Array(limits.MAX_PUSH_ENTRIES).fill(counting(size, 0)),
      heads: Array(limits.MAX_PUSH_ENTRIES).fill({ ...refill.heads[0], sequence: Number.MAX_SAFE_INTEGER }),
    }
    expect(codeOf(() => encodeFrame(frame))).toBe('accepted')
  })
})
