// What somebody typed in a text as it stood then, made in the text as it stands now.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contentOf, contentToText, mergeContent, type TextContent } from '../../src/document'
import { changesBetween } from '../../src/document/sequence-diff'
import { createDoc, type Y } from '../../src/yjs'

function textWith(content: TextContent): Y.XmlFragment {
  const doc = createDoc('texts')
  doc.clientID = 1
  const root = doc.getXmlFragment('body')
  doc.transact(() => mergeContent(root, [], content))
  return root
}

function merged(before: TextContent, after: TextContent, current: TextContent): TextContent {
  const root = textWith(current)
  root.doc!.transact(() => mergeContent(root, before, after))
  return contentOf(root)
}

const runs = (...text: object[]): TextContent => [{ text }] as never
const paragraph = (text: string): TextContent[number] => ({
  element: 'paragraph',
  ...(text !== '' && { children: [{ text: [{ insert: text }] }] }),
})
const lines = (text: string): TextContent => text.split('\n').map(paragraph)
const mergedLines = (...texts: readonly [string, string, string]): string =>
  contentToText(merged(lines(texts[0]), lines(texts[1]), lines(texts[2])))

/** Texts of few letters, so that they have much in common. */
const anyLine = fc.array(fc.constantFrom('a', 'b', 'c', '😀'), { maxLength: 5 }).map((letters) => letters.join(''))
const anyText = fc.array(anyLine, { minLength: 1, maxLength: 4 }).map((each) => each.join('\n'))
const anyNode: fc.Arbitrary<TextContent[number]> = fc.letrec<{ node: TextContent[number] }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    anyLine.filter((text) => text !== '').map((insert) => ({ text: [{ insert }] })),
    fc
      .record({ insert: anyLine.filter((text) => text !== ''), name: fc.constantFrom('bold', 'italic') })
      .map(({ insert, name }) => ({ text: [{ insert, attributes: { [name]: {} } }, { insert: { image: 'x' } }] })),
    fc
      .tuple(fc.constantFrom('list', 'item', 'heading'), fc.nat(2), fc.array(tie('node'), { maxLength: 3 }))
      .map(([element, level, children]) => ({
        element,
        ...(level > 0 && { attributes: { level } }),
        ...(children.length > 0 && { children }),
      })),
  ),
})).node
const anyContent = fc.array(anyNode, { maxLength: 4 })

describe('a change of a text made in the same text as it stands now', () => {
  it('is the change itself where nobody else has changed it', () => {
    fc.assert(
      fc.property(anyContent, anyContent, (before, after) => {
        expect(merged(before, after, before)).toEqual(after)
      }),
    )
  })

  it('changes nothing where it was made already, and nothing where there is none', () => {
    fc.assert(
      fc.property(anyContent, anyContent, (before, after) => {
        expect(merged(before, after, after)).toEqual(after)
        expect(merged(before, before, after)).toEqual(after)
      }),
    )
  })

  it('takes away no letter that the others have put in, and leaves out none of its own', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (before, after, current) => {
        const [own, others] = [after.replaceAll(/[abc😀]/gu, upper), current.replaceAll(/[abc😀]/gu, greek)]
        const result = mergedLines(before, own, others)
        for (const letter of [...own, ...others]) if (letter !== '\n') expect(result).toContain(letter)
        const count = (text: string, what: RegExp): number => [...text.matchAll(what)].length
        expect(count(result, /[ABCD]/g)).toBe(count(own, /[ABCD]/g))
        expect(count(result, /[αβγδ]/g)).toBe(count(others, /[αβγδ]/g))
      }),
    )
  })

  it.each<[what: string, before: string, after: string, current: string, result: string]>([
    ['in different lines', 'a\nb', 'a1\nb', 'a\nb2', 'a1\nb2'],
    ['at both ends of a line', 'middle', 'start middle', 'middle end', 'start middle end'],
    ['at one place, theirs first', 'ab', 'a1b', 'a2b', 'a21b'],
    ['a line that they moved down', 'a\nb', 'a1\nb', 'new\na\nb', 'new\na1\nb'],
    ['a line between lines that they wrote in', 'a\nb', 'a\nnew\nb', 'a1\nb2', 'a1\nnew\nb2'],
    ['a line that they took out, which is put in again', 'a\nb\nc', 'a\nb1\nc', 'a\nc', 'a\nb1\nc'],
    ['a line less, in which they wrote, which stays', 'a\nb\nc', 'a\nc', 'a\nb1\nc', 'a\nb1\nc'],
    ['half of a character outside the basic plane, which there is none of', 'x😀', 'x😁', 'x😀', 'x😁'],
  ])('%s', (_, before, after, current, result) => {
    expect(mergedLines(before, after, current)).toBe(result)
  })

  it('keeps the formatting of both, letter by letter', () => {
    const before = runs({ insert: 'one two three' })
    const after = runs({ insert: 'one ' }, { insert: 'two', attributes: { bold: {} } }, { insert: ' three' })
    const current = runs({ insert: 'one', attributes: { italic: {} } }, { insert: ' two three' })
    expect(merged(before, after, current)).toEqual(
      runs(
        { insert: 'one', attributes: { italic: {} } },
        { insert: ' ' },
        { insert: 'two', attributes: { bold: {} } },
        { insert: ' three' },
      ),
    )
  })

  it('changes what a block is, and leaves what they wrote in it', () => {
    const heading = (level: number, insert: string): TextContent => [
      { element: 'heading', attributes: { level }, children: [{ text: [{ insert }] }] },
    ]
    expect(merged(heading(1, 'a'), heading(2, 'a'), heading(1, 'ab'))).toEqual(heading(2, 'ab'))
  })

  it('is made in the blocks of blocks, too', () => {
    const list = (...items: string[]): TextContent => [
      { element: 'list', children: items.map((item) => ({ element: 'item', children: lines(item) })) },
    ]
    expect(merged(list('a', 'b'), list('a', 'b1', 'c'), list('a2', 'b'))).toEqual(list('a2', 'b1', 'c'))
  })

  it('comes to an end in a moment, also where a long line was written anew', () => {
    const long = (letters: string): string => Array.from({ length: 30_000 }, (_, i) => letters[(i * i) % 7]).join('')
    const [before, after] = [long('abcdefg'), long('gfedcba')]
    expect(mergedLines(before, after, before)).toBe(after)
  })
})

describe('changes between two lists', () => {
  it('make the one of the other, and are few where little differs', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c')), fc.array(fc.constantFrom('a', 'b', 'c')), (a, b) => {
        const result = [...a]
        for (const { from, to, at, length } of changesBetween(a, b).reverse())
          result.splice(from, to - from, ...b.slice(at, at + length))
        expect(result).toEqual(b)
      }),
    )
    expect(changesBetween([...'abcdef'], [...'abXdef'])).toEqual([{ from: 2, to: 3, at: 2, length: 1 }])
  })
})

function upper(letter: string): string {
  return 'ABCD'['abc😀'.indexOf(letter)]!
}

function greek(letter: string): string {
  return 'αβγδ'['abc😀'.indexOf(letter)]!
}
