// A text as HTML: what a mail is sent with. What an editor wrote may come from anybody's device, so it leaves like all HTML does, cleaned.
import { Y } from '../../yjs'
import { blockElement, markElement } from './node-names'
import { type SanitizeOptions, sanitizeHtml } from './sanitize-html'

/** What is read of a text: `collection.text()` answers one. */
export interface RichText {
  readonly root: Y.XmlFragment
}

/**
 * The text as HTML that is safe to show and to send. Blocks and marks of ProseMirror's and Tiptap's schemas become their elements; of what
 * has no element, the text stays.
 *
 * @example
 * const drafts = await sync.open(mailTypes.drafts)
 * const body = await drafts.text('draft-1', 'body')
 * const html = htmlOfText(body)
 */
export function htmlOfText({ root }: RichText, options?: SanitizeOptions): string {
  return sanitizeHtml(contentOf(root), options)
}

function contentOf(parent: Y.XmlFragment): string {
  return parent
    .toArray()
    .map((child) => {
      if (child instanceof Y.XmlText) return inlineOf(child)
      return child instanceof Y.XmlElement ? blockOf(child) : ''
    })
    .join('')
}

const single = new Set(['br', 'hr', 'img'])
const carried = ['src', 'alt', 'title', 'start', 'colspan', 'rowspan'] as const

function blockOf(block: Y.XmlElement): string {
  const attributes = block.getAttributes() as Record<string, unknown>
  const element = block.nodeName === 'heading' ? `h${levelOf(attributes.level)}` : blockElement(block.nodeName)
  if (element === undefined) return contentOf(block)
  const said = carried.flatMap((name) => {
    const value = attributes[name]
    return typeof value === 'string' || typeof value === 'number' ? ` ${name}="${escaped(String(value))}"` : []
  })
  const open = `<${element}${said.join('')}>`
  return single.has(element) ? open : `${open}${contentOf(block)}</${element}>`
}

function levelOf(level: unknown): number {
  const number = Number(level)
  return number >= 1 && number <= 6 ? Math.floor(number) : 1
}

interface Run {
  readonly insert: unknown
  readonly attributes?: Readonly<Record<string, unknown>>
}

function inlineOf(text: Y.XmlText): string {
  return (text.toDelta() as Run[])
    .map(({ insert, attributes = {} }) => {
      if (typeof insert !== 'string') return insert instanceof Y.XmlElement ? blockOf(insert) : ''
      return marksOf(attributes).reduce((html, [element, value]) => marked(html, element, value), escaped(insert))
    })
    .join('')
}

/** In an order that depends on nothing else. Marks that may overlap themselves have a digest behind their name. */
function marksOf(attributes: Readonly<Record<string, unknown>>): (readonly [element: string, value: unknown])[] {
  return Object.entries(attributes)
    .flatMap(([name, value]) => {
      const element = markElement(name.replace(/--.*$/, ''))
      return element === undefined || value === null || value === false ? [] : [[element, value] as const]
    })
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

function marked(html: string, element: string, value: unknown): string {
  if (element !== 'a') return `<${element}>${html}</${element}>`
  const { href } = (value ?? {}) as { readonly href?: unknown }
  return typeof href === 'string' ? `<a href="${escaped(href)}">${html}</a>` : html
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
