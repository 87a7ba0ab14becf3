// A removed device's late entries: a relay in league with it serves them to some devices before the removal is known. All end with the
// same document, which is the one of a device that never had them.
import { createHash } from 'node:crypto'
import type { CutEntry, DocumentId } from '@owlivion/sync-protocol'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Edit } from '../../src/document'
import { MemoryDisk, openMemoryStore, type Store } from '../../src/storage'
import { observeDocuments } from '../../src/sync/observer'
import type { OracleOperation } from '../../src/testing/oracle-history'
import { RegisterOracle } from '../../src/testing/register-oracle'
import { answersOf, expectBetween, expectedAnswers } from '../document/answers'
import { type ContextOptions, TestAccount } from './support/account'
import { TestDevice } from './support/device'
import { FakePlatform, settle } from './support/fake-platform'
import { TestLog } from './support/log'

const document = new Uint8Array(16).fill(9) as DocumentId
const [ANN, THIEF, BOB] = [0, 1, 2]
const sha512 = (bytes: Uint8Array): Uint8Array => createHash('sha512').update(bytes).digest()

let account: TestAccount
let log: TestLog

beforeEach(async () => {
  account = await TestAccount.create(4)
  log = new TestLog(await account.context(ANN), document)
})

const open = async (index: number, options: ContextOptions = {}): Promise<TestDevice> => {
  const device = await TestDevice.open(account, index, document, options)
  await device.connect()
  await device.catchUp(log)
  return device
}

const edit = async (device: TestDevice, ...edits: Edit[]): Promise<void> => {
  await device.sync.transact(edits).stored
  await settle()
  await device.flushTo(log)
}

/** Where the device's chain ends now. */
function cutOf(device: TestDevice): CutEntry[] {
  const own = device.context.device
  const { chains } = (device.sync as unknown as { state: { replica: { state: { chains: Iterable<never> } } } }).state
    .replica.state
  return [...(chains as Iterable<readonly [CutEntry, CutEntry]>)]
    .filter(([lineage]) => lineage.device.join() === own.join())
    .map(([{ device: id, incarnation }, { sequence, hash }]) => ({ document, device: id, incarnation, sequence, hash }))
}

/** The device reads the keyring to its end. */
async function learn(device: TestDevice): Promise<void> {
  const { keyringState } = device.context
  await keyringState.extend(keyringState.length, account.records.slice(keyringState.length))
  device.sync.keyringRead()
  await settle()
}

const digest = (device: TestDevice): string => Buffer.from(device.sync.registers.digest(sha512)).toString('hex')

/** Ann and Bob have read what the thief wrote after the cut, and wrote on with it. */
async function robbed(annOptions: ContextOptions = {}) {
  const ann = await open(ANN, annOptions)
  const thief = await open(THIEF)
  const bob = await open(BOB)
  await edit(ann, { kind: 'add', id: 'one', fields: { name: 'One', note: 'by Ann' } })
  await edit(ann, { kind: 'add', id: 'two', fields: { name: 'Two' } })
  await thief.catchUp(log)
  await edit(thief, { kind: 'add', id: 'three', fields: { name: 'before the cut' } })
  const cut = cutOf(thief)
  await edit(thief, { kind: 'update', id: 'one', fields: { name: 'stolen' } }, { kind: 'delete', id: 'two' })
  await edit(thief, { kind: 'add', id: 'four', fields: { name: 'late' } })
  for (const device of [ann, bob]) await device.catchUp(log)
  expect(ann.records).toEqual({
    one: { name: 'stolen', note: 'by Ann' },
    three: { name: 'before the cut' },
    four: { name: 'late' },
  })
  return { ann, thief, bob, cut }
}

describe('late entries of a removed device', () => {
  it('are taken out of the document when the removal is learned of, and what they had replaced comes back', async () => {
    const { ann, cut } = await robbed()
    await account.remove(ANN, [THIEF], cut)
    ann.changes.length = 0
    await learn(ann)
    expect(ann.records).toEqual({
      one: { name: 'One', note: 'by Ann' },
      two: { name: 'Two' },
      three: { name: 'before the cut' },
    })
    expect(ann.changes).toEqual([undefined])
    expect(ann.sync.status).toMatchObject({ held: [], dropped: 2, unsent: 0 })
    expect(ann.context.reports).toEqual([])
  })

  it('leave the entries of those who had read them, which wait for nothing', async () => {
    const { ann, bob, cut } = await robbed()
    await edit(bob, { kind: 'add', id: 'five', fields: { name: 'by Bob' } })
    await edit(bob, { kind: 'update', id: 'one', fields: { note: 'by Bob' } })
    await ann.catchUp(log)
    await account.remove(ANN, [THIEF], cut)
    await learn(ann)
    await learn(bob)
    expect(ann.records).toMatchObject({ one: { name: 'One', note: 'by Bob' }, five: { name: 'by Bob' } })
    expect(ann.sync.status).toMatchObject({ held: [], dropped: 2 })
    const late = await open(3)
    expect(late.records).toEqual(ann.records)
    expect(late.sync.status).toMatchObject({ held: [], dropped: 2, caughtUp: true })
    expect(late.context.reports).toEqual([])
    expect(new Set([ann, bob, late].map(digest)).size).toBe(1)
  })

  it('leave a value that nothing else had replaced to stand beside what was written over them, and to lose', async () => {
    const ann = await open(ANN)
    const thief = await open(THIEF)
    const bob = await open(BOB)
    await edit(ann, { kind: 'add', id: 'one', fields: { name: 'One' } })
    await edit(ann, { kind: 'update', id: 'one', fields: { name: 'Two' } })
    await thief.catchUp(log)
    const cut = cutOf(thief)
    await edit(thief, { kind: 'update', id: 'one', fields: { name: 'stolen' } })
    await bob.catchUp(log)
    await edit(bob, { kind: 'update', id: 'one', fields: { name: 'Three' } })
    await ann.catchUp(log)
    await account.remove(ANN, [THIEF], cut)
    for (const device of [ann, bob]) await learn(device)
    for (const device of [ann, bob, await open(3)]) {
      expect(device.records).toEqual({ one: { name: 'Three' } })
      const candidates = device.sync.registers.inspect('one')?.fields.get('name')?.candidates
      expect(candidates?.map(({ value }) => value)).toEqual(['Three', 'Two'])
    }
    // It is decided as any conflict is.
    await edit(ann, { kind: 'update', id: 'one', fields: { name: 'Three' } })
    expect(ann.sync.registers.inspect('one')?.fields.get('name')?.isConflict).toBe(false)
  })

  it('leave what this device wrote on top of them and has not sent', async () => {
    const { ann, cut } = await robbed()
    await ann.disconnect()
    await ann.update('one', { name: 'mine' })
    await ann.update('four', { note: 'mine, too' })
    await account.remove(ANN, [THIEF], cut)
    await learn(ann)
    expect(ann.sync.status.unsent).toBe(2)
    expect(ann.records.one).toMatchObject({ name: 'mine' })
    await ann.connect()
    await ann.catchUp(log)
    await ann.flushTo(log)
    const late = await open(3)
    expect(late.records).toEqual(ann.records)
    expect(digest(late)).toBe(digest(ann))
    const again = await open(ANN, { disk: ann.disk })
    expect(digest(again)).toBe(digest(ann))
  })

  it('that wait for their author, or cannot be read, are decided by the removal as well', async () => {
    const { thief, cut } = await robbed()
    const entries = log.entries.splice(3)
    const reader = await open(3)
    // The relay hands out the last one without the one before.
    log.entries.push(...entries.slice(-1))
    await reader.catchUp(log)
    expect(reader.sync.status.held.length).toBe(1)
    await account.remove(ANN, [THIEF], cut)
    await learn(reader)
    expect(reader.sync.status).toMatchObject({ held: [], dropped: 1 })
    expect(thief.sync.status.held).toEqual([])
  })

  it('are not waited for, though an honest author had read one that never came', async () => {
    const { bob, cut } = await robbed()
    await edit(bob, { kind: 'add', id: 'five', fields: { name: 'by Bob' } })
    const entries = log.entries.splice(4)
    const reader = await open(3)
    log.entries.push(...entries.slice(1))
    await reader.catchUp(log)
    expect(reader.records.five).toBeUndefined()
    expect(reader.sync.status.held.map(({ reason }) => reason)).toEqual(['waits-for-seen'])
    await account.remove(ANN, [THIEF], cut)
    await learn(reader)
    const again = await open(3, { disk: reader.disk })
    for (const device of [reader, again]) {
      expect(device.records.five).toEqual({ name: 'by Bob' })
      expect(device.sync.status).toMatchObject({ held: [], dropped: 1 })
    }
  })

  it('are gone from what is opened again, whatever was folded into the base before', async () => {
    const { ann, cut } = await robbed()
    for (let i = 0; i < 140; i++) await edit(ann, { kind: 'update', id: 'three', fields: { count: i } })
    await ann.context.platform.advance(2_000)
    expect((await openMemoryStore(ann.disk).list(['archive'])).length).toBeGreaterThan(0)
    await account.remove(ANN, [THIEF], cut)
    await learn(ann)
    const again = await open(ANN, { disk: ann.disk })
    for (const device of [ann, again]) {
      expect(device.records).toMatchObject({ one: { name: 'One' }, two: { name: 'Two' }, three: { count: 139 } })
      expect(device.sync.status).toMatchObject({ held: [], dropped: 2 })
    }
    expect(digest(again)).toBe(digest(ann))
    await edit(again, { kind: 'update', id: 'three', fields: { count: 140 } })
    expect((await open(3)).records).toEqual(again.records)
  })

  it('count again where another branch of the keyring has another cut', async () => {
    const { ann, cut } = await robbed()
    const before = digest(ann)
    const { keyringState } = ann.context
    const { isCutOff } = ann.context
    await account.remove(ANN, [THIEF], cut)
    await learn(ann)
    expect(digest(ann)).not.toBe(before)
    const again = await open(ANN, { disk: ann.disk })
    again.context.isCutOff = () => false
    again.sync.keyringRead()
    await settle()
    expect(digest(again)).toBe(before)
    expect(keyringState.length).toBe(account.records.length)
    expect(isCutOff).toBeDefined()
  })
})

describe('a crash', () => {
  it('at any commit of the rebuild leaves a document that is rebuilt when it is opened', async () => {
    const disk = new MemoryDisk()
    const { ann, cut } = await robbed({ disk })
    await ann.disconnect()
    await ann.update('one', { note: 'pending' })
    await account.remove(ANN, [THIEF], cut)
    const before = disk.copy()
    let expected: string | undefined
    for (let crashAt = 0; ; crashAt++) {
      const copy = before.copy()
      let commits = 0
      const store = openMemoryStore(copy)
      const dying: Store = {
        ...store,
        list: (prefix) => store.list(prefix),
        get: (key) => store.get(key),
        commit: async (batch, options) => {
          if (commits++ >= crashAt) throw new TypeError('the process died')
          await store.commit(batch, options)
        },
      }
      const opening = TestDevice.open(account, ANN, document, { disk: copy, store: dying })
      const settled = await Promise.race([opening.then(() => true), settle().then(() => false)])
      const again = await TestDevice.open(account, ANN, document, { disk: copy })
      expect(again.records).toMatchObject({ one: { name: 'One', note: 'pending' }, two: { name: 'Two' } })
      expect(again.sync.status).toMatchObject({ unsent: 1, held: [], dropped: 2 })
      expected ??= digest(again)
      expect(digest(again)).toBe(expected)
      if (settled && commits <= crashAt) break
      expect(crashAt).toBeLessThan(10)
    }
  })
})

describe('the rebuilt document', () => {
  type Step =
    | { readonly kind: 'edit'; readonly by: number; readonly edit: Edit }
    | { readonly kind: 'read'; readonly by: number }

  const fields = fc.record({ name: fc.constantFrom('a', 'b', 'c') })
  const editOf = (ids: readonly string[]): fc.Arbitrary<Edit> => {
    const id = fc.constantFrom(...ids)
    return fc.oneof(
      fc.record({ kind: fc.constant('add' as const), id, fields }),
      fc.record({ kind: fc.constant('update' as const), id, fields }),
      fc.record({ kind: fc.constant('delete' as const), id }),
      fc.record({ kind: fc.constant('restore' as const), id }),
      fc.record({ kind: fc.constant('increment' as const), id, field: fc.constant('uses'), by: fc.constantFrom(1, 5) }),
      fc.record({
        kind: fc.constantFrom('set-add' as const, 'set-remove' as const),
        id,
        field: fc.constant('tags'),
        elements: fc.constant(['x']),
      }),
    )
  }
  const stepsOf = (by: fc.Arbitrary<number>, ids: readonly string[], maxLength: number): fc.Arbitrary<Step[]> =>
    fc.array(
      fc.oneof(
        { weight: 2, arbitrary: fc.record({ kind: fc.constant('edit' as const), by, edit: editOf(ids) }) },
        { weight: 1, arbitrary: fc.record({ kind: fc.constant('read' as const), by }) },
      ),
      { maxLength },
    )
  const anyone = fc.constantFrom(ANN, THIEF, BOB)
  const honest = fc.constantFrom(ANN, BOB)
  const history = fc.record({
    before: stepsOf(anyone, ['r', 's', 't'], 14),
    late: fc.array(
      fc.record({ kind: fc.constant('edit' as const), by: fc.constant(THIEF), edit: editOf(['r', 's']) }),
      { minLength: 2, maxLength: 6 },
    ),
  })
  const elsewhere = stepsOf(honest, ['t', 'u'], 8)
  const anywhere = stepsOf(honest, ['r', 's', 't', 'u'], 8)

  it('is the one that an independent account of the honest writing gives', () => compare(elsewhere))

  // Whoever writes over a value of the thief replaces that, and not always what that had replaced.
  it('shows at most what the late entries had replaced beside that, where others wrote over them', () =>
    compare(anywhere))

  async function compare(afterwards: fc.Arbitrary<Step[]>): Promise<void> {
    let rebuilt = 0
    await fc.assert(
      fc.asyncProperty(history, afterwards, async ({ before, late }, after) => {
        account = await TestAccount.create(4)
        log = new TestLog(await account.context(ANN), document)
        const oracle = new RegisterOracle()
        const nByOperation = new Map<string, number>()
        const seen = [new Set<string>(), new Set<string>(), new Set<string>()]
        /** What each device has seen at each log number. */
        const operationsAt = new Map<number, string[]>()
        const devices: TestDevice[] = []
        for (const index of [ANN, THIEF, BOB]) {
          const platform = new FakePlatform(index + 1)
          let taken = 0
          observeDocuments(platform, {
            written: (_, registers, transaction) => {
              const pendingEdit = current as Edit
              const effect = oracle.decide(pendingEdit, registers.writer, seen[index]!)
              if (typeof effect === 'string') throw new TypeError(`the oracle says ${effect}`)
              const operation: OracleOperation = {
                id: `${index}/${++taken}`,
                writer: transaction.writer,
                t: transaction.operations[0]!.t,
                seen: new Set(seen[index]),
                record: pendingEdit.id,
                effect,
              }
              oracle.take(operation)
              nByOperation.set(operation.id, transaction.n)
              seen[index]!.add(operation.id)
              operationsAt.set(log.newest + 1, [operation.id])
            },
            rewritten: () => {},
            startedOver: () => {},
          })
          devices.push(await open(index, { platform }))
        }
        let current: Edit | undefined
        const run = async (steps: readonly Step[]): Promise<void> => {
          for (const step of steps) {
            const device = devices[step.by]!
            device.context.platform.timeMs += 7
            await device.catchUp(log)
            for (let number = 1; number <= log.newest; number++)
              for (const id of operationsAt.get(number) ?? []) seen[step.by]!.add(id)
            if (step.kind === 'read') continue
            current = step.edit
            try {
              device.sync.transact([step.edit])
            } catch {
              // A record that is not there: the account agrees, or it would have been told.
            }
            await settle()
            await device.flushTo(log)
          }
        }
        await run(before)
        await devices[THIEF]!.catchUp(log)
        const cut = cutOf(devices[THIEF]!)
        const cutAt = log.newest
        await run(late)
        const lateOnes = new Set([...operationsAt].filter(([number]) => number > cutAt).flatMap(([, ids]) => ids))
        await run(after)
        for (const index of [ANN, BOB]) await devices[index]!.catchUp(log)
        await account.remove(ANN, [THIEF], cut)
        for (const index of [ANN, BOB]) await learn(devices[index]!)
        const fresh = await open(3)
        if (lateOnes.size > 0) rebuilt++

        const counting = new Set([...nByOperation.keys()].filter((id) => !lateOnes.has(id)))
        const expected = expectedAnswers(oracle, counting, (id) => nByOperation.get(id) as number)
        const ids = [...expected.records.keys()]
        const answers = answersOf(devices[ANN]!.sync.registers, ids)
        if (afterwards === elsewhere) expect(answers).toEqual(expected)
        else {
          const most = expectedAnswers(oracle, counting, (id) => nByOperation.get(id) as number, 'standing')
          expectBetween(answers, expected, most)
        }
        expect(new Set([devices[ANN]!, devices[BOB]!, fresh].map(digest)).size).toBe(1)
        expect(devices[ANN]!.sync.status).toMatchObject({ held: [], dropped: lateOnes.size })
      }),
      { numRuns: 60 },
    )
    expect(rebuilt).toBeGreaterThan(10)
  }
})
