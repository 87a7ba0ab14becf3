// Updates of texts that are cut in pieces, and those that are given to another client: what a reader makes of them is the same text.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { movesFor } from '../../src/sync/writing/text-lives'
import { piecesOf } from '../../src/sync/writing/text-pieces'
import { readStructs, writeStructs } from '../../src/sync/writing/text-structs'
import { createDoc, Y } from '../../src/yjs'

function docOf(client: number, ...updates: readonly Uint8Array[]): Y.Doc {
  const doc = createDoc('texts')
  for (const update of updates) Y.applyUpdate(doc, update)
  doc.clientID = client
  return doc
}

const textOf = (doc: Y.Doc): string => doc.getXmlFragment('body').toString()

/** One thing that somebody does in a text. */
type Step =
  | { readonly kind: 'type'; readonly at: number; readonly text: string }
  | { readonly kind: 'delete' | 'format'; readonly at: number; readonly length: number }
  | { readonly kind: 'block'; readonly at: number; readonly name: string }

// Yjs makes unknown characters of a pair of units that is formatted or deleted in its middle.
const typed = fc.string({ unit: fc.constantFrom('a', 'ß', '中', ' '), maxLength: 30 })

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('type' as const),
    at: fc.nat(40),
    text: typed,
  }),
  fc.record({
    kind: fc.constantFrom('delete' as const, 'format' as const),
    at: fc.nat(40),
    length: fc.integer({ min: 1, max: 12 }),
  }),
  fc.record({ kind: fc.constant('block' as const), at: fc.nat(5), name: fc.constantFrom('paragraph', 'image') }),
)

function take(doc: Y.Doc, steps: readonly Step[]): void {
  const root = doc.getXmlFragment('body')
  for (const each of steps) {
    if (each.kind === 'block' || root.length === 0) {
      const block = new Y.XmlElement(each.kind === 'block' ? each.name : 'paragraph')
      root.insert(Math.min(each.at, root.length), [block])
      block.setAttribute('src', 'cid:one')
      block.insert(0, [new Y.XmlText()])
      continue
    }
    const text = (root.get(each.at % root.length) as Y.XmlElement).get(0) as Y.XmlText
    const at = Math.min(each.at, text.length)
    if (each.kind === 'type') text.insert(at, each.text)
    else if (each.kind === 'delete') text.delete(at, Math.min(each.length, text.length - at))
    else text.format(at, Math.min(each.length, text.length - at), { bold: true })
  }
}

/** What two people make of a text, one of whom has seen some of the other's. */
const history = fc.tuple(fc.array(step, { maxLength: 12 }), fc.array(step, { maxLength: 12 }), fc.boolean())

function played([first, second, hasSeen]: readonly [readonly Step[], readonly Step[], boolean]): Y.Doc {
  const one = docOf(11)
  take(one, first)
  const two = docOf(22, ...(hasSeen ? [Y.encodeStateAsUpdate(one)] : []))
  take(two, second)
  Y.applyUpdate(one, Y.encodeStateAsUpdate(two))
  take(one, second)
  return one
}

describe('an update of a text', () => {
  it('is the same when it was taken apart and put together again', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const update = Y.encodeStateAsUpdate(played(steps))
        expect(writeStructs(readStructs(update))).toEqual(update)
      }),
    )
  })

  it('in pieces is the same text, and each piece can be read when those before it are there', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 40, max: 200 }), (steps, maxBytes) => {
        const doc = played(steps)
        const { updates, tooLarge } = piecesOf(Y.encodeStateAsUpdate(doc), maxBytes)
        expect(tooLarge).toEqual([])
        const reader = docOf(33)
        for (const update of updates) {
          Y.applyUpdate(reader, update)
          expect(reader.store.pendingStructs).toBe(null)
        }
        expect(textOf(reader)).toBe(textOf(doc))
        expect(Y.encodeStateVector(reader)).toEqual(Y.encodeStateVector(doc))
      }),
    )
  })

  it('of a megabyte is cut into pieces below the limit, and no character in two', () => {
    const doc = docOf(11)
    doc.getText('body').insert(0, '👩‍🚀'.repeat(200_000))
    const update = Y.encodeStateAsUpdate(doc)
    const { updates } = piecesOf(update)
    expect(update.length).toBeGreaterThan(1_000_000)
    expect(Math.max(...updates.map(({ length }) => length))).toBeLessThanOrEqual(131_072 + 64)
    expect(
      docOf(33, ...updates)
        .getText('body')
        .toString() === doc.getText('body').toString(),
    ).toBe(true)
  })

  it('says of a thing that is larger than a piece that it was deleted', () => {
    const doc = docOf(11)
    const text = doc.getText('body')
    text.insert(0, 'before after')
    text.insertEmbed(7, { image: 'x'.repeat(200_000) })
    const { updates, tooLarge } = piecesOf(Y.encodeStateAsUpdate(doc))
    expect(tooLarge.length).toBe(1)
    expect(
      docOf(33, ...updates)
        .getText('body')
        .toDelta(),
    ).toEqual([{ insert: 'before after' }])
  })
})

describe('what is pending', () => {
  it('is given to another client where another life wrote something else, and both are there', () => {
    fc.assert(
      fc.property(
        history,
        fc.array(step, { maxLength: 8 }),
        fc.array(step, { maxLength: 8 }),
        (steps, mine, theirs) => {
          const common = Y.encodeStateAsUpdate(played(steps))
          const [own, other] = [docOf(11, common), docOf(11, common)]
          const pending: Uint8Array[] = []
          own.on('update', (update: Uint8Array) => pending.push(update))
          own.transact(() => own.getText('title').insert(0, 'mine'))
          take(own, mine)
          other.getText('title').insert(0, 'their')
          take(other, theirs)
          const moves = movesFor(other, pending, () => new Uint8Array([0, 0, 0, 99]))
          expect(moves).toBeDefined()
          const reader = docOf(33, Y.encodeStateAsUpdate(other), ...pending.map((update) => moves!.apply(update)))
          expect(reader.store.pendingStructs).toBe(null)
          expect(reader.store.pendingDs).toBe(null)
          expect(['minetheir', 'theirmine']).toContain(reader.getText('title').toString())
          // On what both had, it is what this life made of it.
          const alone = docOf(33, common, ...pending.map((update) => moves!.apply(update)))
          expect(textOf(alone)).toBe(textOf(own))
        },
      ),
    )
  })

  it('stays as it is where the other life wrote the same', () => {
    fc.assert(
      fc.property(history, fc.array(step, { maxLength: 8 }), fc.array(step, { maxLength: 8 }), (steps, mine, more) => {
        const own = docOf(11, Y.encodeStateAsUpdate(played(steps)))
        const pending: Uint8Array[] = []
        own.on('update', (update: Uint8Array) => pending.push(update))
        take(own, mine)
        const other = docOf(22, Y.encodeStateAsUpdate(own))
        take(other, more)
        expect(movesFor(other, pending, () => new Uint8Array([0, 0, 0, 99]))).toBeUndefined()
      }),
    )
  })
})
