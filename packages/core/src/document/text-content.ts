// A text as plain data: what leaves the Y.Doc that it is in, to be read by a person, kept in a file, and compared.
import { SyncError } from '../errors'
import { Y } from '../yjs'
import type { JsonValue } from './json'
import { MAX_TEXT_VALUE_BYTES } from './limits'

/** Blocks of a text, or what is in a block, in order. Plain JSON; `contentToText` makes lines of it. */
export type TextContent = readonly TextNode[]

/** A block of a text, or letters. */
export type TextNode = TextElement | TextLetters

/** A block, by the name that the editor's schema has for it. */
export interface TextElement {
  readonly element: string
  readonly attributes?: TextAttributes
  readonly children?: TextContent
}

/** Letters that stand together, in runs of one formatting. */
export interface TextLetters {
  readonly text: readonly TextRun[]
}

/** Letters of one formatting, or one thing among them, such as a picture. */
export interface TextRun {
  readonly insert: string | { readonly [key: string]: JsonValue }
  readonly attributes?: TextAttributes
}

/** What a block or a run has beside its letters, by the editor's own names: a level, a target, a formatting. */
export type TextAttributes = { readonly [name: string]: JsonValue }

/** Blocks in blocks, such as lists in lists, and the values of their attributes. */
const MAX_DEPTH = 100

/** @param from and `to`: of its blocks */
export function contentOf(parent: Y.XmlFragment, from?: number, to?: number): TextContent {
  return parent
    .toArray()
    .slice(from, to)
    .flatMap((child): TextNode[] => {
      if (child instanceof Y.XmlText) return [{ text: runsOf(child) }]
      if (!(child instanceof Y.XmlElement)) return []
      const children = contentOf(child)
      return [
        {
          element: child.nodeName,
          ...attributesOf(child.getAttributes() as Record<string, unknown>),
          ...(children.length > 0 && { children }),
        },
      ]
    })
}

export function runsOf(text: Y.XmlText): readonly TextRun[] {
  const delta = text.toDelta() as { readonly insert: unknown; readonly attributes?: Record<string, unknown> }[]
  return delta.map(({ insert, attributes }) => ({
    // A Yjs type by itself no editor's binding puts among letters; it has its place all the same.
    insert: insert instanceof Y.AbstractType ? {} : (plainValue(insert) as TextRun['insert']),
    ...attributesOf(attributes ?? {}),
  }))
}

function attributesOf(attributes: Record<string, unknown>): { readonly attributes?: TextAttributes } {
  const plain = plainValue(attributes) as TextAttributes
  return Object.keys(plain).length > 0 ? { attributes: plain } : {}
}

/** Yjs keeps a few values that JSON has no word for. */
function plainValue(value: unknown): unknown {
  if (typeof value === 'string') return value
  return JSON.parse(JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? String(each) : each)))
}

/**
 * What is written in a text, without its formatting; one line for each paragraph.
 *
 * @example
 * const line = contentToText([{ element: 'paragraph', children: [{ text: [{ insert: 'Dear Eve' }] }] }])
 */
export function contentToText(content: TextContent): string {
  const lines: string[] = []
  collectLines(content, lines, false)
  return lines.join('\n')
}

/** Texts side by side are one line; a block begins another. */
function collectLines(content: TextContent, lines: string[], isBlock: boolean): void {
  let line: string | undefined
  const end = (): void => {
    if (line !== undefined) lines.push(line)
    line = undefined
  }
  for (const node of content) {
    if ('text' in node) line = (line ?? '') + lettersOf(node)
    else if (isBreak(node)) line = `${line ?? ''}\n`
    else {
      end()
      collectLines(node.children ?? [], lines, true)
    }
  }
  if (line === undefined && isBlock && content.length === 0) line = ''
  end()
}

function isBreak({ element }: TextElement): boolean {
  return element === 'hardBreak' || element === 'hard_break' || element === 'br'
}

function lettersOf({ text }: TextLetters): string {
  return text.map(({ insert }) => (typeof insert === 'string' ? insert : '')).join('')
}

/** @throws SyncError `invalid-value` for what is not the content of a text, `field-too-large` for what is too large to travel */
export function checkContent(value: unknown): asserts value is TextContent {
  checkNodes(value, 0)
}

function checkNodes(value: unknown, depth: number): void {
  if (!Array.isArray(value) || depth > MAX_DEPTH) throw notContent()
  for (const node of value) {
    if (!isPlain(node)) throw notContent()
    if ('text' in node) checkLetters(node)
    else checkElement(node, depth)
  }
}

function checkElement(node: Record<string, unknown>, depth: number): void {
  const { element, attributes = {}, children = [] } = node
  if (typeof element !== 'string' || element === '' || !hasOnly(node, ['element', 'attributes', 'children']))
    throw notContent()
  checkAttributes(attributes)
  checkNodes(children, depth + 1)
}

function checkLetters(node: Record<string, unknown>): void {
  if (!Array.isArray(node.text) || !hasOnly(node, ['text'])) throw notContent()
  for (const run of node.text) {
    if (!isPlain(run) || !hasOnly(run, ['insert', 'attributes'])) throw notContent()
    const { insert, attributes = {} } = run
    if (typeof insert !== 'string') checkAttributes(insert)
    checkAttributes(attributes)
  }
}

function checkAttributes(value: unknown): void {
  if (!isPlain(value)) throw notContent()
  checkJson(value, 0)
  for (const member of Object.values(value)) if (!fitsText(member)) throw tooLarge()
}

function checkJson(value: unknown, depth: number): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number' && Number.isFinite(value)) return
  if (depth > MAX_DEPTH || (!Array.isArray(value) && !isPlain(value))) throw notContent()
  for (const member of Object.values(value)) checkJson(member, depth + 1)
}

/** Whether a value inside a text, other than letters, is small enough to travel. */
export function fitsText(value: unknown): boolean {
  return new TextEncoder().encode(JSON.stringify(value)).length <= MAX_TEXT_VALUE_BYTES
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function hasOnly(value: object, names: readonly string[]): boolean {
  return Object.keys(value).every((name) => names.includes(name))
}

function tooLarge(): SyncError {
  return new SyncError('field-too-large', 'The text holds something that is larger than 128 KB.')
}

function notContent(): SyncError {
  return new SyncError('invalid-value', 'This is not the content of a text.')
}
