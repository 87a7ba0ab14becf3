// Devices that edit the same records, and the oracle beside them. Delivery is causal and otherwise arbitrary; devices can be
// reloaded, can fall back to an earlier state while others keep what they had sent since, and then write again what they did after
// that. Every step compares what a device answers with what the oracle says.
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import {
  createWriter,
  decodeOperations,
  type Edit,
  encodeOperations,
  type JsonValue,
  openRegisters,
  type Registers,
  type Transaction,
  type Writer,
} from '../../src/document'
import { isSyncError } from '../../src/errors'
import { type OracleEffect, type OracleOperation, RegisterOracle } from '../../src/testing/register-oracle'
import { createDoc, takeClientId, Y } from '../../src/yjs'

/** A transaction as it lies in its author's log. */
interface Entry {
  readonly update: Uint8Array
  readonly operations: readonly string[]
  /** How many entries of each log the author had applied. */
  readonly needs: readonly number[]
}

interface Pending {
  readonly transaction: Transaction
  readonly operations: readonly OracleOperation[]
  readonly needs: readonly number[]
}

interface Checkpoint {
  readonly state: Uint8Array
  readonly lastN: number
  readonly applied: readonly number[]
  readonly seen: ReadonlySet<string>
}

interface Device {
  registers: Registers
  /** Index of the log it writes. A new writer starts a new log. */
  log: number
  applied: number[]
  seen: Set<string>
  clock: number
  checkpoint: Checkpoint | undefined
  /** Set while the device is cut off: what it wrote since, which nobody else has. */
  pending: Pending[] | undefined
}

export interface RejoinOptions {
  /** Write under the same writer again; only when nothing was lost. */
  readonly keepsWriter: boolean
  readonly shiftMs: number
  /** Rewrite twice, as a device does that is forked again before it could send. */
  readonly isTwice: boolean
}

export const sha512 = (bytes: Uint8Array): Uint8Array => createHash('sha512').update(bytes).digest()

export class World {
  readonly oracle = new RegisterOracle()
  readonly devices: Device[] = []
  readonly #logs: Entry[][] = []
  readonly #nByOperation = new Map<string, number>()
  #draws = 0
  #operations = 0

  constructor(clocks: readonly number[]) {
    for (const clock of clocks) {
      const device = { log: this.#openLog(), applied: [], seen: new Set<string>(), clock } as unknown as Device
      device.registers = this.#open(device, undefined, this.#writer(), 0)
      this.devices.push(device)
    }
  }

  /** Applies the edits on a device and tells the oracle. */
  edit(index: number, edits: readonly Edit[]): void {
    const device = this.devices[index]!
    const needs = this.#vector(device)
    let transaction: Transaction | undefined
    let refusal: unknown
    const before = device.registers.digest(sha512)
    try {
      transaction = device.registers.transact(edits)
    } catch (error) {
      refusal = error
      expect(device.registers.digest(sha512)).toEqual(before)
    }

    const taken: OracleOperation[] = []
    const seen = new Set(device.seen)
    for (const edit of edits) {
      const effect = this.oracle.decide(edit, seen)
      if (effect === 'nothing') continue
      if (typeof effect === 'string') {
        expect(isSyncError(refusal, effect), `expected ${effect}, got ${refusal}`).toBe(true)
        return
      }
      // A refused transaction has no times; its earlier edits are decided as the latest of all and forgotten.
      const t = refusal ? Number.MAX_SAFE_INTEGER : transaction?.operations[taken.length]?.t
      expect(t, 'the oracle expects one more operation').toBeDefined()
      taken.push(this.#take(effect, edit.id, device.registers.writer, t!, seen))
      seen.add(taken.at(-1)!.id)
    }
    expect(refusal).toBeUndefined()
    expect(transaction?.operations.length ?? 0).toBe(taken.length)
    if (!transaction) return

    expect([...transaction.changed].sort()).toEqual([...new Set(taken.map(({ record }) => record))].sort())
    this.#checkTimes(taken)
    for (const { id } of taken) this.#nByOperation.set(id, transaction.n)
    device.seen = seen
    if (device.pending) device.pending.push({ transaction, operations: taken, needs })
    else this.#append(device, { update: transaction.update, operations: taken.map(({ id }) => id), needs })
    this.check(index)
  }

  /** Hands a device up to `count` entries of a log, as far as it has what they need. */
  deliver(index: number, log: number, count: number, isMerged: boolean): void {
    const device = this.devices[index]!
    const entries = this.#logs[log % this.#logs.length]!
    if (device.pending) return
    const updates: Uint8Array[] = []
    const operations: string[] = []
    const at = log % this.#logs.length
    while (updates.length < count) {
      const entry = entries[device.applied[at] ?? 0]
      if (!entry?.needs.every((need, of) => (device.applied[of] ?? 0) >= need)) break
      updates.push(entry.update)
      operations.push(...entry.operations)
      device.applied[at] = (device.applied[at] ?? 0) + 1
    }
    if (updates.length === 0) return
    device.registers.apply(isMerged ? [Y.mergeUpdates(updates)] : updates)
    for (const update of updates) expect(device.registers.contains(update)).toBe(true)
    for (const id of operations) device.seen.add(id)
    this.check(index)
  }

  /** Closes a device and opens it again from its stored state. */
  reload(index: number): void {
    const device = this.devices[index]!
    const { writer, lastN } = device.registers
    device.registers = this.#open(device, device.registers.encodeState(), writer, lastN)
    this.check(index)
  }

  checkpoint(index: number): void {
    const device = this.devices[index]!
    if (device.pending) return
    const { registers, applied, seen } = device
    device.checkpoint = {
      state: registers.encodeState(),
      lastN: registers.lastN,
      applied: [...applied],
      seen: new Set(seen),
    }
  }

  /** The device becomes what it was at its checkpoint and is cut off. What it had sent since stays with the others. */
  fallBack(index: number): void {
    const device = this.devices[index]!
    if (!device.checkpoint || device.pending) return
    const { state, lastN, applied, seen } = device.checkpoint
    device.registers = this.#open(device, state, device.registers.writer, lastN)
    device.applied = [...applied]
    device.seen = new Set(seen)
    device.pending = []
    this.check(index)
  }

  /** The device takes as its base all that was ever sent, its own lost life included, and writes its pending edits again. */
  rejoin(index: number, { keepsWriter, shiftMs, isTwice }: RejoinOptions): void {
    const device = this.devices[index]!
    const { pending, checkpoint } = device
    if (!pending || !checkpoint) return
    const old = device.registers.writer
    const hasLostLife = this.#logs[device.log]!.length > (checkpoint.applied[device.log] ?? 0)
    const isSameWriter = keepsWriter && !hasLostLife
    const updates = this.#logs.flat().map(({ update }) => update)
    const base = () => {
      const registers = this.#open(device, undefined, old, 0)
      registers.apply(updates)
      return registers
    }

    let stored = pending.map(({ transaction }) => transaction)
    device.registers = base()
    if (isTwice && !isSameWriter) {
      stored = device.registers.rewrite(this.#throughDisk(stored), { writer: this.#writer(), lastN: 0 })
      device.registers = base()
    }
    const target = isSameWriter ? { writer: old, lastN: checkpoint.lastN } : { writer: this.#writer(), lastN: 0 }
    const rewritten = device.registers.rewrite(this.#throughDisk(stored), { ...target, shiftMs })

    if (!isSameWriter) device.log = this.#openLog()
    device.applied = this.#logs.map((entries) => entries.length)
    device.seen = new Set(this.#logs.flat().flatMap(({ operations }) => operations))
    device.pending = undefined
    device.checkpoint = undefined
    const newIds = new Map<string, string>()
    for (const [at, { update, operations, n }] of rewritten.entries()) {
      const { operations: originals, needs } = pending[at]!
      const taken = originals.map((original, position) => {
        const seen = new Set(Array.from(original.seen, (id) => newIds.get(id) ?? id))
        const { t } = operations[position]!
        if (shiftMs === 0) expect(t).toBe(original.t)
        const operation = this.#take(original.effect, original.record, target.writer, t, seen)
        newIds.set(original.id, operation.id)
        this.#nByOperation.set(operation.id, n)
        return operation
      })
      this.#checkTimes(taken)
      for (const { id } of taken) device.seen.add(id)
      const previous = needs.map((need, log) => (log === device.log ? this.#logs[log]!.length : need))
      this.#append(device, { update, operations: taken.map(({ id }) => id), needs: previous })
    }
    this.check(index)
  }

  /** Brings everybody everything; then all are equal. */
  settle(): void {
    this.devices.forEach((device, index) => {
      if (device.pending) this.rejoin(index, { keepsWriter: false, shiftMs: 0, isTwice: false })
    })
    for (let round = 0; round < this.#logs.length + 1; round++) {
      this.devices.forEach((_, index) => {
        this.#logs.forEach((entries, log) => {
          this.deliver(index, log, entries.length, false)
        })
      })
    }
    const total = this.#logs.flat().length
    const digests = this.devices.map(({ registers, applied }) => {
      expect(applied.reduce((sum, each) => sum + (each ?? 0), 0)).toBe(total)
      return Buffer.from(registers.digest(sha512)).toString('hex')
    })
    expect(new Set(digests).size).toBe(1)
    this.devices.forEach((_, index) => {
      this.reload(index)
    })
  }

  /** Compares everything a device answers with the oracle. */
  check(index: number): void {
    const { registers, seen } = this.devices[index]!
    const visible = new Set<string>()
    const hidden = new Set<string>()
    const conflicts = new Map<string, unknown>()
    const deleteConflicts = new Map<string, unknown>()
    for (const id of this.oracle.recordIds()) {
      const expected = this.oracle.view(id, seen)
      const actual = registers.inspect(id)
      expect(actual === undefined).toBe(expected === undefined)
      if (!expected || !actual) continue
      ;(expected.isVisible ? visible : hidden).add(id)
      expect(actual.standing).toBe(expected.isVisible ? 'visible' : 'hidden')
      expect(registers.has(id)).toBe(expected.isVisible)

      const answered = new Map(Array.from(actual.fields, ([field, { candidates }]) => [field, distinct(candidates)]))
      const wanted = new Map(Array.from(expected.fields, ([field, candidates]) => [field, this.#withN(candidates)]))
      expect(answered).toEqual(wanted)
      for (const [field, { winner, isConflict }] of actual.fields) {
        expect(isConflict).toBe(expected.conflicts.has(field))
        expect(winner).toEqual(wanted.get(field)![0])
      }
      const unseen = groupByField(actual.deleteConflict)
      const wantedUnseen = new Map(
        Array.from(expected.deleteConflicts, ([field, candidates]) => [field, this.#withN(candidates)]),
      )
      expect(unseen).toEqual(wantedUnseen)
      if (unseen.size > 0) deleteConflicts.set(id, unseen)
      if (expected.isVisible) {
        for (const field of expected.conflicts) conflicts.set(`${id} ${field}`, wanted.get(field))
        const winners = [...wanted].map(([field, [first]]) => [field, first!.value] as const)
        const fields = Object.fromEntries(winners.filter(([, value]) => value !== undefined))
        expect(entriesOf(registers.get(id)!)).toEqual(entriesOf(fields as Record<string, JsonValue>))
      } else {
        expect(registers.get(id)).toBeUndefined()
      }
    }
    expect(new Set(registers.ids())).toEqual(visible)
    expect(registers.size).toBe(visible.size)
    expect(new Set(registers.deletedIds())).toEqual(hidden)
    const listed = Array.from(
      registers.conflicts(),
      (each) => [`${each.id} ${each.field}`, distinct(each.candidates)] as const,
    )
    expect(new Map(listed)).toEqual(conflicts)
    const listedDeletes = Array.from(
      registers.deleteConflicts(),
      ({ id, unseen }) => [id, groupByField(unseen)] as const,
    )
    expect(new Map(listedDeletes)).toEqual(deleteConflicts)
  }

  #open(device: Device, state: Uint8Array | undefined, writer: Writer, lastN: number): Registers {
    const doc = createDoc('registers')
    if (state) Y.applyUpdateV2(doc, state)
    takeClientId(doc, this.#random)
    return openRegisters({ doc, writer, lastN, now: () => device.clock })
  }

  #openLog(): number {
    return this.#logs.push([]) - 1
  }

  #append(device: Device, entry: Entry): void {
    this.#logs[device.log]!.push(entry)
    device.applied[device.log] = this.#logs[device.log]!.length
  }

  #take(effect: OracleEffect, record: string, writer: string, t: number, seen: ReadonlySet<string>): OracleOperation {
    const operation = { id: `operation ${++this.#operations}`, writer, t, seen: new Set(seen), record, effect }
    this.#times.set(operation.id, { record, t, isTransactionOf: seen })
    this.oracle.take(operation)
    return operation
  }

  readonly #times = new Map<string, { record: string; t: number; isTransactionOf: ReadonlySet<string> }>()

  /** What a device has seen in a record orders before what it writes there. */
  #checkTimes(transaction: readonly OracleOperation[]): void {
    const own = new Set(transaction.map(({ id }) => id))
    for (const { record, t, seen } of transaction) {
      for (const id of seen) {
        const earlier = this.#times.get(id)!
        if (earlier.record === record && !own.has(id)) expect(t).toBeGreaterThan(earlier.t)
      }
    }
  }

  #throughDisk(transactions: readonly Transaction[]): Transaction[] {
    return transactions.map((each) => ({ ...each, operations: decodeOperations(encodeOperations(each.operations)) }))
  }

  #vector({ applied }: Device): number[] {
    return this.#logs.map((_, log) => applied[log] ?? 0)
  }

  #withN(candidates: readonly { operation: string; writer: string; t: number; value: JsonValue | undefined }[]) {
    return candidates.map(({ operation, writer, t, value }) => ({
      writer,
      t,
      n: this.#nByOperation.get(operation),
      value,
    }))
  }

  #writer(): Writer {
    return createWriter(this.#random)
  }

  /** Different at every draw, the same in every run. */
  #random = (length: number): Uint8Array => sha512(Buffer.from(`draw ${++this.#draws}`)).slice(0, length)
}

/** Candidates without equal values, the first of each. */
function distinct<Each extends { readonly value: JsonValue | undefined }>(candidates: readonly Each[]): Each[] {
  const texts = new Set<string | undefined>()
  return candidates.filter(({ value }) => {
    const text = JSON.stringify(value)
    return !texts.has(text) && texts.add(text)
  })
}

function groupByField<Each extends { readonly field: string; readonly value: JsonValue | undefined }>(
  values: readonly Each[],
): Map<string, Omit<Each, 'field'>[]> {
  const groups = new Map<string, Omit<Each, 'field'>[]>()
  for (const { field, ...candidate } of values) groups.set(field, [...(groups.get(field) ?? []), candidate])
  return new Map(
    Array.from(groups, ([field, candidates]) => [
      field,
      distinct(candidates as unknown as Each[]) as Omit<Each, 'field'>[],
    ]),
  )
}

function entriesOf(fields: { readonly [field: string]: JsonValue }): [string, JsonValue][] {
  return Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))
}
