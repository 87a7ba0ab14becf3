// Makes in a text as it stands now what somebody typed in it as it stood then, without a common Yjs history: block by block, and letter by
// letter in blocks that both sides have. Whatever others have written since stays.
import { Y } from '../yjs'
import { canonicalJson, type JsonValue } from './json'
import { changesBetween, type ListChange, ListPositions, splitChanges } from './sequence-diff'
import {
  contentOf,
  runsOf,
  type TextAttributes,
  type TextContent,
  type TextElement,
  type TextNode,
  type TextRun,
} from './text-content'

/** Done from the end to the beginning, so that positions hold. */
interface Step {
  readonly at: number
  readonly run: () => void
}

/** Call in a Yjs transaction. */
export function mergeContent(parent: Y.XmlFragment, before: TextContent, after: TextContent): void {
  // What this module has no word for has no place in the lists that are compared.
  const present = parent.toArray()
  const known = present.filter((each) => each instanceof Y.XmlElement || each instanceof Y.XmlText)
  const placeOf = (i: number): number => (i < known.length ? present.indexOf(known[i]!) : present.length)
  const current = contentOf(parent)
  const lists = [before, after, current].map((content) => content.map(keyOf)) as [string[], string[], string[]]
  const { ours, theirs } = bothChanges(...lists, (changes) => splitChanges(changes))
  const positions = new ListPositions(theirs)
  const steps: Step[] = []
  const remove = (here: number | undefined): void => {
    if (here !== undefined) steps.push({ at: placeOf(here), run: () => parent.delete(placeOf(here), 1) })
  }
  for (const { from, to, at, length } of ours) {
    const next = after.slice(at, at + length)
    if (to - from === 1 && length === 1) {
      const here = positions.of(from) ?? positions.replacement(from)
      const now = here === undefined ? undefined : current[here]
      if (now && isLike(before[from]!, next[0]!) && isLike(next[0]!, now)) {
        mergeNode(known[here!]!, before[from]!, next[0]!)
        continue
      }
    }
    const place = placeOf(positions.before(from))
    if (length > 0) steps.push({ at: place, run: () => parent.insert(place, next.map(typeOf)) })
    for (let i = from; i < to; i++) remove(positions.of(i))
  }
  perform(steps)
}

/** What both sides have done in the same way is left out of `ours`. */
function bothChanges(
  before: readonly string[],
  after: readonly string[],
  current: readonly string[],
  told: (changes: ListChange[]) => ListChange[] = (changes) => changes,
) {
  const theirs = told(changesBetween(before, current))
  const isDone = (ours: ListChange): boolean =>
    theirs.some(
      ({ from, to, at, length }) =>
        from === ours.from &&
        to === ours.to &&
        length === ours.length &&
        Array.from({ length }, (_, i) => after[ours.at + i] === current[at + i]).every(Boolean),
    )
  return { ours: told(changesBetween(before, after)).filter((each) => !isDone(each)), theirs }
}

function perform(steps: readonly Step[]): void {
  const ordered = steps.map((step, order) => ({ ...step, order })).sort((a, b) => b.at - a.at || b.order - a.order)
  for (const { run } of ordered) run()
}

/** They are one thing, which was changed. */
function isLike(a: TextNode, b: TextNode): boolean {
  return 'text' in a ? 'text' in b : 'element' in b && a.element === b.element
}

function mergeNode(type: Y.XmlElement | Y.XmlText, before: TextNode, after: TextNode): void {
  if (type instanceof Y.XmlText) {
    if ('text' in before && 'text' in after) mergeLetters(type, before.text, after.text)
    return
  }
  if ('text' in before || 'text' in after) return
  mergeAttributes(type, before, after)
  mergeContent(type, before.children ?? [], after.children ?? [])
}

function mergeAttributes(type: Y.XmlElement, { attributes: before = {} }: TextElement, after: TextElement): void {
  const { attributes = {} } = after
  for (const name of new Set([...Object.keys(before), ...Object.keys(attributes)])) {
    const [old, next] = [ownValue(before, name), ownValue(attributes, name)]
    if (old !== undefined && next !== undefined && canonicalJson(old) === canonicalJson(next)) continue
    if (next === undefined) type.removeAttribute(name)
    else type.setAttribute(name, next as string)
  }
}

function ownValue(attributes: TextAttributes, name: string): JsonValue | undefined {
  return Object.hasOwn(attributes, name) ? attributes[name] : undefined
}

function mergeLetters(type: Y.XmlText, before: readonly TextRun[], after: readonly TextRun[]): void {
  const letters = [before, after, runsOf(type)].map((runs) => runs.flatMap(lettersOf))
  const [next, now] = [letters[1]!, letters[2]!]
  const keys = letters.map((each) => each.map(({ key }) => key)) as [string[], string[], string[]]
  const { ours, theirs } = bothChanges(...keys)
  const positions = new ListPositions(theirs)
  const places = [0]
  for (const { length } of now) places.push(places.at(-1)! + length)
  const steps: Step[] = []
  for (const { from, to, at, length } of ours) {
    const place = places[positions.before(from)]!
    const runs = joinRuns(next.slice(at, at + length).map(({ run }) => run))
    runs.forEach((run) => {
      steps.push({ at: place, run: () => insertRun(type, place, run) })
    })
    for (const [first, end] of stretchesOf(from, to, positions)) {
      const removed = places[end]! - places[first]!
      steps.push({ at: places[first]!, run: () => type.delete(places[first]!, removed) })
    }
  }
  perform(steps)
}

/** Where those of the items that are still there are, those that stand together as one. */
function stretchesOf(from: number, to: number, positions: ListPositions): (readonly [first: number, end: number])[] {
  const stretches: [number, number][] = []
  for (let i = from; i < to; i++) {
    const here = positions.of(i)
    const last = stretches.at(-1)
    if (here === undefined) continue
    if (last?.[1] === here) last[1]++
    else stretches.push([here, here + 1])
  }
  return stretches
}

/** Blocks go into a block, letters into letters. Call in a Yjs transaction. */
export function insertContent(
  into: Y.XmlFragment | Y.XmlText,
  at: number,
  content: TextContent | readonly TextRun[],
): void {
  if (into instanceof Y.XmlText)
    for (const run of [...(content as readonly TextRun[])].reverse()) insertRun(into, at, run)
  else into.insert(at, (content as TextContent).map(typeOf))
}

interface Letter {
  readonly key: string
  readonly run: TextRun
  /** In the units that Yjs counts in. */
  readonly length: number
}

/** By character, not by half of one. */
function lettersOf({ insert, attributes }: TextRun): Letter[] {
  const format = attributes && { attributes }
  if (typeof insert !== 'string') return [{ key: keyOf({ insert, ...format }), run: { insert, ...format }, length: 1 }]
  const suffix = attributes ? canonicalJson(attributes) : ''
  return Array.from(insert, (each) => ({
    key: each + suffix,
    run: { insert: each, ...format },
    length: each.length,
  }))
}

function joinRuns(runs: readonly TextRun[]): TextRun[] {
  const joined: { insert: TextRun['insert']; attributes?: TextAttributes; format: string }[] = []
  for (const { insert, attributes } of runs) {
    const last = joined.at(-1)
    const format = canonicalJson(attributes ?? {})
    if (typeof insert === 'string' && typeof last?.insert === 'string' && last.format === format) last.insert += insert
    else joined.push({ insert, ...(attributes && { attributes }), format })
  }
  return joined
}

function insertRun(type: Y.XmlText, at: number, { insert, attributes }: TextRun): void {
  // Said also when there is none: what is left out is taken from the letter before.
  if (typeof insert === 'string') type.insert(at, insert, { ...attributes })
  else type.insertEmbed(at, { ...insert }, { ...attributes })
}

function typeOf(node: TextNode): Y.XmlElement | Y.XmlText {
  if ('text' in node) {
    const text = new Y.XmlText()
    text.applyDelta(node.text.map(({ insert, attributes }) => ({ insert, ...(attributes && { attributes }) })))
    return text
  }
  const element = new Y.XmlElement(node.element)
  for (const [name, value] of Object.entries(node.attributes ?? {})) element.setAttribute(name, value as string)
  if (node.children !== undefined) element.insert(0, node.children.map(typeOf))
  return element
}

function keyOf(node: TextNode | TextRun): string {
  return canonicalJson(node as unknown as JsonValue)
}
