// Devices that edit the same records, and the oracle beside them. Delivery is causal and otherwise arbitrary; devices can be
// reloaded, can fall back to an earlier state while others keep what they had sent since, and then write again what they did after
// that. Every step compares what a device answers with what the oracle says.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  createWriter,
  decodeOperations,
  type Edit,
  encodeOperations,
  openRegisters,
  type Registers,
  type Transaction,
  type Writer,
} from '../../src/document'
import { isSyncError } from '../../src/errors'
import type { OracleEffect, OracleOperation } from '../../src/testing/oracle-history'
import { RegisterOracle, renameEffect } from '../../src/testing/register-oracle'
import { createDoc, takeClientId, Y } from '../../src/yjs'
import { answersOf, expectedAnswers } from './answers'

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
  /** Take as base only what the device had sent and what that needs, not all that was ever sent. */
  readonly isBaseSmall: boolean
}

/** A row with values of the row it replaced. */
const keptPattern = /^\[\d+,\d+,\{.*\},\[/

export const sha512 = (bytes: Uint8Array): Uint8Array => createHash('sha512').update(bytes).digest()

export class World {
  readonly oracle = new RegisterOracle()
  readonly devices: Device[] = []
  /** Which of the rarer situations this history came through. */
  readonly reached = new Set<string>()
  readonly #logs: Entry[][] = []
  readonly #taken = new Map<string, OracleOperation>()
  readonly #nByOperation = new Map<string, number>()
  #draws = 0

  constructor(clocks: readonly number[]) {
    for (const clock of clocks) {
      const device = { log: this.#openLog(), applied: [], seen: new Set<string>(), clock } as unknown as Device
      device.registers = this.#open(device, undefined, this.#writer(), 0)
      this.checkpoint(this.devices.push(device) - 1)
    }
  }

  /** Applies the edits on a device and tells the oracle. */
  edit(index: number, edits: readonly Edit[]): void {
    const device = this.devices[index]!
    const needs = this.#vector(device)
    let transaction: Transaction | undefined
    let refusal: unknown
    const before = Y.encodeStateVector(device.registers.doc)
    try {
      transaction = device.registers.transact(edits)
    } catch (error) {
      refusal = error
      assert.deepEqual(Y.encodeStateVector(device.registers.doc), before)
    }

    const taken: OracleOperation[] = []
    const seen = new Set(device.seen)
    for (const edit of edits) {
      const effect = this.oracle.decide(edit, device.registers.writer, seen)
      if (effect === 'nothing') continue
      if (typeof effect === 'string') {
        assert(isSyncError(refusal, effect), `expected ${effect}, got ${refusal}`)
        return
      }
      // A refused transaction has no times; its earlier edits are decided as the latest of all and forgotten.
      const t = refusal ? Number.MAX_SAFE_INTEGER : transaction?.operations[taken.length]?.t
      assert(t !== undefined, 'the oracle expects one more operation')
      if (!refusal && effect.kind === 'purge') this.reached.add('a purge')
      taken.push(this.#take(effect, edit.id, device.registers.writer, t, seen))
      seen.add(taken.at(-1)!.id)
    }
    assert.equal(refusal, undefined)
    assert.equal(transaction?.operations.length ?? 0, taken.length)
    if (!transaction) return

    assert.deepEqual(transaction.changed, new Set(taken.map(({ record }) => record)))
    this.#checkTimes(taken)
    for (const { id } of taken) this.#nByOperation.set(id, transaction.n)
    device.seen = seen
    if (device.pending) device.pending.push({ transaction, operations: taken })
    else this.#append(device, { update: transaction.update, operations: taken.map(({ id }) => id), needs })
    this.check(index)
  }

  /** Hands a device up to `count` entries of a log, as far as it has what they need. */
  deliver(index: number, log: number, count: number, isMerged: boolean): boolean {
    const device = this.devices[index]!
    const entries = this.#logs[log % this.#logs.length]!
    const updates: Uint8Array[] = []
    const operations: string[] = []
    const at = log % this.#logs.length
    // Its own lost life reaches a cut-off device only when it rejoins.
    if (device.pending && at === device.log) return false
    while (updates.length < count) {
      const entry = entries[device.applied[at] ?? 0]
      if (!entry?.needs.every((need, of) => (device.applied[of] ?? 0) >= need)) break
      updates.push(entry.update)
      operations.push(...entry.operations)
      device.applied[at] = (device.applied[at] ?? 0) + 1
    }
    if (updates.length === 0) return false
    device.registers.apply(isMerged ? [Y.mergeUpdates(updates)] : updates)
    for (const update of updates) assert(device.registers.contains(update))
    for (const id of operations) device.seen.add(id)
    this.check(index)
    return true
  }

  deliverAll(index: number): void {
    const logs = [...this.#logs.keys()]
    while (logs.some((log) => this.deliver(index, log, Number.POSITIVE_INFINITY, false)));
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

  /** The device takes what was sent as its base, its own lost life included, and writes its pending edits again. */
  rejoin(index: number, { keepsWriter, shiftMs, isTwice, isBaseSmall }: RejoinOptions): void {
    const device = this.devices[index]!
    const { pending, checkpoint } = device
    if (!pending || !checkpoint) return
    const old = device.registers.writer
    const hasLostLife = this.#logs[device.log]!.length > (device.applied[device.log] ?? 0)
    const isSameWriter = keepsWriter && !hasLostLife
    if (pending.length > 0)
      this.reached.add(hasLostLife ? 'a lost life' : isSameWriter ? 'the same writer' : 'a new writer')
    device.applied = isBaseSmall ? this.#closure(device.applied, device.log) : this.#logs.map(({ length }) => length)
    const entries = this.#logs.flatMap((log, at) => log.slice(0, device.applied[at]))
    const base = () => {
      const registers = this.#open(device, undefined, old, 0)
      registers.apply(entries.map(({ update }) => update))
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
    device.seen = new Set(entries.flatMap(({ operations }) => operations))
    device.pending = undefined
    const newIds = new Map<string, string>()
    for (const [at, { update, operations, n }] of rewritten.entries()) {
      const { operations: originals } = pending[at]!
      const taken = originals.map((original, position) => {
        const seen = new Set(Array.from(original.seen, (id) => newIds.get(id) ?? id))
        const { t } = operations[position]!
        if (shiftMs === 0) assert.equal(t, original.t)
        const operation = this.#take(renameEffect(original.effect, newIds), original.record, target.writer, t, seen)
        newIds.set(original.id, operation.id)
        this.#nByOperation.set(operation.id, n)
        return operation
      })
      this.#checkTimes(taken)
      for (const { id } of taken) device.seen.add(id)
      // Written on a base where others' later slots are already in place, it must not arrive anywhere before they do.
      this.#append(device, { update, operations: taken.map(({ id }) => id), needs: this.#vector(device) })
    }
    this.checkpoint(index)
    this.check(index)
  }

  /** Brings everybody everything; then all are equal. */
  settle(): void {
    this.devices.forEach((device, index) => {
      if (device.pending) this.rejoin(index, { keepsWriter: false, shiftMs: 0, isTwice: false, isBaseSmall: false })
    })
    this.devices.forEach((_, index) => {
      this.deliverAll(index)
    })
    const total = this.#logs.flat().length
    const digests = this.devices.map(({ registers, applied }) => {
      assert.equal(
        applied.reduce((sum, each) => sum + (each ?? 0), 0),
        total,
      )
      return Buffer.from(registers.digest(sha512)).toString('hex')
    })
    assert.equal(new Set(digests).size, 1)
    this.reload(0)
  }

  /** Compares everything a device answers with the oracle. */
  check(index: number): void {
    const { registers, seen } = this.devices[index]!
    const answers = answersOf(registers, this.oracle.recordIds())
    const expected = expectedAnswers(this.oracle, seen, (operation) => this.#nByOperation.get(operation)!)
    assert.deepEqual(answers, expected)

    for (const situation of situationsOfSlots([...registers.doc.getMap<string>('r')])) this.reached.add(situation)
    for (const text of registers.doc.getMap<string>('r').values()) {
      if (keptPattern.test(text)) this.reached.add('a kept value')
    }
    for (const { id, seen: before, record, effect } of this.#taken.values()) {
      const outlives = (each: OracleOperation) => each.record === record && !before.has(each.id) && !each.seen.has(id)
      if (effect.kind === 'purge' && seen.has(id) && answers.records.has(record))
        for (const each of seen)
          if (each !== id && outlives(this.#taken.get(each)!)) this.reached.add('more than a purge')
    }
    for (const { standing, conflicts, deleteConflict } of answers.records.values()) {
      if (conflicts.length > 0) this.reached.add(`a conflict, ${standing}`)
      if (deleteConflict.size > 0) this.reached.add(`a delete conflict, ${standing}`)
    }
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
    const operation = { id: `operation ${this.#taken.size + 1}`, writer, t, seen: new Set(seen), record, effect }
    this.#taken.set(operation.id, operation)
    this.oracle.take(operation)
    return operation
  }

  /** What a device has seen in a record orders before what it writes there. */
  #checkTimes(transaction: readonly OracleOperation[]): void {
    const own = new Set(transaction.map(({ id }) => id))
    for (const { record, t, seen } of transaction) {
      for (const id of seen) {
        const earlier = this.#taken.get(id)!
        // Counts have no time.
        if (earlier.record === record && earlier.effect.kind !== 'increment' && !own.has(id))
          assert(t > earlier.t, `${t} is not after ${earlier.t}, which it had seen`)
      }
    }
  }

  /** How much of each log is needed to hold `applied` and all of one log. */
  #closure(applied: readonly number[], log: number): number[] {
    const needed = this.#logs.map((entries, at) => (at === log ? entries.length : (applied[at] ?? 0)))
    let isGrowing = true
    while (isGrowing) {
      isGrowing = false
      for (const [at, entries] of this.#logs.entries()) {
        for (const need of entries.slice(0, needed[at]).flatMap(({ needs }) => [...needs.entries()])) {
          if (need[1] <= needed[need[0]]!) continue
          needed[need[0]] = need[1]
          isGrowing = true
        }
      }
    }
    return needed
  }

  #throughDisk(transactions: readonly Transaction[]): Transaction[] {
    return transactions.map((each) => ({ ...each, operations: decodeOperations(encodeOperations(each.operations)) }))
  }

  #vector({ applied }: Device): number[] {
    return this.#logs.map((_, log) => applied[log] ?? 0)
  }

  #writer(): Writer {
    return createWriter(this.#random)
  }

  /** Different at every draw, the same in every run. */
  #random = (length: number): Uint8Array => sha512(Buffer.from(`draw ${++this.#draws}`)).slice(0, length)
}

/** What a look at the stored slots shows of counters and sets. */
export function* situationsOfSlots(
  slots: readonly (readonly [key: string, text: string])[],
): Generator<string, undefined> {
  const writersByCounter = new Map<string, number>()
  const cellsByElement = new Map<string, { adds: number; removes: number }>()
  for (const [key, text] of slots) {
    const [record, field, ...rest] = key.split('\u0001')
    const name = `${record} ${field}`
    if (rest.length === 3) writersByCounter.set(name, (writersByCounter.get(name) ?? 0) + 1)
    if (rest.length !== 1 || !field?.includes('\u0002')) continue
    const cells = cellsByElement.get(name) ?? { adds: 0, removes: 0 }
    cells[text.endsWith(',true]') ? 'adds' : 'removes']++
    cellsByElement.set(name, cells)
  }
  if ([...writersByCounter.values()].some((count) => count > 1)) yield 'a count in several slots'
  if ([...cellsByElement.values()].some(({ adds, removes }) => adds > 0 && removes > 0)) yield 'an element both ways'
}
