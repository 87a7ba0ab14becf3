import { describe, expect, test, vi } from 'vitest'
import { decodeBody, decodeSeenBody, encodeBody, encodeSeenBody } from '../src/body'
import { bytesToHex, compareBytes, hexToBytes } from '../src/bytes'
import { Reader, Writer } from '../src/codec'
import {
  closeCodeOf,
  isProtocolCode,
  mayReconnectAfter,
  type ProtocolCode,
  ProtocolFailure,
  protocolCodes,
} from '../src/codes'
import { type CutEntry, chainsForCut, decodeCut, encodeCut, isWithinCut } from '../src/cut'
import { decodeEnvelope, decodeLargeEnvelope, encodeEnvelope, envelopeKinds } from '../src/envelope'
import type { Cursor, Frame } from '../src/frame-types'
import { decodeFrame, encodeFrame } from '../src/frames'
import { hashParts } from '../src/hash'
import type { DeviceId, DocumentId, Hash } from '../src/ids'
import {
  decodeSignedRecord,
  encodeSignedRecord,
  encodeUnsignedRecord,
  type GenesisRecord,
  type KeyringRecord,
  type RecoverRecord,
} from '../src/keyring-record'
import * as limits from '../src/limits'
import { loginSigningBytes } from '../src/login'
import { decodePresenceBody, encodePresenceBody } from '../src/presence'
import { decodeSnapshotBody, decodeSnapshotHeader, encodeSnapshotBody, encodeSnapshotHeader } from '../src/snapshot'
import { counting, sha512 } from './support/bytes'
import { acceptedChain, follow, genesisContent } from './support/keyring-chain'
import { replaced, varint } from './support/mutations'
import {
  bodySample,
  cutSample,
  envelopeSample,
  everyFrameSample,
  frameSamples,
  presenceBodySample,
  seenBodySample,
  snapshotBodySample,
  snapshotHeaderSample,
} from './support/samples'

function codeOf(act: () => unknown): ProtocolCode | 'accepted' {
  try {
    act()
    return 'accepted'
  } catch (error) {
    if (error instanceof ProtocolFailure) return error.code
    throw error
  }
}

describe('numbers', () => {
  const read = (bytes: Uint8Array) => new Reader(bytes).varUint()

  test('the largest is 2^53 - 1, and it comes back', () => {
    const bytes = new Writer().varUint(Number.MAX_SAFE_INTEGER).finish()
    expect(bytes).toHaveLength(8)
    expect(read(bytes)).toBe(Number.MAX_SAFE_INTEGER)
  })

  test('beyond that there is none, though the encoding would have room', () => {
    for (const value of [2n ** 53n, 2n ** 53n + 1n, 2n ** 56n - 1n, 2n ** 63n, 2n ** 1100n])
      expect(codeOf(() => read(varint(value)))).toBe('malformed-frame')
    for (const value of [2 ** 53, Number.POSITIVE_INFINITY, Number.NaN, -1, 0.5])
      expect(codeOf(() => new Writer().varUint(value))).toBe('malformed-frame')
  })

  test('each has one spelling', () => {
    for (const value of [0n, 1n, 127n, 128n, 300n, 2n ** 32n]) {
      const shortest = varint(value)
      expect(read(shortest)).toBe(Number(value))
      for (let extra = 1; extra < 160; extra++)
        expect(codeOf(() => read(varint(value, shortest.length + extra)))).toBe('malformed-frame')
    }
  })

  test('32 bits are 32 bits', () => {
    expect(new Reader(new Writer().uint32(2 ** 32 - 1).finish()).uint32()).toBe(2 ** 32 - 1)
    for (const value of [2 ** 32, -1, 0.5, Number.NaN])
      expect(codeOf(() => new Writer().uint32(value))).toBe('malformed-frame')
  })
})

describe('hex', () => {
  test('comes back, however long, and nothing else is taken for it', () => {
    const long = counting(3_000_000, 0)
    expect(compareBytes(hexToBytes(bytesToHex(long)), long)).toBe(0)
    for (const text of ['0', '0g', 'zz', '0x00', ' 00']) expect(() => hexToBytes(text)).toThrow(TypeError)
  })
})

describe('hashes', () => {
  test('are 32 bytes of their own and not a view of what the digest function returned', () => {
    const hash = hashParts(sha512, 'test', counting(3, 1))
    expect(hash.constructor).toBe(Uint8Array)
    expect(hash.buffer.byteLength).toBe(32)
  })
})

describe('a frame', () => {
  const shorter = (frame: Frame) => encodeFrame(frame).subarray(0, -1)

  test.each(everyFrameSample())('$type ends where it ends', (frame) => {
    const bytes = encodeFrame(frame)
    expect(codeOf(() => decodeFrame(replaced(bytes, bytes.length, 0, counting(1, 0))))).toBe('malformed-frame')
    expect(codeOf(() => decodeFrame(shorter(frame)))).toBe('malformed-frame')
  })

  test('of an unknown type is refused', () => {
    for (const type of [0, 22, 64, 86, 255])
      expect(codeOf(() => decodeFrame(Uint8Array.of(type)))).toBe('malformed-frame')
    expect(codeOf(() => decodeFrame(new Uint8Array(0)))).toBe('malformed-frame')
  })

  test('is never larger than its limit, on neither side', () => {
    expect(codeOf(() => decodeFrame(new Uint8Array(limits.MAX_FRAME_BYTES + 1)))).toBe('frame-too-large')
    const record = counting(limits.MAX_KEYRING_RECORD_BYTES, 0)
    const records = Array.from({ length: limits.MAX_KEYRING_RECORDS }, () => ({ record }))
    expect(codeOf(() => encodeFrame({ ...frameSamples.keyring, records }))).toBe('frame-too-large')
  })
})

describe('a hello', () => {
  const [byDevice, byPhrase] = frameSamples.hello as [Frame & { type: 'hello' }, Frame & { type: 'hello' }]

  test('of another version is refused for its version, whatever follows', () => {
    const bytes = encodeFrame({ ...byDevice, version: 2 })
    expect(codeOf(() => decodeFrame(bytes))).toBe('unsupported-version')
    expect(codeOf(() => decodeFrame(Uint8Array.of(1, 2, 9, 9, 9)))).toBe('unsupported-version')
  })

  test('names a device or a recovery key: one of them', () => {
    expect(codeOf(() => encodeFrame({ ...byDevice, ...byPhrase }))).toBe('malformed-frame')
    const { device: _, ...neither } = byDevice
    expect(codeOf(() => encodeFrame(neither))).toBe('malformed-frame')
    const bytes = encodeFrame(byDevice)
    expect(codeOf(() => decodeFrame(replaced(bytes, 34, 17, Uint8Array.of(0))))).toBe('malformed-frame')
  })
})

describe('a list', () => {
  const hash = counting<Hash>(32, 1)
  const documents = (count: number) =>
    Array.from(
      { length: count },
      (_, index) => new Writer().uint32(index).fixed(counting(12, 1)).finish() as DocumentId,
    )
  const some = <T>(count: number, item: T): T[] => Array(count).fill(item)
  const [genesis, recover] = [acceptedChain()[0], acceptedChain()[4]].map(
    (each) => decodeSignedRecord((each as { bytes: Uint8Array }).bytes).record,
  ) as [GenesisRecord, RecoverRecord]
  const record = (value: KeyringRecord) => encodeSignedRecord(encodeUnsignedRecord(value), counting(64, 1))
  const { cursors } = frameSamples.subscribe
  const chain = { device: counting<DeviceId>(16, 1), incarnation: 1, sequence: 1 }
  const update = { root: 0, format: 1, bytes: new Uint8Array(0) }

  const lists: readonly [string, number, (count: number) => Uint8Array, (bytes: Uint8Array) => unknown][] = [
    [
      'cursors',
      limits.MAX_DOCUMENTS,
      (count) =>
        encodeFrame({
          ...frameSamples.subscribe,
          cursors: documents(count).map((document) => ({ ...(cursors[0] as Cursor), document })),
        }),
      decodeFrame,
    ],
    [
      'documents',
      limits.MAX_DOCUMENTS,
      (count) => encodeFrame({ type: 'unsubscribe', documents: documents(count) }),
      decodeFrame,
    ],
    [
      'entries of a push',
      limits.MAX_PUSH_ENTRIES,
      (count) => encodeFrame({ ...frameSamples.push, entries: some(count, counting(limits.MIN_ENVELOPE_BYTES, 1)) }),
      decodeFrame,
    ],
    [
      'entries of a page',
      limits.MAX_PAGE_ENTRIES,
      (count) => encodeFrame({ ...frameSamples.page, entries: some(count, counting(9, 1)) }),
      decodeFrame,
    ],
    [
      'heads of a page',
      limits.MAX_PAGE_ENTRIES,
      (count) => encodeFrame({ ...frameSamples.page, heads: some(count, { ...chain, signature: counting(64, 1) }) }),
      decodeFrame,
    ],
    [
      'numbers',
      limits.MAX_PUSH_ENTRIES,
      (count) => encodeFrame({ ...frameSamples.pushed, numbers: some(count, 1) }),
      decodeFrame,
    ],
    [
      'records',
      limits.MAX_KEYRING_RECORDS,
      (count) => encodeFrame({ ...frameSamples.keyring, records: some(count, { record: counting(70, 1) }) }),
      decodeFrame,
    ],
    [
      'removed devices',
      limits.MAX_ACTIVE_DEVICES,
      (count) => record({ ...recover, removed: some(count, chain.device) }),
      decodeSignedRecord,
    ],
    [
      'members of an epoch',
      limits.MAX_ACTIVE_DEVICES + 1,
      (count) =>
        record({
          ...genesis,
          epoch: { ...genesis.epoch, sealed: some(count, { member: chain.device, box: counting(48, 1) }) },
        }),
      decodeSignedRecord,
    ],
    [
      'devices seen',
      limits.MAX_BODY_ITEMS,
      (count) => encodeBody({ ...bodySample, seen: some(count, chain) }),
      decodeBody,
    ],
    [
      'writers',
      limits.MAX_BODY_ITEMS,
      (count) => encodeBody({ ...bodySample, writers: some(count, { writer: counting(6, 1), n: 1 }) }),
      decodeBody,
    ],
    [
      'updates',
      limits.MAX_BODY_ITEMS,
      (count) => encodeBody({ ...bodySample, updates: some(count, update) }),
      decodeBody,
    ],
    [
      'devices seen in a row',
      limits.MAX_BODY_ITEMS,
      (count) => encodeSeenBody({ ...seenBodySample, seen: some(count, chain) }),
      decodeSeenBody,
    ],
    [
      'the states of a presence',
      limits.MAX_PRESENCE_STATES,
      (count) => encodePresenceBody({ ...presenceBodySample, states: some(count, { client: 1, clock: 1 }) }),
      decodePresenceBody,
    ],
    [
      'the vector of a snapshot',
      limits.MAX_BODY_ITEMS,
      (count) =>
        encodeSnapshotHeader({
          ...snapshotHeaderSample,
          vector: Array.from({ length: count }, (_, incarnation) => ({ ...chain, incarnation, hash })),
        }),
      decodeSnapshotHeader,
    ],
    [
      'exempt numbers',
      limits.MAX_BODY_ITEMS,
      (count) =>
        encodeSnapshotHeader({
          ...snapshotHeaderSample,
          coveredNumber: count,
          exempt: Array.from({ length: count }, (_, index) => index + 1),
        }),
      decodeSnapshotHeader,
    ],
    [
      'the chains in a cut',
      limits.MAX_CUT_ENTRIES,
      (count) =>
        encodeCut(Array.from({ length: count }, (_, incarnation) => ({ ...(cutSample[0] as CutEntry), incarnation }))),
      decodeCut,
    ],
    [
      'the context of a snapshot',
      limits.MAX_BODY_ITEMS,
      (count) => encodeSnapshotBody({ ...snapshotBodySample, context: some(count, { writer: counting(6, 1), n: 1 }) }),
      decodeSnapshotBody,
    ],
  ]

  test.each(lists)('of %s may be %i long and no longer, on both sides', (_name, limit, encode, decode) => {
    expect(codeOf(() => decode(encode(limit)))).toBe('accepted')
    expect(codeOf(() => encode(limit + 1))).toBe('frame-too-large')
    // A writer that keeps no limits, as on the other side of the wire.
    const list = Writer.prototype.list
    const unlimited = vi.spyOn(Writer.prototype, 'list').mockImplementation(function (this: Writer, items, write) {
      return list.call(this, items, write)
    })
    const tooLong = encode(limit + 1)
    unlimited.mockRestore()
    expect(codeOf(() => decode(tooLong))).toBe('frame-too-large')
  })
})

describe('a push', () => {
  const push = (entries: readonly Uint8Array[]) => encodeFrame({ ...frameSamples.push, entries })
  const entry = (length: number) => counting(length, 1)

  test('takes an entry of the full size, and as many as its limits allow', () => {
    expect(codeOf(() => decodeFrame(push([entry(limits.MAX_ENVELOPE_BYTES)])))).toBe('accepted')
    const quarters = Array(4).fill(entry(limits.MAX_PUSH_BYTES / 4))
    expect(codeOf(() => decodeFrame(push(quarters)))).toBe('accepted')
    const small = entry(limits.MIN_ENVELOPE_BYTES)
    expect(codeOf(() => decodeFrame(push(Array(limits.MAX_PUSH_ENTRIES).fill(small))))).toBe('accepted')
  })

  test('is refused beyond them before it is sent', () => {
    const small = entry(limits.MIN_ENVELOPE_BYTES)
    expect(codeOf(() => push([entry(limits.MAX_ENVELOPE_BYTES + 1)]))).toBe('entry-too-large')
    expect(codeOf(() => push([...Array(3).fill(entry(limits.MAX_ENVELOPE_BYTES)), entry(131_073)]))).toBe(
      'frame-too-large',
    )
    expect(codeOf(() => push(Array(limits.MAX_PUSH_ENTRIES + 1).fill(small)))).toBe('frame-too-large')
    expect(codeOf(() => push([]))).toBe('malformed-frame')
    expect(codeOf(() => push([entry(limits.MIN_ENVELOPE_BYTES - 1)]))).toBe('malformed-frame')
  })

  test('is refused beyond them when it arrives', () => {
    const arrives = (entries: readonly Uint8Array[]) => {
      const writer = new Writer().byte(7).fixed(counting(16, 1))
      return writer
        .list(entries, (each) => writer.bytes(each))
        .fixed(counting(96, 1))
        .finish()
    }
    expect(codeOf(() => decodeFrame(arrives([entry(limits.MAX_ENVELOPE_BYTES + 1)])))).toBe('entry-too-large')
    const quarter = entry(limits.MAX_PUSH_BYTES / 4)
    expect(codeOf(() => decodeFrame(arrives([...Array(4).fill(quarter), entry(200)])))).toBe('frame-too-large')
    expect(codeOf(() => decodeFrame(arrives([])))).toBe('malformed-frame')
    expect(codeOf(() => decodeFrame(arrives([entry(300), entry(20)])))).toBe('malformed-frame')
  })

  test('that the relay has stored fits a page whole, with the heads of a page', () => {
    const quarter = entry(limits.MAX_PUSH_BYTES / 4)
    const page = { ...frameSamples.page, entries: Array(4).fill(quarter) }
    expect(codeOf(() => decodeFrame(encodeFrame(page)))).toBe('accepted')
  })

  test('or thousands of small ones fit a page, each with a head of its own', () => {
    const small = entry(limits.MIN_ENVELOPE_BYTES)
    const count = Math.floor(limits.PAGE_BYTES / small.length)
    expect(count).toBeLessThanOrEqual(limits.MAX_PAGE_ENTRIES)
    const heads = Array(count).fill(frameSamples.page.heads[0])
    expect(codeOf(() => encodeFrame({ ...frameSamples.page, entries: Array(count).fill(small), heads }))).toBe(
      'accepted',
    )
  })
})

describe('a page', () => {
  test('gets through with an entry that is not one, so that a device can put just that one aside', () => {
    const page = { ...frameSamples.page, entries: [new Uint8Array(0), counting(200, 1), counting(3, 1)] }
    expect(decodeFrame(encodeFrame(page))).toEqual(page)
  })
})

describe('a subscribe', () => {
  test('names each document once', () => {
    const cursor = frameSamples.subscribe.cursors[0] as (typeof frameSamples.subscribe.cursors)[number]
    const twice = [cursor, { ...cursor, number: 1 }]
    expect(codeOf(() => encodeFrame({ ...frameSamples.subscribe, cursors: twice }))).toBe('malformed-frame')
    const once = encodeFrame(frameSamples.subscribe)
    const bytes = replaced(replaced(once, once.length, 0, once.subarray(18)), 17, 1, Uint8Array.of(2))
    expect(codeOf(() => decodeFrame(bytes))).toBe('malformed-frame')
  })
})

describe('a part of a snapshot', () => {
  const put = (part: Partial<typeof frameSamples.snapshot.part>) =>
    codeOf(() => encodeFrame({ ...frameSamples.snapshot, part: { ...frameSamples.snapshot.part, ...part } }))

  test('lies within its snapshot, and a snapshot within its limit', () => {
    expect(put({ index: limits.MAX_SNAPSHOT_PARTS - 1, count: limits.MAX_SNAPSHOT_PARTS })).toBe('accepted')
    expect(put({ index: 3, count: 3 })).toBe('malformed-frame')
    expect(put({ index: 0, count: limits.MAX_SNAPSHOT_PARTS + 1 })).toBe('frame-too-large')
    expect(put({ bytes: new Uint8Array(limits.SNAPSHOT_PART_BYTES + 1) })).toBe('frame-too-large')
    expect(limits.MAX_SNAPSHOT_PARTS * limits.SNAPSHOT_PART_BYTES).toBe(limits.MAX_SNAPSHOT_BYTES)
    const bytes = encodeFrame(frameSamples.snapshot)
    const index = 1 + 16 + 32
    expect(codeOf(() => decodeFrame(replaced(bytes, index, 2, Uint8Array.of(3, 3))))).toBe('malformed-frame')
    expect(codeOf(() => decodeFrame(replaced(bytes, index + 1, 1, varint(129n))))).toBe('frame-too-large')
  })
})

describe('a refusal', () => {
  test('always gets out: its sentence is shortened between two characters', () => {
    const said = (message: string) => {
      const frame = decodeFrame(encodeFrame({ ...frameSamples.refused, message }))
      return (frame as typeof frameSamples.refused).message
    }
    expect(said('ä'.repeat(256))).toBe('ä'.repeat(256))
    expect(said(`x${'ä'.repeat(256)}`)).toBe(`x${'ä'.repeat(255)}`)
    expect(said('😀'.repeat(129))).toBe('😀'.repeat(128))
    expect(said(`xyz${'😀'.repeat(128)}`)).toBe(`xyz${'😀'.repeat(127)}`)
    expect(said('half \ud800')).toBe('half \ufffd')
  })

  test('can name every code and every frame type', () => {
    const names = [...Object.keys(protocolCodes), ...everyFrameSample().map((frame) => frame.type)]
    for (const name of names) expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(limits.MAX_NAME_BYTES)
  })
})

describe('an envelope', () => {
  test('counts from 1 and holds a box', () => {
    expect(codeOf(() => encodeEnvelope({ ...envelopeSample, sequence: 0 }))).toBe('malformed-frame')
    const box = new Uint8Array(limits.MIN_BOX_BYTES - 1)
    expect(codeOf(() => encodeEnvelope({ ...envelopeSample, box }))).toBe('malformed-frame')
    expect(codeOf(() => decodeEnvelope(encodeEnvelope(envelopeSample).subarray(0, -1)))).toBe('malformed-frame')
  })

  test('of the smallest size is as long as the limit says', () => {
    const smallest = { ...envelopeSample, documentEpoch: 0, epoch: 0, sequence: 1 }
    expect(encodeEnvelope(smallest)).toHaveLength(limits.MIN_ENVELOPE_BYTES)
  })

  test('of a version, suite or kind that is not known here is read all the same, to be kept aside', () => {
    const later = { ...envelopeSample, version: 2, suite: 9, kind: 200 }
    expect(decodeEnvelope(encodeEnvelope(later))).toEqual(later)
  })

  test('is larger than an entry only if it is a snapshot', () => {
    const box = new Uint8Array(limits.MAX_ENVELOPE_BYTES)
    expect(codeOf(() => encodeEnvelope({ ...envelopeSample, box }))).toBe('entry-too-large')
    const large = encodeEnvelope({ ...envelopeSample, kind: envelopeKinds.snapshot, box })
    expect(codeOf(() => decodeEnvelope(large))).toBe('entry-too-large')
    expect(codeOf(() => decodeLargeEnvelope(large))).toBe('accepted')
  })
})

describe('a body', () => {
  test('of another version is refused for its version', () => {
    const bytes = encodeBody(bodySample)
    expect(codeOf(() => decodeBody(replaced(bytes, 0, 1, Uint8Array.of(2))))).toBe('unsupported-version')
  })
})

describe('a snapshot header', () => {
  const { vector } = snapshotHeaderSample
  const [first, second] = vector as [(typeof vector)[number], (typeof vector)[number]]

  test('is the same bytes in whatever order its lists were given', () => {
    const shuffled = { ...snapshotHeaderSample, vector: [...vector].reverse(), exempt: [200, 1] }
    expect(encodeSnapshotHeader(shuffled)).toEqual(encodeSnapshotHeader(snapshotHeaderSample))
  })

  test('names no chain twice and in no other order', () => {
    const twice = { ...snapshotHeaderSample, vector: [first, { ...first, sequence: 1 }] }
    expect(codeOf(() => encodeSnapshotHeader(twice))).toBe('malformed-frame')
    const bytes = encodeSnapshotHeader({ ...snapshotHeaderSample, vector: [first, second], exempt: [] })
    const half = 16 + 4 + 2 + 32
    const start = bytes.length - 1 - half - (half - 1)
    const swapped = Uint8Array.from([
      ...bytes.subarray(0, start),
      ...bytes.subarray(start + half, -1),
      ...bytes.subarray(start, start + half),
      0,
    ])
    expect(swapped).toHaveLength(bytes.length)
    expect(codeOf(() => decodeSnapshotHeader(swapped))).toBe('malformed-frame')
  })

  test('exempts numbers from 1 up to what it covers, each once', () => {
    const exempting = (...exempt: number[]) => codeOf(() => encodeSnapshotHeader({ ...snapshotHeaderSample, exempt }))
    expect(exempting(1, snapshotHeaderSample.coveredNumber)).toBe('accepted')
    expect(exempting(0)).toBe('malformed-frame')
    expect(exempting(5, 5)).toBe('malformed-frame')
    expect(exempting(snapshotHeaderSample.coveredNumber + 1)).toBe('malformed-frame')
  })
})

describe('a cut', () => {
  const [first] = cutSample as unknown as [CutEntry]

  test('is the same bytes in whatever order it was given, and names no chain twice', () => {
    expect(encodeCut([...cutSample].reverse())).toEqual(encodeCut(cutSample))
    expect(codeOf(() => encodeCut([first, { ...first, sequence: 1 }]))).toBe('malformed-frame')
    const bytes = encodeCut(cutSample)
    const half = 16 + 16 + 4 + 2 + 32
    const swapped = Uint8Array.from([2, ...bytes.subarray(1 + half), ...bytes.subarray(1, 1 + half)])
    expect(codeOf(() => decodeCut(swapped))).toBe('malformed-frame')
  })

  test('has a limit on both sides', () => {
    const many = (length: number) =>
      Array.from({ length }, (_, incarnation) => ({ ...first, incarnation, sequence: Number.MAX_SAFE_INTEGER }))
    expect(codeOf(() => encodeCut(many(8_000)))).toBe('frame-too-large')
    expect(codeOf(() => decodeCut(new Uint8Array(limits.MAX_CUT_BYTES + 1)))).toBe('frame-too-large')
  })

  test('and the heads that it is made of have room for as many chains as they may hold, whatever their numbers', () => {
    const heads = Array.from({ length: limits.MAX_CUT_ENTRIES }, (_, incarnation) => ({
      ...first,
      incarnation,
      sequence: Number.MAX_SAFE_INTEGER,
      signature: counting(64, 1),
    }))
    expect(encodeCut(heads).length).toBeLessThan(limits.MAX_CUT_BYTES)
    const frame = encodeFrame({ type: 'heads', heads })
    expect(frame.length).toBeLessThan(limits.MAX_FRAME_BYTES)
    const tooMany = [...heads, { ...heads[0], incarnation: heads.length }] as typeof heads
    expect(codeOf(() => encodeFrame({ type: 'heads', heads: tooMany }))).toBe('frame-too-large')
  })

  test('takes of too many chains the longest of each device, and as many of each, so that none crowds out another', () => {
    const chainsOf = (seed: number, count: number) =>
      Array.from({ length: count }, (_, n) => ({
        ...first,
        device: counting<DeviceId>(16, seed),
        incarnation: n,
        sequence: 1 + ((seed * n) % 7_919),
      }))
    const [many, some, few] = [chainsOf(101, 10_000), chainsOf(59, 4_000), chainsOf(2, 30)]
    const chosen = chainsForCut([...many, ...few.map((chain) => ({ ...chain, sequence: 1 })), ...some])
    expect(chosen.length).toBe(limits.MAX_CUT_ENTRIES)
    const ofSeed = (seed: number) => chosen.filter(({ device }) => device[0] === seed)
    expect([ofSeed(101), ofSeed(59), ofSeed(2)].map(({ length }) => length)).toEqual([3_235, 3_235, 30])
    const longest = many.map(({ sequence }) => sequence).sort((a, b) => b - a)
    expect(ofSeed(101).map(({ sequence }) => sequence)).toEqual(longest.slice(0, 3_235))
    expect(chainsForCut(few)).toBe(few)
  })

  test('counts a device’s chain up to its end, and nothing in a document or of a device that it does not name', () => {
    const { document, device, incarnation, sequence } = first
    expect(isWithinCut(cutSample, document, device, incarnation, sequence)).toBe(true)
    expect(isWithinCut(cutSample, document, device, incarnation, sequence + 1)).toBe(false)
    expect(isWithinCut(cutSample, document, device, incarnation + 1, 1)).toBe(false)
    expect(isWithinCut(cutSample, counting(16, 99) as DocumentId, device, incarnation, 1)).toBe(false)
    expect(isWithinCut(cutSample, document, counting(16, 99) as DeviceId, incarnation, 1)).toBe(false)
  })
})

describe('a keyring record', () => {
  const bytes = follow(undefined, undefined, genesisContent)
  const changed = (at: number, value: number) => replaced(bytes, at, 1, Uint8Array.of(value))

  test('of an unknown version, type or role is refused for its version', () => {
    expect(codeOf(() => decodeSignedRecord(changed(0, 2)))).toBe('unsupported-version')
    expect(codeOf(() => decodeSignedRecord(changed(1, 9)))).toBe('unsupported-version')
    const role = 1 + 1 + 1 + 32 + 1 + 64 + 64
    expect(codeOf(() => decodeSignedRecord(changed(role, 2)))).toBe('unsupported-version')
  })

  test('is neither too long nor too short for its signature', () => {
    expect(codeOf(() => decodeSignedRecord(counting(63, 0)))).toBe('malformed-frame')
    expect(codeOf(() => decodeSignedRecord(new Uint8Array(limits.MAX_KEYRING_RECORD_BYTES + 1)))).toBe(
      'frame-too-large',
    )
  })
})

describe('a login', () => {
  const sign = (host: string) =>
    loginSigningBytes(host, counting(32, 1) as never, counting(32, 2), counting(32, 3) as never)

  test('is for one relay address, however it was typed', () => {
    expect(sign('Relay.Example.com:8787')).toEqual(sign('relay.example.com:8787'))
    expect(sign('relay.example.com')).not.toEqual(sign('relay.example.com:8787'))
    expect(codeOf(() => sign('x'.repeat(limits.MAX_HOST_BYTES + 1)))).toBe('frame-too-large')
  })
})

describe('the codes', () => {
  test('that end a connection say the same about trying again as the number they close it with', () => {
    for (const code of Object.keys(protocolCodes) as ProtocolCode[]) {
      const closeCode = closeCodeOf(code)
      if (closeCode === undefined) continue
      expect({ code, again: mayReconnectAfter(closeCode) }).toEqual({ code, again: protocolCodes[code].retryable })
    }
  })

  test('are a closed list', () => {
    expect(isProtocolCode('fork')).toBe(true)
    for (const name of ['toString', '__proto__', 'constructor', '', 'Fork']) expect(isProtocolCode(name)).toBe(false)
  })
})
