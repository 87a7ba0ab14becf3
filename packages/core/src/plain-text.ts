// A rich text as lines of plain text, and back. A block is what stands by itself in the root; blocks inside of others are lines, too.
import { contentOf, contentToText } from './document'
import { Y } from './yjs'

/** The block that a line becomes, as ProseMirror, Tiptap and Lexical bindings call it. */
const PARAGRAPH = 'paragraph'

export function plainTextOf(root: Y.XmlFragment): string {
  return contentToText(contentOf(root))
}

/** Lines at the beginning and the end that are the same stay as they are, and so do their neighbours' characters that are. */
export function writePlainText(root: Y.XmlFragment, text: string): void {
  const wanted = text.split('\n')
  const present = blocksOf(root)
  const linesOf = present.map((block) => plainTextOfBlock(block))
  const isSame = (i: number, j: number): boolean => linesOf[i] === wanted[j]
  const most = Math.min(present.length, wanted.length)
  let start = 0
  while (start < most && isSame(start, start)) start++
  let end = 0
  while (end < most - start && isSame(present.length - 1 - end, wanted.length - 1 - end)) end++
  const [from, to] = [start, present.length - end]
  const lines = wanted.slice(start, wanted.length - end)
  const rewritten = Math.min(to - from, lines.length)
  let kept = 0
  while (kept < rewritten && rewriteLine(present[from + kept]!, lines[kept]!)) kept++
  if (to > from + kept) root.delete(from + kept, to - from - kept)
  if (lines.length > kept) root.insert(from + kept, lines.slice(kept).map(paragraphOf))
}

/** @returns false when the block is of more than one line of plain text */
function rewriteLine(block: Y.XmlElement | Y.XmlText, line: string): boolean {
  const only = block instanceof Y.XmlText ? block : onlyTextIn(block)
  if (only === undefined) return false
  if (only === 'none') {
    ;(block as Y.XmlElement).insert(0, [textOf(line)])
    return true
  }
  const before = stringOf(only)
  // An image or the like stands between the characters, which plain text has no word for.
  if (before.length !== only.length) return false
  let start = 0
  const most = Math.min(before.length, line.length)
  while (start < most && before[start] === line[start]) start++
  let end = 0
  while (end < most - start && before[before.length - 1 - end] === line[line.length - 1 - end]) end++
  // Half of a character outside the basic plane is none.
  if (start > 0 && isHighSurrogate(before, start - 1)) start--
  if (end > 0 && isHighSurrogate(before, before.length - end - 1)) end--
  only.delete(start, before.length - start - end)
  only.insert(start, line.slice(start, line.length - end))
  return true
}

function isHighSurrogate(text: string, index: number): boolean {
  const unit = text.charCodeAt(index)
  return unit >= 0xd800 && unit <= 0xdbff
}

function onlyTextIn(block: Y.XmlElement): Y.XmlText | 'none' | undefined {
  if (block.length === 0) return 'none'
  const first = block.get(0)
  return block.length === 1 && first instanceof Y.XmlText ? first : undefined
}

function paragraphOf(line: string): Y.XmlElement {
  const paragraph = new Y.XmlElement(PARAGRAPH)
  if (line !== '') paragraph.insert(0, [textOf(line)])
  return paragraph
}

function textOf(line: string): Y.XmlText {
  return line === '' ? new Y.XmlText() : new Y.XmlText(line)
}

function blocksOf(root: Y.XmlFragment): (Y.XmlElement | Y.XmlText)[] {
  return root.toArray().filter((each) => each instanceof Y.XmlElement || each instanceof Y.XmlText)
}

function plainTextOfBlock(block: Y.XmlElement | Y.XmlText): string {
  return block instanceof Y.XmlText ? stringOf(block) : plainTextOf(block)
}

/** Its characters, without formatting and without what is embedded. */
function stringOf(text: Y.XmlText): string {
  return (text.toDelta() as { insert: unknown }[])
    .map(({ insert }) => (typeof insert === 'string' ? insert : ''))
    .join('')
}
