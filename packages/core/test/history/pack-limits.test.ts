// How much of a history is kept: by age, and by bytes; what goes, goes from the beginning on, and what is said of it is no more than that.
import { createHash } from 'node:crypto'
import type { Sha512 } from '@owlivion/sync-protocol'
import { expect, it } from 'vitest'
import { openRegisters, type Registers, type Writer } from '../../src/document'
import type { PackedChange } from '../../src/sync/history/logged-change'
import { encodePack, type Pack } from '../../src/sync/history/pack'
import { editsFor, editsToForget, outdatedIdOf, readShelf } from '../../src/sync/history/pack-shelf'
import { groupEdits } from '../../src/sync/writing/edit-groups'
import { createDoc, takeClientId, Y } from '../../src/yjs'

const sha512: Sha512 = (bytes) => new Uint8Array(createHash('sha512').update(bytes).digest())
const ANN = '000102030405060708090a0b0c0d0e0f'
const NOW = 1_700_000_000_000
const MIB = 1_048_576

/** Bytes that no deflate makes fewer. */
function noise(length: number, seed: number): string {
  let text = ''
  for (let i = 0; text.length < length; i++) text += createHash('sha512').update(`${seed} ${i}`).digest('base64')
  return text.slice(0, length)
}

function packOf(sequence: number, { size = 100, atMs = NOW, isEmpty = false } = {}): Pack {
  const change: PackedChange = {
    ...{ device: ANN, incarnation: 0, sequence, number: sequence, id: 'ann', kind: 'changed', atMs, counts: [] },
    fields: [{ field: 'name', before: undefined, after: noise(size, sequence) }],
  }
  return { spans: [{ device: ANN, incarnation: 0, from: sequence, to: sequence }], changes: isEmpty ? [] : [change] }
}

class Shelved {
  readonly registers: Registers

  constructor(private readonly doc = createDoc('registers')) {
    takeClientId(doc, (length) => sha512(Uint8Array.of(1)).subarray(0, length))
    this.registers = openRegisters({ doc, writer: 'AAAAAAAA' as Writer, lastN: 0, now: () => NOW })
  }

  private write(edits: ReturnType<typeof editsFor>): void {
    for (const group of groupEdits(edits, this.registers)) this.registers.transact(group)
  }

  put(...packs: readonly Pack[]): void {
    for (const pack of packs) this.write(editsFor(encodePack(sha512, pack), pack, undefined))
  }

  tear(pack: Pack): void {
    this.write(editsFor(encodePack(sha512, pack), pack, undefined).slice(0, 1))
  }

  forget(before = 0): void {
    this.write(editsToForget(readShelf(this.registers), ANN, before, this.registers.get(outdatedIdOf(ANN))))
  }

  get shelf() {
    return readShelf(this.registers)
  }

  get sequences(): number[] {
    return this.shelf.packs.flatMap(({ spans }) => spans.map(({ to }) => to)).sort((a, b) => a - b)
  }

  get sizeBytes(): number {
    return Y.encodeStateAsUpdateV2(this.doc).length
  }
}

it('takes at most 8 MiB: what is more goes from the beginning on, with its bytes, and it is said how far', () => {
  const shelved = new Shelved()
  for (let i = 1; i <= 120; i++) shelved.put(packOf(i, { size: 100_000 }))
  const before = shelved.sizeBytes
  expect(before).toBeGreaterThan(8.5 * MIB)
  shelved.forget()
  const { packs, outdated } = shelved.shelf
  const kept = packs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  expect(kept).toBeLessThanOrEqual(8 * MIB)
  expect(kept).toBeGreaterThan(7.5 * MIB)
  const first = 121 - packs.length
  expect(shelved.sequences).toEqual(packs.map((_, i) => first + i))
  expect(outdated).toMatchObject([{ last: first - 1, spans: [{ device: ANN, from: 1, to: first - 1 }] }])
  expect(shelved.sizeBytes).toBeLessThan(8.3 * MIB)
  // And it is done.
  expect(editsToForget(shelved.shelf, ANN, 0, undefined)).toEqual([])
})

it('lets everything go where the newest alone is too much, and keeps what just fits', () => {
  const shelved = new Shelved()
  for (let i = 1; i <= 3; i++) shelved.put(packOf(i, { size: 2_000_000 }))
  shelved.forget()
  expect(shelved.sequences).toEqual([1, 2, 3])
  shelved.put(packOf(4, { size: 8_500_000 }))
  shelved.forget()
  expect(shelved.sequences).toEqual([])
  expect(shelved.shelf.outdated).toMatchObject([{ last: 4, spans: [{ from: 1, to: 4 }] }])
})

it('lets go of what is older than it is kept, and of nothing after it', () => {
  const shelved = new Shelved()
  // One clock was wrong: what stands before something newer goes with the rest before it, and not alone.
  shelved.put(
    packOf(1, { atMs: NOW - 50 }),
    packOf(2, { atMs: NOW - 40 }),
    packOf(3, { atMs: NOW }),
    packOf(4, { atMs: NOW - 30 }),
  )
  shelved.forget(NOW - 20)
  expect(shelved.sequences).toEqual([3, 4])
  expect(shelved.shelf.outdated).toMatchObject([{ last: 2, toMs: NOW - 40 }])
})

it('does not take for lost what had no changes', () => {
  const shelved = new Shelved()
  // Entries that wrote in texts, mostly.
  shelved.put(packOf(1), packOf(2, { isEmpty: true }), packOf(3))
  shelved.forget(NOW - 20)
  expect(shelved.sequences).toEqual([1, 2, 3])
  expect(shelved.shelf.outdated).toEqual([])
})

it('lets go of what had no changes with the rest of its chain', () => {
  const shelved = new Shelved()
  shelved.put(packOf(1, { isEmpty: true }), packOf(2, { atMs: NOW - 50 }), packOf(3, { isEmpty: true }), packOf(4))
  shelved.forget(NOW - 20)
  expect(shelved.sequences).toEqual([3, 4])
  expect(shelved.shelf.outdated).toMatchObject([{ spans: [{ from: 1, to: 2 }] }])
})

it('lets go of what somebody began to write and nobody ended, once it is too old', () => {
  const shelved = new Shelved()
  const torn = packOf(1, { size: 100_000, atMs: NOW - 50 })
  shelved.tear(torn)
  shelved.put(packOf(2))
  shelved.forget(NOW - 60)
  expect(shelved.shelf.torn).toHaveLength(1)
  shelved.forget(NOW - 20)
  expect([shelved.shelf.torn, shelved.shelf.outdated, shelved.sequences]).toEqual([[], [], [2]])
})
