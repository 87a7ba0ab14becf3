// Signatures, templates and drafts hold HTML. It is stored as it was written, since what is safe to show may change, and cleaned where it
// leaves: whoever can write one record must not run a script in the client of every other device.
import sanitize from 'sanitize-html'
import { safeStyle } from './safe-style'

/** How much of HTML is let through. */
export interface SanitizeOptions {
  /**
   * False drops images that would be fetched from the net, which tell their owner when and where a mail is opened. Images inside the HTML
   * (`data:`) and inside the mail (`cid:`) stay. Default true: a signature often has a logo.
   */
  readonly remoteImages?: boolean
}

const blocks = ['p', 'div', 'blockquote', 'pre', 'address', 'center', 'hr', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6']
const lists = ['ul', 'ol', 'li', 'dl', 'dt', 'dd']
const tables = ['table', 'caption', 'colgroup', 'col', 'thead', 'tbody', 'tfoot', 'tr', 'th', 'td']
const texts = [
  ...['span', 'font', 'br', 'wbr', 'b', 'strong', 'i', 'em', 'u', 's', 'strike', 'del', 'ins'],
  ...['small', 'big', 'sub', 'sup', 'code', 'kbd', 'q', 'cite', 'abbr', 'bdi', 'bdo'],
]

/** Their text goes with them: it is no text to read, or a browser would read it by other rules than this parser. */
const withTheirContent = [
  ...['script', 'style', 'title', 'textarea', 'option', 'noscript', 'noembed', 'noframes', 'xmp', 'plaintext'],
  ...['iframe', 'object', 'template', 'svg', 'math'],
]

/** Pictures that cannot hold a script; an SVG can. */
const embeddedImage = /^data:image\/(?:png|jpeg|gif|webp);base64,[a-z0-9+/=\s]*$/i

const box = ['align', 'valign', 'bgcolor', 'width', 'height']

/** Addresses in full: a relative one would lead into the client itself. */
const reachable = /^(?:https?|mailto|tel):/i

/** Two are enough for everything that was tried: what goes on changing for longer is no HTML that a person wrote. */
const MAX_PASSES = 5

/** Deeper than people nest, and not so deep that a browser or this parser runs out of stack. */
const MAX_NESTING = 100

const rules: sanitize.IOptions = {
  allowedTags: [...blocks, ...lists, ...tables, ...texts, 'a', 'img'],
  nonTextTags: withTheirContent,
  // No `class` and `id`: they would take on what the client's own pages mean by them.
  allowedAttributes: {
    '*': ['style', 'dir', 'lang', 'title', 'align'],
    a: ['href', 'rel', 'target'],
    img: ['src', 'alt', 'width', 'height', 'border'],
    font: ['color', 'face', 'size'],
    ol: ['start', 'type'],
    table: [...box, 'border', 'cellpadding', 'cellspacing'],
    tr: box,
    td: [...box, 'colspan', 'rowspan', 'nowrap'],
    th: [...box, 'colspan', 'rowspan', 'nowrap', 'scope'],
    col: [...box, 'span'],
  },
  allowedSchemes: ['http', 'https', 'mailto', 'tel'],
  allowedSchemesByTag: { img: ['http', 'https', 'cid', 'data'] },
  allowProtocolRelative: false,
  // Styles are judged by `safeStyle`.
  parseStyleAttributes: false,
  nestingLimit: MAX_NESTING,
  transformTags: {
    // A page that a link opens must neither reach back into the client nor learn where it was opened.
    a: (tagName, { href, rel: _, target: __, ...others }) => ({
      tagName,
      attribs: {
        ...others,
        ...(href !== undefined &&
          reachable.test(href.trim()) && { href: href.trim(), target: '_blank', rel: 'noopener noreferrer' }),
      },
    }),
    '*': (tagName, { style, ...attribs }) => {
      const kept = style === undefined ? '' : safeStyle(style)
      return { tagName, attribs: { ...attribs, ...(kept !== '' && { style: kept }) } }
    },
  },
}

/**
 * HTML without anything that runs, sends or covers: no script, no event handler, no form, no address but web, mail and telephone, styles
 * from a list. Formatting, links, tables and images stay. Cleaning what is clean changes nothing.
 *
 * @example
 * sanitizeHtml('<p onclick="steal()">Ann <script>steal()</script><b>Lee</b></p>') // '<p>Ann <b>Lee</b></p>'
 */
export function sanitizeHtml(html: string, { remoteImages = true }: SanitizeOptions = {}): string {
  const options: sanitize.IOptions = {
    ...rules,
    exclusiveFilter: ({ tag, attribs: { src = '' } }) => tag === 'img' && !isShown(src.trim(), remoteImages),
  }
  // What is dropped may have kept apart what does not nest: a table ends the paragraph it stands in, but not the one around an unknown
  // element around it. A browser must read what was judged, so the result is read again until it stays as it is.
  let clean = sanitize(html, options)
  for (let pass = 1; pass < MAX_PASSES; pass++) {
    const again = sanitize(clean, options)
    if (again === clean) return clean
    clean = again
  }
  return sanitize(clean, { allowedTags: [] })
}

function isShown(src: string, remoteImages: boolean): boolean {
  return embeddedImage.test(src) || /^cid:/i.test(src) || (remoteImages && /^https?:/i.test(src))
}
