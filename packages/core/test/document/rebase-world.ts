// Devices that edit the same records through a log in which a rebase can happen at any moment, and the oracle beside them, which knows
// of no rebase. A device sends what it wrote when it likes and reads on when it likes; what it could not send before a rebase it writes
// again on the new epoch. Every step compares what a device answers with what the oracle says.
import assert from 'node:assert/strict'
import {
  createWriter,
  decodeOperations,
  digestState,
  type Edit,
  encodeOperations,
  foldState,
  joinStates,
  type KnownState,
  leftOut,
  openRegisters,
  type Registers,
  readState,
  type Transaction,
  vanished,
  type Writer,
} from '../../src/document'
import { recordOfKey } from '../../src/document/slot'
import { isSyncError } from '../../src/errors'
import { owedAfter, withOwed } from '../../src/sync/rebase/rebase-state'
import type { OracleOperation } from '../../src/testing/oracle-history'
import { RegisterOracle, renameEffect } from '../../src/testing/register-oracle'
import { createDoc, takeClientId, Y } from '../../src/yjs'
import { answersOf, expectedAnswers } from './answers'
import { sha512, situationsOfSlots } from './world'

interface Entry {
  readonly writer: Writer
  readonly n: number
  readonly update: Uint8Array
  readonly operations: readonly string[]
}

interface Rebase {
  readonly snapshot: Uint8Array
  readonly digest: string
  /** By device that made the log before it: a joined state has what two logs say. */
  readonly known: KnownState
  readonly seen: ReadonlySet<string>
  /** What holders of this log can check by themselves. */
  readonly isOwn: boolean
}

type Item = Entry | Rebase

interface Pending {
  readonly transaction: Transaction
  readonly operations: readonly OracleOperation[]
  readonly isSent: boolean
}

interface Device {
  log: Item[]
  /** What it has read of the log. */
  at: number
  base: Y.Doc
  context: Map<Writer, number>
  seenBase: Set<string>
  live: Registers
  pending: Pending[]
  clock: number
}

export class RebaseWorld {
  readonly oracle = new RegisterOracle()
  readonly devices: Device[] = []
  readonly reached = new Set<string>()
  #logs: Item[][] = [[]]
  readonly #nByOperation = new Map<string, number>()
  #taken = 0
  #draws = 0

  constructor(clocks: readonly number[]) {
    for (const clock of clocks) {
      const device = { log: this.#logs[0]!, at: 0, context: new Map(), seenBase: new Set(), pending: [], clock }
      const base = createDoc('registers')
      this.devices.push({ ...device, base, live: this.#openOn(base, this.#writer(), 0, clock) } as unknown as Device)
    }
  }

  edit(index: number, edits: readonly Edit[]): void {
    const device = this.devices[index]!
    const { live } = device
    let transaction: Transaction | undefined
    let refusal: unknown
    try {
      transaction = live.transact(edits)
    } catch (error) {
      refusal = error
    }
    const taken: OracleOperation[] = []
    const seen = this.#seen(device)
    for (const edit of edits) {
      const effect = this.oracle.decide(edit, live.writer, seen)
      if (effect === 'nothing') continue
      if (typeof effect === 'string') {
        assert(isSyncError(refusal, effect), `expected ${effect}, got ${refusal}`)
        return
      }
      const t = refusal ? Number.MAX_SAFE_INTEGER : transaction?.operations[taken.length]?.t
      assert(t !== undefined, 'the oracle expects one more operation')
      taken.push(this.#take({ effect, record: edit.id, writer: live.writer, t, seen: new Set(seen) }))
      seen.add(taken.at(-1)!.id)
    }
    assert.equal(refusal, undefined)
    assert.equal(transaction?.operations.length ?? 0, taken.length)
    if (!transaction) return
    for (const { id } of taken) this.#nByOperation.set(id, transaction.n)
    device.pending.push({ transaction, operations: taken, isSent: false })
    this.check(index)
  }

  /** Purges a record of which others may have something to send. */
  purge(index: number, id: string): void {
    const device = this.devices[index]!
    this.read(index, Number.POSITIVE_INFINITY)
    if (this.oracle.decide({ kind: 'purge', id }, '', this.#seen(device)) === 'nothing') return
    this.edit(index, [{ kind: 'purge', id }])
    this.send(index, Number.POSITIVE_INFINITY)
    this.reached.add('a purge')
  }

  /** Sends the oldest of what the device wrote, unless the log is of a later epoch than the device. */
  send(index: number, count: number): void {
    const device = this.devices[index]!
    if (device.log.slice(device.at).some((item) => 'snapshot' in item)) return
    let left = count
    device.pending = device.pending.map((each) => {
      if (each.isSent || left-- <= 0) return each
      const { writer, n, update } = each.transaction
      device.log.push({ writer, n, update, operations: each.operations.map(({ id }) => id) })
      return { ...each, isSent: true }
    })
  }

  /** Reads on in the log. `skips`: only the newest of several rebases is looked at, as when the entries before it are gone. */
  read(index: number, count: number, { skips = false, newWriter = false } = {}): void {
    const device = this.devices[index]!
    const end = Math.min(device.log.length, device.at + count)
    if (skips) this.#skip(device, end)
    while (device.at < end) {
      const item = device.log[device.at++]!
      if ('snapshot' in item) this.#adopt(device, item, newWriter)
      else this.#apply(device, item)
    }
    this.check(index)
  }

  /** Reads everything and puts the folded state after it. */
  rebase(index: number): void {
    const device = this.devices[index]!
    this.read(index, Number.POSITIVE_INFINITY)
    if (device.pending.some(({ isSent }) => !isSent)) this.reached.add('a rebase with unsent edits')
    device.log.push(this.#rebaseOf(this.#known(device), device.seenBase, true))
    this.read(index, 1)
  }

  /** Two devices fold at once; only one of the two rebases is stored. */
  rebaseAtOnce(first: number, second: number): void {
    this.read(first, Number.POSITIVE_INFINITY)
    this.read(second, Number.POSITIVE_INFINITY)
    const [a, b] = [this.devices[first]!, this.devices[second]!]
    const [mine, other] = [a, b].map((device) => this.#rebaseOf(this.#known(device), device.seenBase, true))
    if (a.log === b.log) assert.equal(mine!.digest, other!.digest)
    a.log.push(mine!)
  }

  /** From here on, every second device writes into a log of its own. */
  part(): void {
    if (this.#logs.length > 1) return
    this.#logs = [this.#logs[0]!, [...this.#logs[0]!]]
    this.devices.forEach((device, index) => {
      device.log = this.#logs[index % 2]!
    })
    // What was sent and not yet read is in both.
  }

  /** Somebody who has read both logs joins them; everybody goes on from there. */
  join(isSwapped: boolean): void {
    if (this.#logs.length < 2) return
    this.devices.forEach((_, index) => {
      this.read(index, Number.POSITIVE_INFINITY)
    })
    const [a, b] = this.#logs.map((log) => this.devices.find((device) => device.log === log)!)
    const halves = [this.#known(a!), this.#known(b!)] as const
    const known = joinStates(...halves)
    const swapped = joinStates(halves[1], halves[0])
    assert.equal(digest(known), digest(swapped))
    this.#checkOwed(halves[0], halves[1])
    this.#checkOwed(halves[1], halves[0])
    const seen = new Set([...a!.seenBase, ...b!.seenBase])
    const log = [this.#rebaseOf(isSwapped ? swapped : known, seen, false)]
    this.#logs = [log]
    for (const device of this.devices) Object.assign(device, { log, at: 0 })
    this.reached.add('a join')
  }

  /** A device of one half is shown the other's rebase: as it is, and with each record left out in turn. */
  #checkOwed(own: KnownState, rebase: KnownState): void {
    const knows = (known: KnownState) => ({ ...known, texts: createDoc('texts') })
    const owedKinds = owedAfter(knows(own), knows(rebase)).map(({ kind }) => kind)
    assert(!owedKinds.includes('left-out'), 'what was replaced in the other half is not missing')
    const { state } = joinStates(own, rebase)
    for (const record of new Set([...rebase.state.keys()].map(recordOfKey))) {
      const left = new Map([...rebase.state].filter(([key]) => recordOfKey(key) !== record))
      const untrue = { state: left, context: rebase.context }
      const owed = owedAfter(knows(own), knows(untrue))
      const { state: madeGood } = withOwed(knows(untrue), owed)
      assert.equal(leftOut(leftOut(own.state, madeGood), leftOut(own.state, state)).size, 0, 'nothing of it is lost')
      if (owed.length === 2) this.reached.add('a rebase that lacks what it knows, and knows not all')
    }
  }

  /** Closes a device and opens it again from what it stored: the base, and the operations of its pending transactions. */
  reload(index: number): void {
    const device = this.devices[index]!
    const { writer, lastN } = device.live
    const state = device.live.encodeState()
    const doc = createDoc('registers')
    Y.applyUpdateV2(doc, state)
    takeClientId(doc, this.#random)
    device.live = openRegisters({ doc, writer, lastN, now: () => device.clock })
    device.pending = device.pending.map((each) => ({ ...each, transaction: throughDisk(each.transaction) }))
    this.check(index)
  }

  /** Brings everybody everything; then all are equal. */
  settle(): void {
    this.join(false)
    for (const [index] of this.devices.entries()) {
      this.read(index, Number.POSITIVE_INFINITY)
      this.send(index, Number.POSITIVE_INFINITY)
    }
    const digests = this.devices.map((device, index) => {
      this.read(index, Number.POSITIVE_INFINITY)
      assert.equal(device.pending.length, 0)
      return digest(this.#known(device))
    })
    assert.equal(new Set(digests).size, 1)
    this.rebase(0)
    assert.equal(digest(this.#known(this.devices[0]!)), digests[0])
  }

  check(index: number): void {
    const device = this.devices[index]!
    const answers = answersOf(device.live, this.oracle.recordIds())
    const expected = expectedAnswers(this.oracle, this.#seen(device), (id) => this.#nByOperation.get(id)!)
    assert.deepEqual(answers, expected)

    const slots = [...device.live.doc.getMap<string>('r')]
    for (const situation of situationsOfSlots(slots)) this.reached.add(situation)
    if (slots.some(([key, text]) => isPartial(key, text))) this.reached.add('a row that replaced part of a folded row')
    for (const { standing, conflicts, deleteConflict } of answers.records.values()) {
      if (conflicts.length > 0) this.reached.add(`a conflict, ${standing}`)
      if (deleteConflict.size > 0) this.reached.add(`a delete conflict, ${standing}`)
    }
  }

  #apply(device: Device, { writer, n, update, operations }: Entry): void {
    Y.applyUpdate(device.base, update)
    device.context.set(writer, n)
    for (const id of operations) device.seenBase.add(id)
    if (writer === device.live.writer && device.pending[0]?.transaction.n === n) device.pending.shift()
    else device.live.apply([update])
  }

  #adopt(device: Device, rebase: Rebase, newWriter: boolean): void {
    if (rebase.isOwn) assert.equal(digest(this.#known(device)), rebase.digest)
    // However far behind: what was replaced has its successor there.
    assert.deepEqual([...vanished(this.#known(device), rebase.known.state)], [])
    device.base = createDoc('registers')
    Y.applyUpdateV2(device.base, rebase.snapshot)
    device.context = new Map(rebase.known.context)
    device.seenBase = new Set(rebase.seen)
    const old = device.live.writer
    const writer = newWriter ? this.#writer() : old
    device.live = this.#openOn(device.base, writer, device.context.get(writer) ?? 0, device.clock)
    if (device.pending.length > 0) this.reached.add(newWriter ? 'rewritten as another writer' : 'rewritten')
    this.#rewrite(device, writer, writer === old)
  }

  #rewrite(device: Device, writer: Writer, isSame: boolean): void {
    const { pending, live } = device
    assert(pending.every(({ isSent }) => !isSent))
    const stored = pending.map(({ transaction }) => throughDisk(transaction))
    const rewritten = live.rewrite(stored, { writer, lastN: live.lastN })
    const newIds = new Map<string, string>()
    device.pending = rewritten.map((transaction, at) => {
      const { operations, transaction: before } = pending[at]!
      assert.deepEqual(
        transaction.operations.map(({ t }) => t),
        before.operations.map(({ t }) => t),
      )
      if (isSame) assert.equal(transaction.n, before.n)
      const taken = operations.map((original) => {
        if (isSame) return original
        const seen = new Set(Array.from(original.seen, (id) => newIds.get(id) ?? id))
        const operation = this.#take({ ...original, effect: renameEffect(original.effect, newIds), writer, seen })
        newIds.set(original.id, operation.id)
        this.#nByOperation.set(operation.id, transaction.n)
        return operation
      })
      return { transaction, operations: taken, isSent: false }
    })
  }

  #skip(device: Device, end: number): void {
    const newest = device.log.slice(0, end).findLastIndex((item) => 'snapshot' in item)
    if (newest < device.at) return
    // Own entries that are in what was skipped are not pending any more.
    const passed = device.log.slice(device.at, newest)
    const own = passed.filter((item) => !('snapshot' in item) && item.writer === device.live.writer)
    device.pending.splice(0, own.length)
    device.at = newest
    const rebase = device.log[newest] as Rebase
    this.#adopt(device, { ...rebase, isOwn: false }, false)
    device.at++
    this.reached.add('a jump over epochs')
  }

  #rebaseOf(known: KnownState, seen: ReadonlySet<string>, isOwn: boolean): Rebase {
    const doc = foldState(known.state, this.#random)
    const folded = readState(doc)
    assert(folded)
    assert.equal(digest({ ...known, state: folded }), digest(known))
    return { snapshot: Y.encodeStateAsUpdateV2(doc), digest: digest(known), known, seen: new Set(seen), isOwn }
  }

  #known(device: Device): KnownState {
    const state = readState(device.base)
    assert(state)
    return { state, context: device.context }
  }

  #openOn(base: Y.Doc, writer: Writer, lastN: number, clock: number): Registers {
    const doc = createDoc('registers')
    Y.applyUpdateV2(doc, Y.encodeStateAsUpdateV2(base))
    takeClientId(doc, this.#random)
    const device = this.devices.find((each) => each.live?.writer === writer)
    return openRegisters({ doc, writer, lastN, now: () => device?.clock ?? clock })
  }

  #seen({ seenBase, pending }: Device): Set<string> {
    return new Set([...seenBase, ...pending.flatMap(({ operations }) => operations.map(({ id }) => id))])
  }

  #take(operation: Omit<OracleOperation, 'id'>): OracleOperation {
    const taken = { ...operation, id: `operation ${++this.#taken}` }
    this.oracle.take(taken)
    return taken
  }

  #writer(): Writer {
    return createWriter(this.#random)
  }

  #random = (length: number): Uint8Array => sha512(Buffer.from(`draw ${++this.#draws}`)).slice(0, length)
}

function digest({ state, context }: KnownState): string {
  return Buffer.from(digestState(state, context, sha512)).toString('hex')
}

function throughDisk(transaction: Transaction): Transaction {
  return { ...transaction, operations: decodeOperations(encodeOperations(transaction.operations)) }
}

/** An own row of six parts. */
function isPartial(key: string, text: string): boolean {
  return key.split('\u0001').length === 2 && !key.endsWith('*') && JSON.parse(text).length === 6
}
