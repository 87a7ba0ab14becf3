// Devices that edit, delete, restore and purge one record, not knowing of each other, that lose their connection, start again, become
// another writer and have their document rebased under them. What a purge had not seen counts, and the record is whole then.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { candidatesOf, registerNames } from '../../src/document'
import { Y } from '../../src/yjs'
import { codesOf, digest } from './support/compaction-world'
import { TestDevice } from './support/device'
import { settle } from './support/fake-platform'
import { RebaseWorld, rebasesOf } from './support/rebase-world'

const DEVICES = 3
const ROOT = 'AAAAAAAAAAAAAAAAAAAAAA'

type Kind =
  | 'edit'
  | 'delete'
  | 'restore'
  | 'purge'
  | 'leave'
  | 'come'
  | 'serve'
  | 'restart'
  | 'restart-away'
  | 'other-writer'
  | 'wear'
type Act = readonly [kind: Kind, device: number]

const act: fc.Arbitrary<Act> = fc.tuple(
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom<Kind[]>('edit', 'delete', 'restore', 'purge') },
    { weight: 6, arbitrary: fc.constantFrom<Kind[]>('leave', 'come', 'serve', 'purge') },
    { weight: 2, arbitrary: fc.constantFrom<Kind[]>('restart', 'restart-away', 'other-writer') },
    { weight: 1, arbitrary: fc.constant<Kind>('wear') },
  ),
  fc.nat(DEVICES - 1),
)

class Purgers {
  readonly reached = new Set<string>()
  private readonly online = new Set([0, 1, 2])
  /** Names of fields that somebody wrote, each once. */
  private readonly edits = new Set<string>()
  /** Of these, what some purge had seen. */
  private readonly purged = new Set<string>()

  private constructor(
    private readonly world: RebaseWorld,
    readonly devices: TestDevice[],
  ) {}

  static async open(): Promise<Purgers> {
    const world = await RebaseWorld.create()
    const devices: TestDevice[] = []
    for (let i = 0; i < DEVICES; i++) devices.push(await world.open(i))
    const { sync } = devices[0]!
    const fields = { name: 'Ann', note: 'as it was', body: ROOT }
    sync.transact([
      { kind: 'add', id: 'ann', fields },
      { kind: 'increment', id: 'ann', field: 'uses', by: 3 },
      { kind: 'set-add', id: 'ann', field: 'labels', elements: ['friend'] },
    ])
    sync.texts.getXmlFragment(ROOT).insert(0, [new Y.XmlText('what was written')])
    await world.log.serve(...devices)
    return new Purgers(world, devices)
  }

  async act([kind, index]: Act): Promise<void> {
    const device = this.devices[index]!
    const { registers } = device.sync
    switch (kind) {
      case 'edit':
      case 'restore': {
        const standing = registers.inspect('ann')?.standing
        if (standing !== (kind === 'edit' ? 'visible' : 'hidden')) return
        const name = `edit ${this.edits.size}`
        const update = { kind: 'update' as const, id: 'ann', fields: { [name]: true } }
        device.sync.transact(kind === 'edit' ? [update] : [{ kind, id: 'ann' }, update])
        this.edits.add(name)
        return
      }
      case 'delete':
        device.sync.transact([{ kind, id: 'ann' }])
        return
      case 'purge':
        this.purge(device)
        return
      case 'leave':
        this.online.delete(index)
        await device.disconnect()
        return
      case 'come':
        if (!this.online.has(index)) await this.come(index)
        return
      case 'serve':
        await this.world.log.serve(...this.present)
        return
      case 'restart':
      case 'restart-away':
        await settle()
        await device.disconnect()
        await device.sync.close()
        this.online.delete(index)
        if (kind === 'restart-away')
          this.devices[index] = await TestDevice.open(this.world.account, index, device.sync.document, {
            disk: device.disk,
          })
        else {
          this.devices[index] = await this.world.open(index, { disk: device.disk })
          this.online.add(index)
        }
        return
      case 'other-writer':
        await (device.sync as unknown as { ownWriter: { takeNewWriter(): Promise<void> } }).ownWriter.takeNewWriter()
        return
      case 'wear':
        await this.world.wear(device)
        if (this.online.has(index)) await this.world.rest(...this.present)
    }
  }

  async end(): Promise<void> {
    for (const [i] of this.devices.entries()) if (!this.online.has(i)) await this.come(i)
    for (let i = 0; i < 3; i++) await this.world.rest(...this.devices)
  }

  /** Some edit was seen by no purge. */
  get mustBeWhole(): readonly string[] {
    return [...this.edits].filter((name) => !this.purged.has(name))
  }

  private purge(device: TestDevice): void {
    const { registers } = device.sync
    const slots = registers.slots('ann')
    const seen = [...registerNames(slots)].filter((name) => candidatesOf(slots, name).length > 0)
    if (device.sync.transact([{ kind: 'purge', id: 'ann' }]).transaction === undefined) return
    this.reached.add('a purge')
    for (const name of seen) this.purged.add(name)
  }

  private get present(): TestDevice[] {
    return this.devices.filter((_, i) => this.online.has(i))
  }

  private async come(index: number): Promise<void> {
    this.online.add(index)
    await this.devices[index]!.connect()
    await this.world.log.serve(...this.present)
  }
}

/** @param isOnce nobody else can have brought back the same */
async function check(acts: readonly Act[], reached: Map<string, number>, isOnce = false): Promise<void> {
  const purgers = await Purgers.open()
  for (const each of acts) await purgers.act(each)
  await purgers.end()
  const [first, ...others] = purgers.devices as [TestDevice, ...TestDevice[]]
  for (const device of purgers.devices) {
    expect(device.sync.status.unsent).toBe(0)
    expect(codesOf(device)).toEqual([])
  }
  for (const other of others) expect(digest(other)).toBe(digest(first))
  const { registers, texts } = first.sync
  const text = texts.getXmlFragment(ROOT).toString()
  for (const other of others) expect(other.sync.texts.getXmlFragment(ROOT).toString()).toBe(text)

  const record = registers.inspect('ann')
  const kept = purgers.mustBeWhole
  if (kept.length > 0) expect(record?.fields.size).toBeGreaterThan(0)
  for (const name of kept) expect([...(record?.fields.keys() ?? [])]).toContain(name)
  if (record !== undefined) {
    const values = Object.fromEntries([...record.fields].map(([name, { winner }]) => [name, winner.value]))
    expect(values).toMatchObject({ name: 'Ann', note: 'as it was', body: ROOT })
    expect(text).toContain('what was written')
    if (record.standing === 'hidden') first.sync.transact([{ kind: 'restore', id: 'ann' }])
    // Two who bring it back may each bring back the count.
    expect(registers.counter('ann', 'uses') % 3).toBe(0)
    expect(registers.counter('ann', 'uses')).toBeGreaterThanOrEqual(3)
    expect(registers.set('ann', 'labels')).toEqual(['friend'])
    if (isOnce) expect([registers.counter('ann', 'uses'), text]).toEqual([3, 'what was written'])
  } else expect(text).toBe('')

  const situations = [...purgers.reached]
  if (purgers.reached.has('a purge')) situations.push(record === undefined ? 'it is gone' : `it is ${record.standing}`)
  if (purgers.devices.some((device) => rebasesOf(device) > 0)) situations.push('a rebase')
  for (const each of situations) reached.set(each, (reached.get(each) ?? 0) + 1)
}

const away = (device: number): Act[] => [['leave', device]]
const told: Act = ['serve', 0]

it.each<[what: string, acts: readonly Act[]]>([
  [
    'a restore that waits meets a purge',
    [['delete', 0], told, ...away(1), ['restore', 1], ['purge', 0], told, ['come', 1]],
  ],
  [
    'a purge that waits meets a restore',
    [['delete', 0], told, ...away(0), ['purge', 0], ['restore', 1], told, ['come', 0]],
  ],
  [
    'the purger started again meanwhile',
    [['delete', 0], told, ...away(0), ['purge', 0], ['restart-away', 0], ['restore', 1], told, ['come', 0]],
  ],
  [
    'an edit of before the delete, and a purge',
    [...away(1), ['edit', 1], ['delete', 0], ['purge', 0], told, ['come', 1]],
  ],
  ['an edit that waits through a start', [...away(1), ['edit', 1], ['delete', 0], ['purge', 0], told, ['restart', 1]]],
  [
    'an edit, and a rebase of what was purged',
    [...away(1), ['edit', 1], ['delete', 0], ['purge', 0], ['wear', 0], ['come', 1]],
  ],
])('the record is whole where %s', async (_, acts) => {
  const reached = new Map<string, number>()
  await check(acts, reached, true)
  await check([...acts.slice(0, -1), ['other-writer', 0], ['other-writer', 1], ...acts.slice(-1)], reached, true)
  expect(reached.get('a purge')).toBe(2)
  expect(reached.get('it is gone')).toBeUndefined()
})

it('whatever a purge had not seen counts, and then the record is whole, on every device', {
  timeout: 240_000,
}, async () => {
  const reached = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 50 }), (acts) => check(acts, reached)),
    { numRuns: 20, seed: 7, endOnFailure: true },
  )
  for (const each of ['a purge', 'it is gone', 'it is visible', 'a rebase'])
    expect(reached.get(each) ?? 0, each).toBeGreaterThan(0)
})
