// What goes into the entries of a push: which transactions, what is told of the others, and how large it gets.
import {
  type Body,
  type DeviceId,
  type DocumentId,
  decodeBody,
  decodeEnvelope,
  type Hash,
  headSigningBytes,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { openEntry } from '../../src/crypto'
import { createWriter, openRegisters, type Registers } from '../../src/document'
import { LineageMap } from '../../src/sync/device-map'
import { writerToBytes } from '../../src/sync/writer-bytes'
import type { PendingTransaction } from '../../src/sync/writing/outbox'
import { type SealInput, sealPush, signPush, type UnsignedPush } from '../../src/sync/writing/seal-push'
import { createDoc, takeClientId, Y } from '../../src/yjs'
import { TestAccount, type TestContext } from './support/account'

const document = new Uint8Array(16).fill(9) as DocumentId
const account = await TestAccount.create(2)
const other = { device: new Uint8Array(16).fill(4) as DeviceId, incarnation: 5 }
const third = { device: new Uint8Array(16).fill(6) as DeviceId, incarnation: 1 }

let context: TestContext
let registers: Registers
let order: number

beforeEach(async () => {
  context = await account.context(0)
  const doc = createDoc('registers')
  takeClientId(doc, context.platform.random)
  registers = openRegisters({ doc, writer: createWriter(context.platform.random), lastN: 0, now: () => 1 })
  order = 1
})

function write(id: string, text: string): PendingTransaction {
  const transaction = registers.transact([{ kind: 'add', id, fields: { text } }])!
  return { order: order++, transaction, isClockKnown: true }
}

function input(more: Partial<SealInput>): SealInput {
  return {
    document,
    documentEpoch: 0,
    incarnation: 7,
    head: { sequence: 0, hash: ZERO_HASH },
    continues: undefined,
    pending: [],
    applied: new LineageMap(),
    announced: { seen: new LineageMap(), keyringLength: 0 },
    ...more,
  }
}

/** The next push after one, as the outbox would ask for it. */
const after = (push: UnsignedPush, more: Partial<SealInput>): SealInput =>
  input({ head: push.head, announced: push.announced, ...more })

function bodiesOf({ entries }: UnsignedPush): Body[] {
  return entries.map(({ envelope: bytes, previous }) => {
    const envelope = decodeEnvelope(bytes)
    const { keyId, key } = context.newestKey(document)
    const place = { account: context.account, document, keyId, previous }
    const opened = openEntry({ sha512: context.platform.signing.sha512, key, bytes, envelope, place })
    if (!opened.ok) throw new TypeError(opened.reason)
    return decodeBody(opened.content)
  })
}

const seenOf = ({ seen }: Body) => seen.map(({ device, incarnation, sequence }) => [device[0], incarnation, sequence])
/** Text that deflate cannot shrink much. */
const noise = (length: number) =>
  Array.from(context.platform.random(length), (byte) => String.fromCharCode(32 + (byte % 94))).join('')

describe('a push', () => {
  it('holds everything that is pending, merged into one entry, with how far it takes the writer', () => {
    const pending = ['one', 'two', 'three'].map((id) => write(id, id))
    const push = sealPush(context, input({ pending }))
    expect(push.entries.map(({ sequence, lastOrder }) => [sequence, lastOrder])).toEqual([[1, 3]])
    const [body] = bodiesOf(push)
    expect(body!.writers).toEqual([{ writer: writerToBytes(registers.writer), n: 3 }])
    expect(body!.sealedAtMs).toBe(context.platform.timeMs)
    const doc = new Y.Doc()
    for (const { bytes } of body!.updates) Y.applyUpdate(doc, bytes)
    expect([...doc.getMap('r').keys()].length).toBe(3)
    expect(decodeEnvelope(push.entries[0]!.envelope)).toMatchObject({ incarnation: 7, sequence: 1, documentEpoch: 0 })
  })

  it('names what its author had applied in full at first, then only what is new', () => {
    const applied = new LineageMap([
      [other, 3],
      [third, 1],
      // What this incarnation wrote itself needs no telling; an earlier one does.
      [{ device: context.device, incarnation: 7 }, 4],
      [{ device: context.device, incarnation: 2 }, 9],
    ])
    const first = sealPush(context, input({ pending: [write('a', 'a')], applied }))
    expect(bodiesOf(first).map(seenOf)).toEqual([
      [
        [4, 5, 3],
        [6, 1, 1],
        [context.device[0], 2, 9],
      ],
    ])
    const second = sealPush(context, after(first, { pending: [write('b', 'b')], applied }))
    expect(bodiesOf(second).map(seenOf)).toEqual([[]])
    applied.set(other, 8)
    const thirdPush = sealPush(context, after(second, { pending: [write('c', 'c')], applied }))
    expect(bodiesOf(thirdPush).map(seenOf)).toEqual([[[4, 5, 8]]])
    expect([...thirdPush.announced.seen].map(([{ incarnation }, through]) => [incarnation, through])).toEqual([
      [5, 8],
      [1, 1],
      [2, 9],
    ])
    // A push that was given up told nobody anything.
    const again = sealPush(context, after(second, { pending: [write('d', 'd')], applied }))
    expect(bodiesOf(again).map(seenOf)).toEqual([[[4, 5, 8]]])
    expect([...first.announced.seen].map(([, through]) => through)).toEqual([3, 1, 9])
  })

  it('names the keyring’s head at first, and whenever it has changed', () => {
    const keyringHead = { length: 2, hash: account.state.head }
    const first = sealPush(context, input({ pending: [write('a', 'a')] }))
    expect(bodiesOf(first)[0]!.keyringHead).toEqual(keyringHead)
    const second = sealPush(context, after(first, { pending: [write('b', 'b')] }))
    expect(bodiesOf(second)[0]!.keyringHead).toBeUndefined()
    const grown = after(second, { pending: [write('c', 'c')], announced: { ...second.announced, keyringLength: 1 } })
    expect(bodiesOf(sealPush(context, grown))[0]!.keyringHead).toEqual(keyringHead)
    const renewed = input({ pending: [write('d', 'd')], announced: second.announced })
    expect(bodiesOf(sealPush(context, renewed))[0]!.keyringHead).toEqual(keyringHead)
  })

  it('names in the first entry of an incarnation what it continues, and nowhere else', () => {
    const continues = { incarnation: 2, sequence: 9, hash: new Uint8Array(32).fill(8) as Hash }
    const first = sealPush(context, input({ pending: [write('a', 'a')], continues }))
    const second = sealPush(context, after(first, { pending: [write('b', 'b')], continues }))
    expect([...bodiesOf(first), ...bodiesOf(second)].map((body) => body.continues)).toEqual([continues, undefined])
  })

  it('is cut into entries between transactions, each following the one before, the seen vector in the first', () => {
    const pending = Array.from({ length: 8 }, (_, i) => write(`r${i}`, noise(50_000)))
    const applied = new LineageMap([[other, 3]])
    const push = sealPush(context, input({ pending, applied }))
    expect(push.entries.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4])
    expect(push.entries.map(({ lastOrder }) => lastOrder)).toEqual([2, 4, 6, 8])
    expect(push.entries.map(({ previous }) => previous)).toEqual([
      ZERO_HASH,
      ...push.entries.slice(0, -1).map(({ hash }) => hash),
    ])
    const bodies = bodiesOf(push)
    expect(bodies.map(seenOf)).toEqual([[[4, 5, 3]], [], [], []])
    expect(bodies.map(({ writers }) => writers[0]!.n)).toEqual([2, 4, 6, 8])
    expect(bodies.map(({ keyringHead }) => keyringHead?.length)).toEqual([2, undefined, undefined, undefined])
    for (const { envelope } of push.entries) expect(envelope.length).toBeLessThan(262_144)
    expect(push.head).toMatchObject({ sequence: 4, hash: push.entries[3]!.hash })
  })

  it('ends where the next entry would take it over its limit; the rest follows without a gap', () => {
    const pending = Array.from({ length: 24 }, (_, i) => write(`r${i}`, noise(60_000)))
    const push = sealPush(context, input({ pending }))
    const bytes = push.entries.reduce((sum, { envelope }) => sum + envelope.length, 0)
    expect(bytes).toBeLessThanOrEqual(917_504)
    expect(bytes).toBeGreaterThan(600_000)
    const { lastOrder } = push.entries.at(-1)!
    const rest = sealPush(context, after(push, { pending: pending.filter((item) => item.order > lastOrder) }))
    expect(rest.entries[0]!.sequence).toBe(push.entries.length + 1)
    expect(rest.entries[0]!.previous).toEqual(push.head.hash)
    expect(rest.entries.at(-1)!.lastOrder).toBe(24)
    expect(bodiesOf(rest)[0]!.seen).toEqual([])
  })

  it('merges a thousand small transactions into what one reader applies as it is', () => {
    const pending = Array.from({ length: 1_000 }, (_, i) => write(`r${i % 10}`, `value ${i}`))
    const push = sealPush(context, input({ pending }))
    expect(push.entries.length).toBe(1)
    const doc = createDoc('registers')
    for (const { bytes } of bodiesOf(push)[0]!.updates) Y.applyUpdate(doc, bytes)
    const { sha512 } = context.platform.signing
    const reader = openRegisters({ doc, writer: createWriter(context.platform.random), lastN: 0, now: () => 1 })
    expect(reader.digest(sha512)).toEqual(registers.digest(sha512))
  })

  it('is signed at its end', async () => {
    const push = await signPush(context, document, sealPush(context, input({ pending: [write('a', 'a')] })))
    const { sequence, hash } = push.entries.at(-1)!
    const head = { device: context.device, incarnation: 7, sequence, hash }
    const { verify } = context.platform.signing
    const { signing } = account.devices[0]!
    expect(await verify(signing, headSigningBytes(context.account, document, head), push.signature)).toBe(true)
    expect('head' in push).toBe(false)
  })
})
