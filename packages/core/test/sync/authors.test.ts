// Which device wrote a value is known from the envelopes of entries, and stays known when they are summed up, folded, or somebody comes
// later.
import { beforeEach, describe, expect, it } from 'vitest'
import { Authors, authorsByEntries } from '../../src/sync/document/authors'
import { CompactionWorld, codesOf } from './support/compaction-world'
import type { TestDevice } from './support/device'
import { RebaseWorld, rebasesOf } from './support/rebase-world'

const hex = (device: TestDevice): string => Buffer.from(device.context.device).toString('hex')

/** Who is said to have written the values of the record's name. */
const authorsIn = (device: TestDevice, id = 'one'): (string | undefined)[] =>
  device.sync.registers
    .inspect(id)!
    .fields.get('name')!
    .candidates.map(({ writer }) => device.sync.authors.deviceOf(writer))
    .sort()

describe('who wrote a value', () => {
  let world: CompactionWorld
  beforeEach(async () => {
    world = await CompactionWorld.create()
  })

  /** Ann and Bob wrote one field, not knowing of each other. */
  async function conflict(): Promise<{ readonly ann: TestDevice; readonly bob: TestDevice }> {
    const ann = await world.open(0)
    const bob = await world.open(1)
    await world.edit(ann, 'one', { name: 'One' })
    await world.log.serve(bob)
    void ann.sync.transact([{ kind: 'update', id: 'one', fields: { name: 'by Ann' } }])
    void bob.sync.transact([{ kind: 'update', id: 'one', fields: { name: 'by Bob' } }])
    return { ann, bob }
  }

  it('is this device before anything is sent, and everybody afterwards', async () => {
    const { ann, bob } = await conflict()
    expect([authorsIn(ann), authorsIn(bob)]).toEqual([[hex(ann)], [hex(bob)]])
    await world.log.serve(ann, bob)
    for (const device of [ann, bob]) expect(authorsIn(device)).toEqual([hex(ann), hex(bob)].sort())
  })

  it('is known after a restart', async () => {
    const { ann, bob } = await conflict()
    await world.log.serve(ann, bob)
    await bob.sync.close()
    const again = await world.open(1, { disk: bob.disk })
    expect(authorsIn(again)).toEqual([hex(ann), hex(bob)].sort())
  })

  it('is known to a device that comes when the entries are summed up', async () => {
    const { ann, bob } = await conflict()
    await world.log.serve(ann, bob)
    await world.writeMuch(ann)
    await world.rest(ann, bob)
    expect(world.log.current?.verdicts.map(({ verdict }) => verdict)).toEqual(['accept'])
    world.log.prune()
    const carl = await world.open(2)
    expect(authorsIn(carl)).toEqual([hex(ann), hex(bob)].sort())
    expect([ann, bob, carl].flatMap(codesOf)).toEqual([])
  })
})

it('who wrote a value is known when a document was folded, to those who were there and those who come', async () => {
  const world = await RebaseWorld.create()
  const ann = await world.open(0)
  const bob = await world.open(1)
  await ann.add('one', { name: 'One' })
  await world.log.serve(ann, bob)
  void ann.sync.transact([{ kind: 'update', id: 'one', fields: { name: 'by Ann' } }])
  void bob.sync.transact([{ kind: 'update', id: 'one', fields: { name: 'by Bob' } }])
  await world.log.serve(ann, bob)
  await world.wear(ann)
  await world.rest(ann, bob)
  const carl = await world.open(2)
  for (const device of [ann, bob, carl]) {
    expect(rebasesOf(device)).toBe(1)
    expect(authorsIn(device)).toEqual([hex(ann), hex(bob)].sort())
  }
})

describe('a writer as whom two devices write', () => {
  const entry = (device: number, repairs = false) => ({
    device: new Uint8Array(16).fill(device) as never,
    outcome: {
      body: {
        writers: [{ writer: new Uint8Array(6).fill(1), n: 1 }],
        ...(repairs && { repairs: { incarnation: 1, sequence: 1 } }),
      } as never,
    },
  })
  const writer = 'AQEBAQEB'

  it('is nobody, whatever is said later', () => {
    const authors = new Authors()
    authors.noteEntry(entry(1))
    expect(authors.deviceOf(writer)).toBe('01'.repeat(16))
    authors.noteEntry(entry(2))
    authors.noteEntry(entry(1))
    authors.learn(writer, '01'.repeat(16))
    expect(authors.deviceOf(writer)).toBeUndefined()
    expect(authors.listed([writer])).toEqual([])
  })

  it('is the first where the second only brings back what the first had written', () => {
    const authors = new Authors()
    authors.noteEntry(entry(1))
    authors.noteEntry(entry(2, true))
    expect(authors.deviceOf(writer)).toBe('01'.repeat(16))
  })

  it('is not said to be who brings back its entry: somebody else may have had the entry', () => {
    expect(authorsByEntries(undefined, [entry(2, true)]).deviceOf(writer)).toBeUndefined()
    expect(authorsByEntries([[writer, '01'.repeat(16)]], [entry(2, true)]).deviceOf(writer)).toBe('01'.repeat(16))
    expect(authorsByEntries(undefined, [entry(1)]).deviceOf(writer)).toBe('01'.repeat(16))
  })
})
