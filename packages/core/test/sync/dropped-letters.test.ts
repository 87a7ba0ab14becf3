// Letters typed among those of a removed device that do not count. To Yjs they hang on these and would wait for them for ever, and so would
// whatever else their author typed since; whoever typed them writes them again.
import type { CutEntry, DocumentId } from '@owlivion/sync-protocol'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { plainTextOf } from '../../src/plain-text'
import { openMemoryStore, type Store } from '../../src/storage'
import { Y } from '../../src/yjs'
import { TestAccount } from './support/account'
import { TestDevice } from './support/device'
import { settle } from './support/fake-platform'
import { TestLog } from './support/log'

const document = new Uint8Array(16).fill(9) as DocumentId
const [ANN, THIEF, BOB, LATE] = [0, 1, 2, 3]

let account: TestAccount
let log: TestLog
let ann: TestDevice
let thief: TestDevice
let bob: TestDevice

async function open(index: number, options: Parameters<typeof TestDevice.open>[3] = {}): Promise<TestDevice> {
  const device = await TestDevice.open(account, index, document, options)
  await device.connect()
  await device.catchUp(log)
  return device
}

/** Ann, Bob and the thief have the same two lines. */
async function begin(): Promise<void> {
  account = await TestAccount.create(4)
  log = new TestLog(await account.context(ANN), document)
  ann = await open(ANN)
  thief = await open(THIEF)
  bob = await open(BOB)
  await ann.sync.transact([{ kind: 'add', id: 'letter', fields: { first: 'body', second: 'other' } }]).stored
  await write(ann, () => rootOf(ann).insert(0, ['Dear Eve', 'Yours, Ann'].map(lineOf)))
  for (const device of [thief, bob]) await device.catchUp(log)
  await write(thief, () => letters(thief, 0).insert(8, ','))
  for (const device of [ann, bob]) await device.catchUp(log)
}

beforeEach(begin)

const rootOf = ({ sync }: TestDevice, name = 'body'): Y.XmlFragment => sync.texts.getXmlFragment(name)
const textOf = (device: TestDevice, name?: string): string => plainTextOf(rootOf(device, name))
const letters = (device: TestDevice, line: number): Y.XmlText =>
  (rootOf(device).get(line) as Y.XmlElement).get(0) as Y.XmlText

function lineOf(text: string): Y.XmlElement {
  const line = new Y.XmlElement('paragraph')
  line.insert(0, [new Y.XmlText(text)])
  return line
}

async function write(device: TestDevice, act: () => void): Promise<void> {
  act()
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
async function learn(...devices: readonly TestDevice[]): Promise<void> {
  for (const device of devices) {
    const { keyringState } = device.context
    await keyringState.extend(keyringState.length, account.records.slice(keyringState.length))
    device.sync.keyringRead()
    await settle()
  }
}

/** What each has to send is in the log, and what is in the log is with each. */
async function meet(...devices: readonly TestDevice[]): Promise<void> {
  for (const device of devices) {
    await device.catchUp(log)
    await device.flushTo(log)
  }
  for (const device of devices) await device.catchUp(log)
}

async function expectEverywhere(text: string, ...devices: readonly TestDevice[]): Promise<void> {
  await meet(...devices)
  for (const device of [...devices, await open(LATE)]) {
    expect(textOf(device)).toBe(text)
    expect(device.sync.status).toMatchObject({ unsent: 0, held: [] })
    expect(device.context.reports).toEqual([])
  }
}

describe('letters typed among those of a removed device that do not count', () => {
  it('are written again by who typed them, and on every device, those that the removed one typed are gone', async () => {
    const cut = cutOf(thief)
    await write(thief, () => letters(thief, 0).insert(9, ' send money'))
    for (const device of [ann, bob]) await device.catchUp(log)
    await write(ann, () => letters(ann, 0).insert(20, ' see you on Friday'))
    await bob.catchUp(log)
    await write(bob, () => letters(bob, 0).insert(9, ' hello:'))
    await ann.catchUp(log)
    expect(textOf(ann)).toBe('Dear Eve, hello: send money see you on Friday\nYours, Ann')
    await account.remove(ANN, [THIEF], cut)
    await learn(ann, bob)
    await meet(ann, bob)
    // What stood between them is gone: both have typed in one place, and which comes first is Yjs's to say.
    expect(textOf(ann)).toMatch(/^Dear Eve,( hello: see you on Friday| see you on Friday hello:)\nYours, Ann$/)
    await expectEverywhere(textOf(ann), ann, bob)
  })

  it('take nothing else with them that their author typed since, in this text and in others', async () => {
    const cut = cutOf(thief)
    await write(thief, () => letters(thief, 0).insert(9, ' send money'))
    for (const device of [ann, bob]) await device.catchUp(log)
    await write(ann, () => letters(ann, 0).insert(20, ' now'))
    await write(ann, () => letters(ann, 1).insert(10, ' Lee'))
    await write(ann, () => rootOf(ann, 'other').insert(0, [lineOf('another text')]))
    await account.remove(ANN, [THIEF], cut)
    await learn(ann, bob)
    await expectEverywhere('Dear Eve, now\nYours, Ann Lee', ann, bob)
    for (const device of [ann, bob, await open(LATE)]) expect(textOf(device, 'other')).toBe('another text')
  })

  it('and not sent yet, are written again, too, once, also after a restart', async () => {
    const cut = cutOf(thief)
    await write(thief, () => letters(thief, 0).insert(9, ' send money'))
    for (const device of [ann, bob]) await device.catchUp(log)
    await ann.disconnect()
    letters(ann, 0).insert(20, ' see you')
    await settle()
    await account.remove(ANN, [THIEF], cut)
    await learn(ann, bob)
    expect(textOf(ann)).toBe('Dear Eve, see you\nYours, Ann')
    const again = await open(ANN, { disk: ann.disk })
    expect(textOf(again)).toBe('Dear Eve, see you\nYours, Ann')
    letters(again, 0).insert(17, ' there')
    await settle()
    await expectEverywhere('Dear Eve, see you there\nYours, Ann', again, bob)
  })

  it('in lines that the removed device had made stand in lines of their own, and with their formatting', async () => {
    const cut = cutOf(thief)
    await write(thief, () => {
      rootOf(thief).insert(1, [lineOf('account 1234')])
      letters(thief, 2).delete(0, 6)
    })
    for (const device of [ann, bob]) await device.catchUp(log)
    await write(ann, () => letters(ann, 1).insert(12, ' is mine', { bold: {} }))
    expect(textOf(ann)).toBe('Dear Eve,\naccount 1234 is mine\n Ann')
    await account.remove(ANN, [THIEF], cut)
    await learn(ann, bob)
    await expectEverywhere('Dear Eve,\n is mine\nYours, Ann', ann, bob)
    expect(letters(bob, 1).toDelta()).toEqual([{ insert: ' is mine', attributes: { bold: {} } }])
  })

  it('are not written again with another removal, nor by anybody else', async () => {
    const cut = cutOf(thief)
    await write(thief, () => letters(thief, 0).insert(9, ' send money'))
    for (const device of [ann, bob]) await device.catchUp(log)
    await write(ann, () => letters(ann, 0).insert(20, ' now'))
    await bob.catchUp(log)
    await account.remove(ANN, [THIEF], cut)
    await learn(ann, bob)
    await meet(ann, bob)
    const late = await open(LATE)
    await learn(late)
    const cutOfLate = cutOf(late)
    await write(late, () => letters(late, 1).insert(10, '!'))
    for (const device of [ann, bob]) await device.catchUp(log)
    await write(ann, () => letters(ann, 1).insert(11, '?'))
    await bob.catchUp(log)
    await account.remove(ANN, [LATE], cutOfLate)
    await learn(ann, bob)
    await meet(ann, bob)
    for (const device of [ann, bob]) expect(textOf(device)).toBe('Dear Eve, now\nYours, Ann?')
  })

  it('are there once wherever the process dies while they are written again', async () => {
    const cut = cutOf(thief)
    await write(thief, () => letters(thief, 0).insert(9, ' send money'))
    await ann.catchUp(log)
    await write(ann, () => letters(ann, 0).insert(20, ' now'))
    await ann.disconnect()
    await account.remove(ANN, [THIEF], cut)
    const before = ann.disk.copy()
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
      expect(textOf(again)).toBe('Dear Eve, now\nYours, Ann')
      expect(again.sync.status.unsent).toBe(1)
      if (settled && commits <= crashAt) break
      expect(crashAt).toBeLessThan(10)
    }
  })
})

describe('a text from which a removed device’s letters were taken', () => {
  interface Step {
    readonly by: number
    readonly kind: 'type' | 'line' | 'delete' | 'read'
    readonly line: number
    readonly at: number
  }
  const stepsOf = (by: readonly number[], maxLength: number): fc.Arbitrary<Step[]> =>
    fc.array(
      fc.record({
        by: fc.constantFrom(...by),
        kind: fc.constantFrom('type' as const, 'type' as const, 'line' as const, 'delete' as const, 'read' as const),
        line: fc.nat(20),
        at: fc.nat(20),
      }),
      { minLength: 1, maxLength },
    )
  const history = fc.record({
    before: stepsOf([ANN, THIEF, BOB], 8),
    late: stepsOf([THIEF], 6),
    after: stepsOf([ANN, BOB], 12),
    isSent: fc.boolean(),
  })

  /** A line that is as empty as another one, in a text in which somebody else types meanwhile. */
  const twoEmptyLines = {
    before: [
      { by: ANN, kind: 'line', line: 0, at: 0 },
      { by: ANN, kind: 'line', line: 0, at: 0 },
    ],
    late: [
      { by: THIEF, kind: 'line', line: 0, at: 0 },
      { by: THIEF, kind: 'delete', line: 2, at: 0 },
      { by: THIEF, kind: 'type', line: 0, at: 0 },
    ],
    after: [
      { by: ANN, kind: 'type', line: 1, at: 0 },
      { by: BOB, kind: 'line', line: 1, at: 0 },
      { by: BOB, kind: 'delete', line: 1, at: 0 },
      { by: BOB, kind: 'type', line: 3, at: 0 },
    ],
    isSent: false,
  } satisfies { before: Step[]; late: Step[]; after: Step[]; isSent: boolean }

  it('has every letter that counts once, on every device, and none that does not', async () => {
    let rewritten = 0
    await fc.assert(
      fc.asyncProperty(history, async ({ before, late, after, isSent }) => {
        await begin()
        const devices = [ann, thief, bob]
        let next = 0x4e00
        const typed = new Set<string>()
        const gone = new Set<string>()
        const run = async (steps: readonly Step[], { counts = true, sends = true } = {}): Promise<void> => {
          for (const { by, kind, line, at } of steps) {
            const device = devices[by]!
            await device.catchUp(log)
            if (kind === 'read') continue
            const root = rootOf(device)
            const target = letters(device, line % root.length)
            const letter = String.fromCharCode(next++)
            if (kind === 'line') root.insert(line % (root.length + 1), [lineOf(letter)])
            if (kind === 'type') target.insert(at % (target.length + 1), letter)
            if (kind === 'delete' && target.length > 0) {
              const place = at % target.length
              if (counts) gone.add(target.toString()[place]!)
              target.delete(place, 1)
            } else if (counts && kind !== 'delete') typed.add(letter)
            await settle()
            if (sends) await device.flushTo(log)
          }
        }
        await run(before)
        for (const device of devices) await device.catchUp(log)
        const cut = cutOf(thief)
        await run(late, { counts: false })
        for (const device of [ann, bob]) await device.catchUp(log)
        const newest = log.newest
        await run(after, { sends: isSent })
        for (const device of isSent ? [ann, bob] : []) await device.catchUp(log)
        await account.remove(ANN, [THIEF], cut)
        for (const device of [ann, bob]) await learn(device)
        await meet(ann, bob)
        if (isSent && log.newest > newest + after.filter(({ kind }) => kind !== 'read').length) rewritten++
        const fresh = await open(LATE)
        const expected = [...typed].filter((letter) => !gone.has(letter)).sort()
        for (const device of [ann, bob, fresh]) {
          expect(textOf(device)).toBe(textOf(ann))
          expect([...textOf(device)].filter((letter) => letter >= '\u4e00').sort()).toEqual(expected)
        }
      }),
      { numRuns: 60, examples: [[twoEmptyLines]] },
    )
    expect(rewritten).toBeGreaterThan(0)
  }, 60_000)
})
