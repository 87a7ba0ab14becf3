// What a rebase does not touch, what it does not know, and who is put out right after it.
import { bytesEqual, roots, ZERO_HASH } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { createDoc, Y } from '../../src/yjs'
import { Author } from './support/author'
import { codesOf, digest, stateOf } from './support/compaction-world'
import type { TestDevice } from './support/device'
import { settle } from './support/fake-platform'
import { forgeRebase } from './support/forge-rebase'
import { RebaseWorld, rebasesOf } from './support/rebase-world'
import type { SnapshotLog } from './support/snapshot-log'

let world: RebaseWorld
let log: SnapshotLog
let ann: TestDevice
let bob: TestDevice

beforeEach(async () => {
  world = await RebaseWorld.create()
  log = world.log
  ann = await world.open(0)
  bob = await world.open(1)
})

const textOf = (doc: Y.Doc) => doc.getXmlFragment('body').toString()

describe('texts', () => {
  /** An editor's copy of the texts. */
  const editor = (clientId: number, of?: Y.Doc): Y.Doc => {
    const doc = createDoc('texts')
    if (of !== undefined) Y.applyUpdate(doc, Y.encodeStateAsUpdate(of))
    doc.clientID = clientId
    return doc
  }
  const edit = (doc: Y.Doc, change: (body: Y.XmlFragment) => void): Uint8Array => {
    const before = Y.encodeStateVector(doc)
    change(doc.getXmlFragment('body'))
    return Y.encodeStateAsUpdate(doc, before)
  }
  const paragraphOf = (body: Y.XmlFragment) => (body.get(0) as Y.XmlElement).get(0) as Y.XmlText

  it('keep the identity of everything in them; who edits one at the same time goes on with what is typed', async () => {
    const carl = await Author.of(world.account, 2, log.document)
    const write = (bytes: Uint8Array, documentEpoch: number) =>
      carl.write(log, { updates: [{ root: roots.texts, format: 1, bytes }] }, { documentEpoch })
    const first = editor(11)
    const start = edit(first, (body) => {
      const paragraph = new Y.XmlElement('p')
      paragraph.insert(0, [new Y.XmlText('Dear Eve')])
      body.insert(0, [paragraph])
    })
    await write(start, 0)
    const second = editor(22, first)
    await log.serve(ann, bob)
    const live = ann.sync.texts
    const paragraph = paragraphOf(live.getXmlFragment('body'))
    const before = Y.encodeStateVector(live)

    await forgeRebase(log, ann)
    await world.rest(ann, bob)
    expect([rebasesOf(ann), rebasesOf(bob)]).toEqual([1, 1])
    expect(ann.sync.texts).toBe(live)
    expect(Y.encodeStateVector(live)).toEqual(before)
    expect(paragraphOf(live.getXmlFragment('body'))).toBe(paragraph)

    // Both had the text open before the rebase, and type on in it.
    await write(
      edit(first, (body) => paragraphOf(body).insert(8, ',')),
      log.documentEpoch,
    )
    await write(
      edit(second, (body) => paragraphOf(body).insert(0, 'Re: ')),
      log.documentEpoch,
    )
    const late = await world.open(3)
    await log.serve(ann, bob, late)
    for (const device of [ann, bob, late]) {
      expect(textOf(device.sync.texts)).toBe('<p>Re: Dear Eve,</p>')
      expect(device.sync.status).toMatchObject({ held: [], caughtUp: true })
      expect([...device.sync.texts.store.clients.keys()].sort()).toEqual([11, 22])
    }
    expect(codesOf(ann)).toEqual([])
  })

  it('that a rebase left out come back with the next', async () => {
    const carl = await Author.of(world.account, 2, log.document)
    const doc = editor(11)
    const bytes = edit(doc, (body) => body.insert(0, [new Y.XmlText('kept')]))
    await carl.write(log, { updates: [{ root: roots.texts, format: 1, bytes }] })
    await log.serve(ann, bob)
    await forgeRebase(log, ann, ({ dropTexts }) => dropTexts())
    await world.rest(ann, bob)
    expect(rebasesOf(bob)).toBe(2)
    const late = await world.open(3)
    for (const device of [ann, bob, late]) expect(textOf(device.sync.texts)).toBe('kept')
    expect(codesOf(bob)).toEqual(['snapshot-untrue'])
  })
})

describe('a rebase by a device that had not read everything', () => {
  it('is joined with what another one had verified, by what each knows', async () => {
    await ann.add('one', { name: 'One', note: 'first' })
    await log.serve(ann, bob)
    await bob.update('one', { name: 'by Bob' })
    await log.serve(bob, ann)
    await bob.add('two', { name: 'by Bob' })
    await log.serve(bob, ann)
    // Whoever made it kept Bob's last entry aside.
    await forgeRebase(log, ann, ({ registers, header, context }) => {
      const { writer, lastN } = bob.sync.registers
      registers.delete('two\u0001*')
      context.set(writer, lastN - 1)
      header.exempt = [log.newest]
      header.vector = header.vector.map((head) =>
        bytesEqual(head.device, bob.context.device) ? { ...head, sequence: head.sequence - 1, hash: ZERO_HASH } : head,
      )
    })
    // Somebody who knows of nothing else writes on with it.
    log.prune()
    const carl = await world.open(2)
    expect(carl.records).toEqual({ one: { name: 'by Bob', note: 'first' } })
    await carl.update('one', { note: 'by Carl' })
    await world.rest(carl)
    await world.rest(ann, bob, carl)
    for (const device of [ann, bob, carl]) {
      expect(device.records).toEqual({ one: { name: 'by Bob', note: 'by Carl' }, two: { name: 'by Bob' } })
      expect([...device.sync.registers.conflicts()]).toEqual([])
    }
    expect(new Set([ann, bob, carl].map(digest)).size).toBe(1)
    expect(rebasesOf(carl)).toBe(2)
    await bob.update('two', { name: 'again' })
    await world.rest(bob, ann, carl)
    expect(carl.records).toMatchObject({ two: { name: 'again' } })
  })
})

describe('a device that is removed right after a rebase', () => {
  it('leaves what it wrote before; what it writes later counts for nobody', async () => {
    const eve = await world.open(3)
    await eve.add('hers', { name: 'before' })
    await ann.add('one', { name: 'One' })
    await world.rest(eve, ann, bob)
    await forgeRebase(log, ann)
    await world.rest(ann, bob, eve)
    await eve.update('hers', { name: 'in the new epoch' })
    await world.rest(eve, ann, bob)
    const { chains } = stateOf(ann).replica.state
    const cut = [...chains]
      .filter(([{ device }]) => bytesEqual(device, eve.context.device))
      .map(([lineage, { sequence, hash }]) => ({ ...lineage, document: log.document, sequence, hash }))
    await eve.update('hers', { name: 'too late' })
    await world.rest(eve, ann, bob)
    expect(ann.records).toMatchObject({ hers: { name: 'too late' } })
    await world.account.remove(0, [3], cut)
    for (const device of [ann, bob]) await learn(device)
    await world.rest(ann, bob)
    const late = await world.open(2)
    for (const device of [ann, bob, late]) {
      expect(device.records).toEqual({ hers: { name: 'in the new epoch' }, one: { name: 'One' } })
      expect(device.sync.status).toMatchObject({ held: [], dropped: 1 })
    }
    expect(new Set([ann, bob, late].map(digest)).size).toBe(1)
  })
})

/** The device reads the keyring to its end. */
async function learn(device: TestDevice): Promise<void> {
  const { keyringState } = device.context
  await keyringState.extend(keyringState.length, world.account.records.slice(keyringState.length))
  device.sync.keyringRead()
  await settle()
}
