// Texts whose entry was lost: a device that still has them writes them again, as it does with records. Yjs knows what it has already, so
// nothing of a text is ever there twice.
import { type Body, roots } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { writeAgain } from '../../src/sync/writing/write-again'
import { createDoc, Y } from '../../src/yjs'
import { Author } from './support/author'
import { CompactionWorld, codesOf, stateOf } from './support/compaction-world'
import type { TestDevice } from './support/device'
import { settle } from './support/fake-platform'
import { forge } from './support/forge'
import { forgeRebase } from './support/forge-rebase'
import type { SnapshotLog } from './support/snapshot-log'

let world: CompactionWorld
let log: SnapshotLog
let bob: TestDevice
let eve: TestDevice
let carl: Author

beforeEach(async () => {
  world = await CompactionWorld.create()
  log = world.log
  bob = await world.open(1)
  eve = await world.open(3)
  carl = await Author.of(world.account, 2, log.document)
})

const textOf = ({ sync }: TestDevice): string => sync.texts.getXmlFragment('body').toString()

/** One entry's worth of a text, and of the registers if they are said. */
function textBody(registers?: Uint8Array): Partial<Body> {
  const doc = createDoc('texts')
  doc.clientID = 11
  doc.getXmlFragment('body').insert(0, [new Y.XmlText('Dear Eve')])
  const texts = { root: roots.texts, format: 1 as const, bytes: Y.encodeStateAsUpdate(doc) }
  return { updates: registers ? [{ root: roots.registers, format: 2, bytes: registers }, texts] : [texts] }
}

describe('a text', () => {
  it('that a summary leaves out, which nobody looked at until the entries were gone, is sent again by who has it', async () => {
    await world.edit(eve, 'two', { name: 'Two' })
    await carl.write(log, textBody())
    await log.serve(bob, eve)
    expect(textOf(bob)).toBe('Dear Eve')
    await bob.disconnect()
    await world.edit(eve, 'two', { name: 'Zwei' })
    await forge(log, eve, { dropsTexts: true })
    log.prune()
    await bob.connect()
    await log.serve(bob, eve)
    const late = await world.open(0)
    await world.rest(bob, eve, late)
    for (const device of [bob, eve, late]) {
      expect(textOf(device)).toBe('Dear Eve')
      expect(device.records).toEqual({ two: { name: 'Zwei' } })
    }
    expect(bob.sync.status.unsent).toBe(0)
  })

  it.each<[what: string, withRegisters: boolean]>([
    ['alone', false],
    ['beside records', true],
  ])(
    'whose entry cannot stand in the log again, %s, is written again, also after a restart',
    async (_, withRegisters) => {
      await world.edit(bob, 'two', { name: 'Two' })
      const registers = createDoc('registers')
      Y.applyUpdateV2(registers, bob.sync.registers.encodeState())
      registers.clientID = 12
      registers.getMap('r').set('by carl', 'whole')
      const body = textBody(withRegisters ? Y.encodeStateAsUpdateV2(registers) : undefined)
      const { envelope } = await carl.seal({ ...body, writers: [{ writer: new Uint8Array(6).fill(3), n: 1 }] })
      await bob.disconnect()
      const state = stateOf(bob)
      const put = writeAgain(state, [{ bytes: envelope, previous: new Uint8Array(32) as never }])
      expect(put.length).toBe(1)
      await bob.context.writer.write({ put: [...put, state.stateRow()] })
      await settle()
      const again = await world.open(1, { disk: bob.disk })
      await world.rest(again, eve)
      for (const device of [again, eve]) {
        expect(textOf(device)).toBe('Dear Eve')
        expect(device.sync.registers.doc.getMap('r').has('by carl')).toBe(withRegisters)
      }
      expect(again.sync.status.unsent).toBe(0)
      expect([...codesOf(again), ...codesOf(eve)]).toEqual([])
    },
  )

  it('that waits to be written again when a rebase comes is brought back by the next one', async () => {
    await world.edit(eve, 'two', { name: 'Two' })
    await log.serve(bob, eve)
    await bob.disconnect()
    const state = stateOf(bob)
    const { envelope } = await carl.seal({ ...textBody(), writers: [{ writer: new Uint8Array(6).fill(3), n: 1 }] })
    const put = writeAgain(state, [{ bytes: envelope, previous: new Uint8Array(32) as never }])
    await bob.context.writer.write({ put: [...put, state.stateRow()] })
    await forgeRebase(log, eve)
    const again = await world.open(1, { disk: bob.disk })
    await world.rest(again, eve)
    await world.rest(again, eve)
    const late = await world.open(0)
    for (const device of [again, eve, late]) expect(textOf(device)).toBe('Dear Eve')
  })
})
