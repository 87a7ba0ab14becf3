// HTML as a text that an editor can be bound to: a signature that was imported, the mail that is answered.
import { Y } from '../../yjs'
import { blockName, type EditorSchema, markName } from './node-names'
import type { RichText } from './read-html'
import { sanitizeHtml } from './sanitize-html'

/** How HTML becomes a text. */
export interface WriteHtmlOptions {
  /** Whose names for blocks and marks are used. Default `tiptap`. */
  readonly schema?: EditorSchema
}

/**
 * Replaces the text by HTML, which is cleaned first. Formatting that the editor's schema has a name for stays; colours and fonts do not.
 *
 * @example
 * const signatures = await sync.open(mailTypes.signatures)
 * const body = await signatures.text('signature-1', 'body')
 * writeHtml(body, '<p>Best regards<br><b>Ann</b></p>')
 */
export function writeHtml({ root }: RichText, html: string, { schema = 'tiptap' }: WriteHtmlOptions = {}): void {
  const blocks = new Builder(schema).build(sanitizeHtml(html))
  const write = (): void => {
    root.delete(0, root.length)
    root.insert(0, blocks)
  }
  if (root.doc === null) write()
  else root.doc.transact(write)
}

const token = /<(\/?)([a-z0-9]+)((?:\s+[a-z-]+="[^"]*")*)\s*\/?>|[^<]+/g
const attribute = /([a-z-]+)="([^"]*)"/g
const single = new Set(['br', 'hr', 'img'])
const carried = ['src', 'alt', 'title', 'start', 'colspan', 'rowspan']

/** Yjs types can only be filled in one go before they are in a document. */
interface Block {
  readonly type: Y.XmlElement
  readonly children: (Block | Y.XmlText)[]
}

interface Open {
  readonly element: string
  readonly block: Block | undefined
  readonly mark: readonly [name: string, value: object] | undefined
}

/** One pass over HTML that was cleaned: its elements nest, its attributes are quoted, its text is escaped. */
class Builder {
  private readonly blocks: Block[] = []
  private readonly open: Open[] = []
  /** Letters that are not in a block yet. */
  private runs: { readonly insert: string; readonly attributes: Record<string, object> }[] = []

  constructor(private readonly schema: EditorSchema) {}

  build(html: string): Y.XmlElement[] {
    for (const [all, isEnd, element, attributes = ''] of html.matchAll(token)) {
      if (element === undefined) this.text(decoded(all))
      else if (isEnd === '/') this.end(element)
      else this.begin(element, attributesOf(attributes))
    }
    this.flush()
    return this.blocks.map(filled)
  }

  private begin(element: string, attributes: ReadonlyMap<string, string>): void {
    const mark = this.markOf(element, attributes)
    const block = mark === undefined ? this.blockOf(element, attributes) : undefined
    if (element === 'br') {
      this.flush()
      if (block !== undefined) this.paragraph().children.push(block)
      return
    }
    if (block !== undefined) {
      this.flush()
      this.leaveParagraph()
      this.place(block)
    }
    if (!single.has(element)) this.open.push({ element, block, mark })
  }

  private end(element: string): void {
    const last = this.open.findLastIndex((each) => each.element === element)
    if (last < 0) return
    if (this.open[last]!.block !== undefined) this.flush()
    this.open.splice(last)
  }

  private text(text: string): void {
    const isCode = this.open.some(({ element }) => element === 'pre')
    const insert = isCode ? text : text.replace(/\s+/g, ' ')
    const isBetween = insert.trim() === '' && this.runs.length === 0 && !this.isInParagraph
    if (insert === '' || isBetween) return
    const marks = this.open.flatMap(({ mark }) => (mark === undefined ? [] : [mark]))
    this.runs.push({ insert, attributes: Object.fromEntries(marks) })
  }

  private flush(): void {
    const { runs } = this
    this.runs = []
    if (runs.length === 0) return
    const text = new Y.XmlText()
    text.applyDelta(runs)
    this.paragraph().children.push(text)
  }

  private get holder(): Open | undefined {
    return this.open.findLast(({ block }) => block !== undefined)
  }

  private get isInParagraph(): boolean {
    return isTextBlock(this.holder?.block)
  }

  /** The block that letters go into; one is made where they stand between blocks. */
  private paragraph(): Block {
    const { holder } = this
    if (isTextBlock(holder?.block)) return holder!.block!
    const block: Block = { type: new Y.XmlElement('paragraph'), children: [] }
    this.place(block)
    const before = this.open.lastIndexOf(holder as Open)
    // Below the marks that are open, so that it goes when the block around it does, or another begins.
    this.open.splice(before + 1, 0, { element: '', block, mark: undefined })
    return block
  }

  private leaveParagraph(): void {
    const made = this.open.findLastIndex(({ element, block }) => element === '' || isTextBlock(block))
    if (made >= 0 && this.open[made] === this.holder) this.open.splice(made, 1)
  }

  private place(block: Block): void {
    const parent = this.holder?.block
    if (parent === undefined) this.blocks.push(block)
    else parent.children.push(block)
  }

  private blockOf(element: string, attributes: ReadonlyMap<string, string>): Block | undefined {
    const level = /^h([1-6])$/.exec(element)?.[1]
    const name = level === undefined ? blockName(element, this.schema) : 'heading'
    if (name === undefined) return undefined
    const type = new Y.XmlElement(name)
    const set = (key: string, value: unknown): void => type.setAttribute(key, value as string)
    if (level !== undefined) set('level', Number(level))
    for (const key of carried) {
      const value = attributes.get(key)
      if (value !== undefined) set(key, key === 'start' || key.endsWith('span') ? Number(value) : value)
    }
    return { type, children: [] }
  }

  private markOf(element: string, attributes: ReadonlyMap<string, string>): Open['mark'] {
    const name = markName(element, this.schema)
    if (name === undefined) return undefined
    const href = attributes.get('href')
    if (element === 'a') return href === undefined ? undefined : [name, { href }]
    return [name, {}]
  }
}

const textBlocks = new Set(['paragraph', 'heading', 'codeBlock', 'code_block'])

function isTextBlock(block: Block | undefined): boolean {
  return block !== undefined && textBlocks.has(block.type.nodeName)
}

function filled({ type, children }: Block): Y.XmlElement {
  if (children.length > 0)
    type.insert(
      0,
      children.map((each) => (each instanceof Y.XmlText ? each : filled(each))),
    )
  return type
}

function attributesOf(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(attribute)].map(([, name, value]) => [name!, decoded(value!)]))
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: '\u00a0' }

/** What the cleaning writes escaped, and no other. */
function decoded(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi, (all, decimal, hex, name) => {
    if (name !== undefined) return entities[name.toLowerCase()] ?? all
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return code <= 0x10ffff ? String.fromCodePoint(code) : all
  })
}
