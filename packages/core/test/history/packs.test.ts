// What a history is kept in when the entries are gone: a format that later versions read, and a reading that has each change once, whoever
// wrote it down.
import { createHash } from 'node:crypto'
import { bytesToHex, type Sha512 } from '@owlivion/sync-protocol'
import { expect, it } from 'vitest'
import { engineOf } from '../../src/client'
import { deflate } from '../../src/crypto'
import { historyOf } from '../../src/history'
import { OlderChanges } from '../../src/history/older-changes'
import type { DocumentState } from '../../src/sync/document/document-state'
import type { PackedChange } from '../../src/sync/history/logged-change'
import { owedPacks } from '../../src/sync/history/owed-packs'
import { decodePack, type EncodedPack, encodePack, type Pack } from '../../src/sync/history/pack'
import { editsFor, readShelf, shelvedOf } from '../../src/sync/history/pack-shelf'
import { settle } from '../sync/support/fake-platform'
import { type Device, HistoryWorld } from './support'

const sha512: Sha512 = (bytes) => new Uint8Array(createHash('sha512').update(bytes).digest())
const [ANN, BOB] = ['000102030405060708090a0b0c0d0e0f', 'f0'.repeat(16)] as const

const changed = (sequence: number, more: Partial<PackedChange> = {}): PackedChange => ({
  ...{ device: ANN, incarnation: 0, sequence, number: sequence, id: 'ann', kind: 'changed', atMs: 1_700_000_000_000 },
  fields: [{ field: 'name', before: sequence - 1, after: sequence }],
  counts: [],
  ...more,
})

const packOf = (...changes: readonly PackedChange[]): Pack => ({
  spans: [
    { device: ANN, incarnation: 0, from: changes[0]?.sequence ?? 1, to: changes.at(-1)?.sequence ?? 1 },
    { device: BOB, incarnation: 2, from: 4, to: 4 },
  ],
  changes,
})

const golden: Pack = {
  ...packOf(
    changed(1, { kind: 'added', fields: [{ field: 'name', before: undefined, after: 'Ann' }] }),
    changed(3, {
      fields: [
        { field: 'tags', element: 'friend', before: undefined, after: true },
        { field: 'name', before: 'Ann', after: null },
      ],
      counts: [{ field: 'uses', before: 0, after: 2 }],
    }),
  ),
}

const goldenHex =
  '01017d8e4b0ec2300c44efe2b51793b67c779cc3ca223469412a166ada15e2ee386dd92162255224bf37f3a2fc0c9ae92c42001c2ad468b0c31e071c7142c0152d22123a62b0e3dab35087ff435c71c38df74ced2d689f9684823ba6a04af6c69822b13b58ecf7b0b5d0f0482549e8627bde14522eb8b6d9d8d5f98b9e429f177a1ae764e9dd784f1aa9745ec59b9645e76158ec4273b67e0655f6f7ef0f'

it('reads a pack as every version has written it, byte for byte', () => {
  expect(bytesToHex(encodePack(sha512, golden).bytes)).toBe(goldenHex)
  expect(decodePack(Uint8Array.from(Buffer.from(goldenHex, 'hex')))).toEqual(golden)
})

it('takes nothing else for one: not what a member made up, a newer version, or a kilobyte that would fill the memory', () => {
  const { bytes } = encodePack(sha512, golden)
  expect(decodePack(Uint8Array.of(2, ...bytes.subarray(1)))).toBeUndefined()
  expect(decodePack(bytes.subarray(0, bytes.length - 9))).toBeUndefined()
  const bomb = deflate(new Uint8Array(40_000_000).fill(32))!
  expect(decodePack(Uint8Array.of(1, 1, ...bomb))).toBeUndefined()
  const json = (text: string): Uint8Array => Uint8Array.of(1, 0, ...new TextEncoder().encode(text))
  const whole = '{"spans":[["aa",0,1,1]],"changes":[[0,1,1,"id","changed",5,[],[]]]}'
  expect(decodePack(json(whole))?.changes).toHaveLength(1)
  for (const part of ['"aa"', '"changed"', '5', '[[0,1,1,"id","changed",5,[],[]]]', '"id"'])
    for (const other of ['null', '-1', '{}', '"no"'])
      if (other !== '"no"' || !['"aa"', '"id"'].includes(part))
        expect(decodePack(json(whole.replace(part, other))), `${part} ${other}`).toBeUndefined()
})

it('has each change once, in the order of the log and backward from any place, however many packs say it', () => {
  const changes = Array.from({ length: 30 }, (_, i) => changed(i + 1, { id: `r${i % 4}` }))
  // What one device cut otherwise than another, and a third wrote twice.
  const cuts = [
    [0, 9, 20, 30],
    [4, 13, 30],
    [0, 30],
  ]
  const packs = cuts.flatMap((ends) =>
    ends.slice(1).map((end, i) => shelvedOf(encodePack(sha512, packOf(...changes.slice(ends[i], end))))!),
  )
  const older = new OlderChanges({ packs, outdated: [] }, true, () => true)
  expect([...older.forward()]).toEqual(changes)
  const backward = [...older.backward()]
  expect(backward.map(({ change }) => change)).toEqual([...changes].reverse())
  backward.forEach(({ place }, i) => {
    expect([...older.backward(place)].map(({ change }) => change)).toEqual([...changes].reverse().slice(i + 1))
  })
})

it('has each change once where packs give it other places, for a relay lost the log and was given it back at later ones', () => {
  const before = Array.from({ length: 12 }, (_, i) => changed(i + 1, { id: `r${i % 4}` }))
  // From the fifth on two of another device came first.
  const between = [5, 6].map((number) => changed(number + 95, { device: BOB, incarnation: 2, number, id: 'r0' }))
  const after = before.map((change) => (change.number < 5 ? change : { ...change, number: change.number + 2 }))
  const healed = [...after.slice(0, 4), ...between, ...after.slice(4)]
  const shelvedFrom = (...parts: readonly (readonly PackedChange[])[]) =>
    parts.map((changes) => {
      const [ann, bob] = [ANN, BOB].map((device) => changes.filter((change) => change.device === device))
      const spans = [...(ann!.length > 0 ? [ann!] : []), ...(bob!.length > 0 ? [bob!] : [])].map((chain) => ({
        ...{ device: chain[0]!.device, incarnation: chain[0]!.incarnation },
        ...{ from: chain[0]!.sequence, to: chain.at(-1)!.sequence },
      }))
      return shelvedOf(encodePack(sha512, { spans, changes }))!
    })
  const packs = shelvedFrom(before.slice(0, 7), before.slice(7), healed.slice(0, 9), healed.slice(9))
  const older = new OlderChanges({ packs, outdated: [] }, true, () => true)
  expect([...older.forward()]).toEqual(healed)
  const backward = [...older.backward()]
  expect(backward.map(({ change }) => change)).toEqual([...healed].reverse())
  backward.forEach(({ place }, i) => {
    expect([...older.backward(place)].map(({ change }) => change)).toEqual([...healed].reverse().slice(i + 1))
  })
})

it('is not read from a pack of which a part has not arrived', async () => {
  const world = await HistoryWorld.create(['laptop'])
  const [laptop] = world.devices as [Device]
  const shelf = await (await engineOf(laptop.sync)).documents.open('history-of:other')
  const noise = Buffer.from(Array.from({ length: 60_000 }, (_, i) => sha512(Uint8Array.of(i, i >> 8))[0] as number))
  const pack = packOf(changed(1, { fields: [{ field: 'note', before: undefined, after: noise.toString('base64') }] }))
  const encoded: EncodedPack = encodePack(sha512, pack)
  const [first, ...rest] = editsFor(encoded, pack, undefined)
  await Promise.all(shelf().transactAll([first!]))
  expect(readShelf(shelf().registers).packs.flatMap((each) => each.read() ?? [])).toEqual([])
  await Promise.all(shelf().transactAll(rest))
  expect(readShelf(shelf().registers).packs.map((each) => each.read())).toEqual([decodePack(encoded.bytes)])
  await world.close()
})

it('is written down by two devices at once without a double, though each cut it otherwise', async () => {
  const world = await HistoryWorld.create(['laptop', 'phone'])
  const [laptop, phone] = world.devices as [Device, Device]
  const histories = await Promise.all(world.devices.map(({ sync }) => engineOf(sync)))
  const states = await Promise.all(
    histories.map(async (engine) => {
      await engine.documents.open('history-of:contacts')
      return ((await engine.documents.open('contacts'))() as unknown as { readonly state: DocumentState }).state
    }),
  )
  const pack = async (state: DocumentState): Promise<void> => {
    await state.context.writer.write({ put: await owedPacks(state) })
  }
  for (let i = 0; i < 12; i++) {
    await (i % 2 === 0 ? laptop : phone).contacts.add(`c${i % 3}`, { name: `Name ${i}` })
    await world.upToDate()
    if (i === 4) await pack(states[0]!)
  }
  for (const state of states) await pack(state)
  const { changes } = await historyOf(laptop.sync, laptop.contacts).changes()
  await world.run(Promise.all(histories.map((engine, i) => engine.history.bring(states[i]!.document))))
  await world.upToDate()
  const tablet = await world.join('tablet')
  const engine = await engineOf(tablet.sync)
  const stored = await world.run(engine.history.read(states[0]!.document))
  expect(stored.packs.length).toBeGreaterThan(2)
  expect(stored.isComplete(new Map() as never)).toBe(true)
  const read = new OlderChanges(stored, true, () => true)
  expect([...read.backward()].map(({ change }) => [change.number, change.id, change.fields])).toEqual(
    changes.map(({ number, id, fields }) => [number, id, fields]),
  )
  // And who comes later writes nothing that is there.
  await tablet.contacts.add('c13', { name: 'Name 13' })
  await world.upToDate()
  await pack(((await engine.documents.open('contacts'))() as unknown as { readonly state: DocumentState }).state)
  await world.run(engine.history.bring(states[0]!.document))
  await settle()
  const later = (await world.run(engine.history.read(states[0]!.document))).packs
  const countIn = (packs: typeof later) => packs.reduce((sum, each) => sum + (each.read()?.changes.length ?? 0), 0)
  expect(countIn(later)).toBe(countIn(stored.packs) + 1)
  await world.close()
})
