// When a device purges by itself what was deleted: devices that show more or less, clocks that jump and a relay that lies about the time, in
// any order, beside a plain account of who had shown what and of how long it truly was.
import { createHash } from 'node:crypto'
import type { DeviceId, DocumentId } from '@owlivion/sync-protocol'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Edit, openRegisters, type Writer } from '../../src/document'
import { MemoryDisk, openMemoryStore, type StoreBatch } from '../../src/storage'
import { LineageMap } from '../../src/sync/device-map'
import { Copies, type HolderProgress } from '../../src/sync/document/copies'
import type { DocumentHost } from '../../src/sync/document/document-part'
import { Purging } from '../../src/sync/purge/purging'
import { createDoc, takeClientId } from '../../src/yjs'

const DAY_MS = 86_400_000
const device = (n: number): DeviceId => new Uint8Array(16).fill(n) as DeviceId
const own = { device: device(1), incarnation: 1 }
const writer = 'AAAAAAAA' as Writer

class Waiting {
  private trueMs = 1_700_000_000_000
  private localErrorMs = 0
  private relayErrorMs = 0
  private offsetMs = 0
  private toldAtMs: number | undefined
  private readonly store = openMemoryStore(new MemoryDisk())
  private readonly registers
  private readonly copies = new Copies()
  /** By device: what it has shown, and when it was heard of by the relay's clock. */
  private readonly shown = new Map<number, { number: number; heardMs: number }>()
  private readonly deletes = new Map<string, { number: number; trueMs: number }>()
  private hasJumped = false
  private hasLied = false
  private purging: Purging
  readonly purged: string[] = []
  readonly reached = new Set<string>()

  constructor() {
    const doc = createDoc('registers')
    takeClientId(doc, (length) => createHash('sha512').update('client').digest().subarray(0, length))
    this.registers = openRegisters({ doc, writer, lastN: 0, now: () => this.corrected })
    this.purging = new Purging(this.host())
  }

  private get local(): number {
    return this.trueMs + this.localErrorMs
  }
  private get corrected(): number {
    return this.local + this.offsetMs
  }

  private host(): DocumentHost {
    const { registers, store, copies } = this
    const self = this
    const context = {
      platform: { now: () => self.local },
      now: () => self.corrected,
      get clockToldAtMs() {
        return self.toldAtMs
      },
      isRemoved: false,
      store,
      writer: { write: (batch: StoreBatch) => store.commit(batch) },
    }
    const state = {
      document: new Uint8Array(16) as DocumentId,
      outbox: { pending: [] },
      registers,
      replica: {
        get state() {
          return { number: registers.lastN, context: new Map([[writer, registers.lastN]]) }
        },
      },
      appliedByOthers: () => new LineageMap([[own, registers.lastN]]),
    }
    const holdersHave = (progress: HolderProgress, sinceMs: number) =>
      copies.haveAll([device(2), device(3)], progress, sinceMs)
    const transactAll = (edits: readonly Edit[]) => {
      for (const { id } of edits) self.judge(id)
      registers.transact(edits)
      return []
    }
    const host = {
      context,
      state,
      seenRows: { holdersHave },
      edits: { transactAll },
      isHealing: false,
      isClosed: false,
    }
    return host as unknown as DocumentHost
  }

  /** Holds a purge against the plain account. */
  private judge(id: string): void {
    this.purged.push(id)
    const mark = this.deletes.get(id)
    expect(mark, `${id} is deleted`).toBeDefined()
    const { number, trueMs } = mark!
    // Who alone is wrong makes nothing go early.
    if (!this.hasJumped || !this.hasLied) expect(this.trueMs - trueMs).toBeGreaterThanOrEqual(30 * DAY_MS)
    for (const [, each] of this.shown) {
      const isSilent = Math.min(this.local, this.corrected) - each.heardMs >= 180 * DAY_MS
      if (isSilent) this.reached.add('a silent device')
      else expect(each.number).toBeGreaterThanOrEqual(number)
    }
    if (this.shown.size < 2) {
      if (!this.hasJumped || !this.hasLied) expect(this.trueMs - trueMs).toBeGreaterThanOrEqual(180 * DAY_MS)
      this.reached.add('a device that showed nothing')
    }
    if (this.hasJumped) this.reached.add('a purge after a jump')
    if (this.hasLied) this.reached.add('a purge after a lie')
  }

  write(id: string, kind: 'delete' | 'restore' | 'add'): void {
    const isVisible = this.registers.has(id)
    if (kind === 'restore' ? isVisible || !this.registers.inspect(id) : kind === 'delete' ? !isVisible : isVisible)
      return
    this.registers.transact([kind === 'add' ? { kind, id, fields: { name: id } } : { kind, id }])
    if (kind === 'delete') this.deletes.set(id, { number: this.registers.lastN, trueMs: this.trueMs })
    else this.deletes.delete(id)
  }

  show(holder: number): void {
    const { lastN } = this.registers
    const heardMs = Math.max(0, this.trueMs + this.relayErrorMs)
    this.shown.set(holder, { number: lastN, heardMs: Math.max(heardMs, this.shown.get(holder)?.heardMs ?? 0) })
    this.copies.heard(device(holder), lastN > 0 ? [{ ...own, sequence: lastN }] : [], heardMs)
  }

  wait(days: number): void {
    this.trueMs += days * DAY_MS
  }

  jump(days: number): void {
    this.localErrorMs += days * DAY_MS
    this.hasJumped = true
  }

  lie(days: number): void {
    this.relayErrorMs = days * DAY_MS
    this.hasLied = true
  }

  private tell(): void {
    this.offsetMs = this.trueMs + this.relayErrorMs - this.local
    this.toldAtMs = this.local
  }

  restart(): void {
    this.purging = new Purging(this.host())
    this.toldAtMs = undefined
  }

  /** @param isConnected the relay has just told its time */
  async look(isConnected = false): Promise<void> {
    if (isConnected) this.tell()
    await this.purging.caughtUp()
  }

  /** Everything that it takes. */
  async settle(): Promise<void> {
    this.relayErrorMs = 0
    for (let day = 0; day < 36; day++) {
      this.wait(1)
      for (const holder of [2, 3]) this.show(holder)
      await this.look(true)
    }
  }

  get left(): string[] {
    return [...this.registers.deletedIds()]
  }
}

const days = fc.oneof(fc.double({ min: 0, max: 12, noNaN: true }), fc.constantFrom(31, 100, 181))
const jumps = fc.constantFrom(-400, -40, 31, 400)
const id = fc.constantFrom('ann', 'bob')
const acts: fc.Arbitrary<(world: Waiting) => unknown> = fc.oneof(
  { weight: 3, arbitrary: id.map((each) => (world: Waiting) => world.write(each, 'add')) },
  { weight: 6, arbitrary: id.map((each) => (world: Waiting) => world.write(each, 'delete')) },
  { weight: 1, arbitrary: id.map((each) => (world: Waiting) => world.write(each, 'restore')) },
  { weight: 6, arbitrary: fc.integer({ min: 2, max: 3 }).map((n) => (world: Waiting) => world.show(n)) },
  { weight: 8, arbitrary: days.map((each) => (world: Waiting) => world.wait(each)) },
  { weight: 1, arbitrary: jumps.map((each) => (world: Waiting) => world.jump(each)) },
  { weight: 1, arbitrary: jumps.map((each) => (world: Waiting) => world.lie(each)) },
  { weight: 8, arbitrary: fc.constant((world: Waiting) => world.look(true)) },
  { weight: 4, arbitrary: fc.constant((world: Waiting) => world.look()) },
  { weight: 1, arbitrary: fc.constant((world: Waiting) => world.restart()) },
)

it('nothing is purged before its time or before every device has shown that it has the delete, and everything is after', async () => {
  const reached = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(fc.array(acts, { minLength: 10, maxLength: 80 }), async (steps) => {
      const world = new Waiting()
      for (const step of steps) await step(world)
      if (world.purged.length > 0) reached.set('a purge', (reached.get('a purge') ?? 0) + 1)
      for (const each of world.reached) reached.set(each, (reached.get(each) ?? 0) + 1)
      await world.settle()
      expect(world.left).toEqual([])
    }),
    { numRuns: 800, seed: 11 },
  )
  for (const each of [
    'a purge',
    'a silent device',
    'a device that showed nothing',
    'a purge after a jump',
    'a purge after a lie',
  ])
    expect(reached.get(each) ?? 0, each).toBeGreaterThan(1)
})
