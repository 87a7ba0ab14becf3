// What must be true when everything has come together.
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Sync } from '@owlivion/sync'
import { type OracleRecord, type Registers, registersOf } from '@owlivion/sync/testing'
import { type Book, type Entry, presence, type SimCollection } from './book'
import type { Ledger } from './ledger'

export interface NamedDevice {
  readonly name: string
  /** What the device does not sync it need not have, but for what it wrote itself. */
  readonly choices?: { isOff(collection: string): boolean }
  readonly collections: ReadonlyMap<string, SimCollection>
}

const sha512 = (bytes: Uint8Array): Uint8Array => createHash('sha512').update(bytes).digest()

/** State vector, delete set and content of a document, as one short text. */
export function digestOf(collection: SimCollection): string {
  return Buffer.from(registersOf(collection).digest(sha512)).toString('hex').slice(0, 16)
}

export function areEqual(devices: readonly NamedDevice[], collectionName: string): boolean {
  const digests = devices.map(({ collections }) => {
    const collection = collections.get(collectionName)
    return collection && digestOf(collection)
  })
  return digests.every((digest) => digest !== undefined && digest === digests[0])
}

/** True when every device has the same list of devices, and is in it. */
export function haveOneKeyring(devices: readonly { readonly sync: Sync | undefined }[]): boolean {
  const lists = devices.map(({ sync }) =>
    sync
      ?.devices()
      .map(({ id, isRemoved }) => `${id} ${isRemoved}`)
      .join(),
  )
  const areMembers = devices.every(({ sync }) => sync?.devices().some((each) => each.isThisDevice && !each.isRemoved))
  return areMembers && lists.every((list) => list === lists[0])
}

export interface RecordChecks {
  /**
   * A field may show values beside those that the oracle knows, below the same winner: where a relay that lost something meets a rebase, an edit
   * that was not sent may no longer be known to have replaced its author's own earlier value. See docs/protocol/rebase.md.
   */
  readonly mayShowMore: boolean
  fail(reason: string): void
}

/** Compares every device with the oracle, and looks for every edit that was promised. Reports each failure as a sentence. */
export function checkRecords(ledger: Ledger, devices: readonly NamedDevice[], checks: RecordChecks): void {
  for (const book of ledger.books.values()) {
    const isOff = ({ choices }: NamedDevice): boolean => choices?.isOff(book.name) ?? false
    const silent = new Set(devices.filter(isOff).map(({ name }) => name))
    for (const { name, collections } of devices) {
      const collection = collections.get(book.name)
      if (collection === undefined) continue
      const registers = registersOf(collection)
      const isOwed = (entry: Entry): boolean =>
        silent.has(name)
          ? entry.device === name && entry.isStored && !entry.isFormer
          : entry.isAcknowledged || (entry.isStored && !silent.has(entry.device))
      checkPromises(book, name, isOwed, presence(book, collection), checks.fail)
      checkAgainstOracle(book, name, registers, ledger.seenIn(book, collection), checks)
    }
  }
}

function checkPromises(
  book: Book,
  device: string,
  isOwed: (entry: Entry) => boolean,
  isHere: (entry: Entry) => boolean,
  fail: (reason: string) => void,
): void {
  const isPresent = (entry: Entry): boolean => entry.isOffered || isHere(entry) || entry.rewritten.some(isPresent)
  for (const entry of book.entries) {
    if (!isOwed(entry) || isPresent(entry)) continue
    const promise = entry.isAcknowledged ? 'acknowledged' : 'stored on its device'
    fail(`${device} lacks an edit of ${entry.device} that was ${promise}: ${describeEntry(entry)}`)
  }
}

function checkAgainstOracle(
  book: Book,
  device: string,
  registers: Registers,
  seen: ReadonlySet<string>,
  { mayShowMore, fail }: RecordChecks,
): void {
  const visible: string[] = []
  const hidden: string[] = []
  const conflicts: string[] = []
  const deleteConflicts: string[] = []
  for (const id of book.oracle.recordIds()) {
    const [wanted, most] = [book.oracle.view(id, seen), book.oracle.view(id, seen, 'standing')]
    const actual = registers.inspect(id)
    if (wanted === undefined || most === undefined || actual === undefined) {
      if (wanted !== actual) fail(`${device}: ${id} ${wanted ? 'is missing' : 'should not be there'}`)
      continue
    }
    const compare = (what: string, is: unknown, should: unknown): void => {
      if (!isDeepStrictEqual(is, should))
        fail(`${device}: ${what} of ${id} is ${show(is)} and should be ${show(should)}`)
    }
    const withN = (fields: OracleRecord['fields']) =>
      new Map(
        Array.from(fields, ([field, candidates]) => [
          field,
          candidates.map(({ operation, writer, t, value }) => ({
            ...{ writer, t, value },
            n: book.nByOperation.get(operation),
          })),
        ]),
      )
    compare('standing', actual.standing, wanted.isVisible ? 'visible' : 'hidden')
    const should = withN(wanted.fields)
    const is = new Map(Array.from(actual.fields, ([field, { candidates }]) => [field, distinct(candidates)]))
    const known = withoutMore(is, should, mayShowMore ? undefined : withN(most.fields))
    compare('candidates', known, should)
    const conflictsOf = [...actual.fields].filter(([, { isConflict }]) => isConflict).map(([field]) => field)
    const hasMore = (field: string): boolean => known.get(field)?.length !== is.get(field)?.length
    const shownConflicts = new Set([...wanted.conflicts, ...conflictsOf.filter(hasMore)])
    compare('conflicts', new Set(conflictsOf), shownConflicts)
    const unseen = byField(actual.deleteConflict)
    const knownUnseen = withoutMore(unseen, withN(wanted.deleteConflicts), withN(most.deleteConflicts), 0)
    compare('delete conflict', knownUnseen, withN(wanted.deleteConflicts))
    if (wanted.isVisible) {
      const winners = [...wanted.fields].flatMap(([field, [first]]) =>
        first?.value === undefined ? [] : [[field, first.value] as const],
      )
      compare('content', { ...registers.get(id) }, Object.fromEntries(winners))
      for (const field of shownConflicts) conflicts.push(`${id} ${field}`)
    }
    if (unseen.size > 0) deleteConflicts.push(id)
    ;(wanted.isVisible ? visible : hidden).push(id)
  }
  const compareLists = (what: string, is: Iterable<string>, should: readonly string[]): void => {
    const sorted = [...is].sort()
    if (!isDeepStrictEqual(sorted, [...should].sort())) fail(`${device}: the list of ${what} is ${show(sorted)}`)
  }
  compareLists('records', registers.ids(), visible)
  compareLists('deleted records', registers.deletedIds(), hidden)
  compareLists(
    'conflicts',
    Array.from(registers.conflicts(), ({ id, field }) => `${id} ${field}`),
    conflicts,
  )
  compareLists(
    'delete conflicts',
    Array.from(registers.deleteConflicts(), ({ id }) => id),
    deleteConflicts,
  )
}

interface Valued {
  readonly value: unknown
}

/**
 * Each field's values without those that are not wanted and yet may be there.
 *
 * @param most what may be there; undefined when that may be anything
 * @param winners how many of a field, from the first, cannot be left out
 */
function withoutMore<Each>(
  is: ReadonlyMap<string, readonly Each[]>,
  should: ReadonlyMap<string, readonly unknown[]>,
  most: ReadonlyMap<string, readonly unknown[]> | undefined,
  winners = 1,
): Map<string, readonly Each[]> {
  const isIn = (values: readonly unknown[] = [], value: Each): boolean =>
    values.some((each) => isDeepStrictEqual(each, value))
  const isKnown = (field: string, value: Each): boolean =>
    isIn(should.get(field), value) || (most !== undefined && !isIn(most.get(field), value))
  const fields = Array.from(is, ([field, values]): readonly [string, readonly Each[]] => {
    const mustBeWanted = should.has(field) || most === undefined ? winners : 0
    return [field, values.filter((value, index) => index < mustBeWanted || isKnown(field, value))]
  })
  return new Map(fields.filter(([field, values]) => values.length > 0 || should.has(field)))
}

/** Candidates without later ones of equal value. */
function distinct<Each extends Valued>(candidates: readonly Each[]): Each[] {
  return candidates.filter(
    ({ value }, index) => candidates.findIndex((each) => isDeepStrictEqual(each.value, value)) === index,
  )
}

function byField<Each extends Valued & { readonly field: string }>(values: readonly Each[]) {
  const groups = new Map<string, Omit<Each, 'field'>[]>()
  for (const { field, ...rest } of values) {
    const group = groups.get(field) ?? []
    if (!group.some((each) => isDeepStrictEqual((each as unknown as Valued).value, (rest as Valued).value)))
      group.push(rest)
    groups.set(field, group)
  }
  return groups
}

function describeEntry({ id, operations }: Entry): string {
  return `${id} ${operations.map(({ record, effect }) => `${effect.kind} ${record}`).join(', ')}`
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, part) => {
    if (part instanceof Map) return Object.fromEntries(part)
    if (part instanceof Set) return [...part]
    return part === undefined ? '(cleared)' : part
  })
}
