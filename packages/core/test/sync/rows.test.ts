// The rows of a document: what was written comes back, and bytes that were not written by us are damage, never something else.
import type { DeviceId, DocumentId, Hash } from '@owlivion/sync-protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Writer } from '../../src/document'
import { isSyncError } from '../../src/errors'
import { LineageMap } from '../../src/sync/device-map'
import { Authors } from '../../src/sync/document/authors'
import {
  decodeBase,
  decodeHeld,
  decodeLog,
  decodePending,
  decodePush,
  encodeBase,
  encodeHeld,
  encodeLog,
  encodePending,
  encodePush,
  rowKeys,
} from '../../src/sync/document/rows'
import { decodeState, encodeState } from '../../src/sync/document/state-row'
import type { HoldReason } from '../../src/sync/log/log-replica'
import { writerFromBytes, writerToBytes } from '../../src/sync/writer-bytes'

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const someBytes = fc.uint8Array({ maxLength: 300 })
const hex = (length: number) => bytesOf(length).map((bytes) => Buffer.from(bytes).toString('hex'))
const hash = bytesOf(32) as fc.Arbitrary<Hash>
const signature = bytesOf(64)
const device = bytesOf(16) as fc.Arbitrary<DeviceId>
const count = fc.maxSafeNat()
const uint32 = fc.nat({ max: 0xffff_ffff })
const lineages = <T>(value: fc.Arbitrary<T>) =>
  fc
    .array(fc.tuple(fc.record({ device, incarnation: uint32 }), value), { maxLength: 4 })
    .map((entries) => new LineageMap(entries))
const writer = bytesOf(6).map((bytes) => writerFromBytes(bytes))
const writerCounts = fc.array(fc.record({ writer: bytesOf(6), n: count }), { maxLength: 3 })
const option = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })

const state = fc.record({
  number: count,
  hash,
  chains: lineages(fc.record({ sequence: count, hash, broken: fc.boolean() })),
  applied: lineages(count),
  context: fc
    .array(fc.tuple(writer as fc.Arbitrary<string>, count), { maxLength: 3 })
    .map((entries) => new Map(entries)),
  incarnation: uint32,
  continues: option(fc.record({ incarnation: uint32, sequence: count, hash })),
  writer,
  announcedSeen: lineages(count),
  announcedKeyringLength: count,
  seenByOthers: lineages(count),
  nextOrder: count,
  documentEpoch: count,
  foundation: option(fc.record({ number: count, hash })),
  tail: option(fc.record({ after: count, bytes: count, sinceMs: option(count) })),
  authors: fc
    .array(fc.tuple(writer as fc.Arbitrary<string>, fc.oneof(hex(16), fc.constant(''))), { maxLength: 4 })
    .map((entries) => new Authors(entries)),
})
const base = fc.record({ number: count, registers: someBytes, texts: someBytes })
const log = fc.record({
  entries: fc.array(fc.record({ previous: hash, bytes: someBytes }), { maxLength: 4 }),
  heads: fc.array(fc.record({ device, incarnation: uint32, sequence: count, signature }), { maxLength: 3 }),
})
const reasons: HoldReason[] = ['waits-for-author', 'waits-for-seen', 'unknown-key', 'bad-signature', 'damaged']
const held = fc.record({
  reason: fc.constantFrom(...reasons),
  released: fc.boolean(),
  previous: hash,
  bytes: someBytes,
})
const entry = fc.record({
  sequence: count,
  envelope: someBytes,
  previous: hash,
  hash,
  envelopeHash: hash,
  lastOrder: count,
  writers: writerCounts,
})
const push = fc.record({
  incarnation: uint32,
  signature,
  entries: fc.array(entry, { maxLength: 3 }),
  announced: fc.record({ seen: lineages(count), keyringLength: count }),
})
const operation = fc.constantFrom(
  { kind: 'mark' as const, record: 'ann', t: 5, past: { others: 0, own: [] }, removed: [], context: [] },
  {
    kind: 'cells' as const,
    record: 'ann',
    t: 9,
    past: { others: 4, own: [{ n: 1, t: 3 }] },
    removed: [{ slot: 'mark' as const, writer: 'AAAAAAAA' as Writer, n: 2 }],
    cells: [{ field: 'name', value: { x: [1, 'ö', null] }, seen: [{ writer: 'BBBBBBBB' as Writer, n: 1 }] }],
  },
)
const pending = fc.record(
  {
    isClockKnown: fc.boolean(),
    transaction: fc.record(
      { writer, n: count, operations: fc.array(operation, { maxLength: 3 }), update: someBytes, texts: someBytes },
      { requiredKeys: ['writer', 'n', 'operations', 'update'] },
    ),
    repairs: fc.record({ incarnation: uint32, sequence: count }),
    startsEntry: fc.constant(true),
  },
  { requiredKeys: ['isClockKnown', 'transaction'] },
)

interface Row {
  readonly name: string
  readonly value: fc.Arbitrary<never>
  encode(value: never): Uint8Array
  decode(bytes: Uint8Array): unknown
}

const rows: readonly Row[] = [
  { name: 'state', value: state, encode: encodeState, decode: decodeState },
  { name: 'base', value: base, encode: encodeBase, decode: decodeBase },
  { name: 'log', value: log, encode: encodeLog, decode: decodeLog },
  { name: 'held', value: held, encode: encodeHeld, decode: decodeHeld },
  { name: 'push', value: push, encode: encodePush, decode: decodePush },
  { name: 'pending', value: pending, encode: encodePending, decode: decodePending },
] as unknown as readonly Row[]

/** A map in a form that compares by content. */
const plain = (value: unknown): unknown =>
  value instanceof LineageMap || value instanceof Authors
    ? [...value]
    : value instanceof Map
      ? [...value]
      : value instanceof Uint8Array || value === null || typeof value !== 'object'
        ? value
        : Array.isArray(value)
          ? value.map(plain)
          : Object.fromEntries(
              Object.entries(value)
                .filter(([, each]) => each !== undefined)
                .map(([key, each]) => [key, plain(each)]),
            )

describe.each(rows)('a $name row', ({ value, encode, decode }) => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(value, (row) => {
        expect(plain(decode(encode(row)))).toEqual(plain(row))
      }),
      { numRuns: 60 },
    )
  })

  it('that was cut, lengthened or changed is damage, or reads as another row; nothing else is thrown', () => {
    const damage = fc.oneof(
      fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
      fc.record({ kind: fc.constant('more' as const), at: fc.constant(0) }),
      fc.record({ kind: fc.constant('flip' as const), at: fc.nat() }),
    )
    fc.assert(
      fc.property(value, damage, (row, { kind, at }) => {
        const bytes = encode(row)
        const changed = bytes.slice()
        changed[at % bytes.length]! ^= 1 << (at % 8)
        const damaged = {
          cut: bytes.subarray(0, at % bytes.length),
          more: new Uint8Array([...bytes, 0]),
          flip: changed,
        }[kind]
        let isRead = false
        try {
          decode(damaged)
          isRead = true
        } catch (error) {
          expect(isSyncError(error, 'profile-damaged'), String(error)).toBe(true)
        }
        if (kind !== 'flip') expect(isRead).toBe(false)
      }),
      { numRuns: 120 },
    )
  })

  it('of another version says so', () => {
    fc.assert(
      fc.property(value, (row) => {
        const bytes = encode(row)
        bytes[0] = 200
        expect(() => decode(bytes)).toThrow(/another version/)
      }),
      { numRuns: 5 },
    )
  })
})

describe('the state of a document', () => {
  it('from before there were snapshots is read as of a document without one', () => {
    const [row] = fc.sample(state, 1)
    const none = { documentEpoch: 0, foundation: undefined, tail: undefined, authors: new Authors() }
    const before = encodeState({ ...row!, ...none }).slice(0, -5)
    before[0] = 1
    expect(decodeState(before)).toEqual({ ...row!, ...none })
  })

  it('from before authors were kept is read as of a document that knows none', () => {
    const [row] = fc.sample(state, 1)
    const before = encodeState({ ...row!, authors: new Authors() }).slice(0, -2)
    before[0] = 3
    expect(decodeState(before)).toEqual({ ...row!, authors: new Authors() })
  })
})

describe('keys', () => {
  it('of one document and kind list in the order of their numbers', () => {
    const document = new Uint8Array(16).fill(0xab) as DocumentId
    expect(rowKeys.log(document, 10).slice(0, 2)).toEqual(rowKeys.logs(document))
    expect(rowKeys.held(document, 1).slice(0, 2)).toEqual(rowKeys.helds(document))
    expect(rowKeys.pending(document, 1).slice(0, 2)).toEqual(rowKeys.pendings(document))
    expect(rowKeys.push(document, 1).slice(0, 2)).toEqual(rowKeys.pushes(document))
    expect(rowKeys.log(document, 10)).toEqual(['log', 'ab'.repeat(16), 10])
  })
})

describe('a writer’s name', () => {
  it('is the same 48 bits as text and as bytes', () => {
    fc.assert(
      fc.property(bytesOf(6), (bytes) => {
        const name = writerFromBytes(bytes)
        expect(name).toMatch(/^[A-Za-z0-9_-]{8}$/)
        expect(writerToBytes(name)).toEqual(bytes)
      }),
    )
  })
})
