// HTML into a text and out of it, by the names that editors have.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { htmlOfText, sanitizeHtml, writeHtml } from '../../../src/mail/html'
import { createDoc, Y } from '../../../src/yjs'

const text = (): { readonly root: Y.XmlFragment } => ({ root: createDoc('texts').getXmlFragment('body') })

function through(html: string, schema?: 'tiptap' | 'prosemirror'): string {
  const body = text()
  writeHtml(body, html, schema && { schema })
  return htmlOfText(body)
}

describe('HTML that becomes a text', () => {
  it.each([
    ['a paragraph', '<p>Best regards</p>', '<p>Best regards</p>'],
    ['letters alone', 'Best regards', '<p>Best regards</p>'],
    ['marks, one in another', '<p>a<b>b<i>c</i></b>d</p>', '<p>a<strong>b</strong><strong><em>c</em></strong>d</p>'],
    ['a link', '<p><a href="https://example.com/?a=1&amp;b=2">here</a></p>', undefined],
    ['lines', '<div>one<br>two</div>', '<p>one<br />two</p>'],
    ['headings', '<h2>Title</h2><p>text</p>', '<h2>Title</h2><p>text</p>'],
    [
      'lists, one in another',
      '<ul><li>a<ul><li>b</li></ul></li></ul>',
      '<ul><li><p>a</p><ul><li><p>b</p></li></ul></li></ul>',
    ],
    ['a quotation', '<blockquote>said</blockquote>', '<blockquote><p>said</p></blockquote>'],
    ['code as it stands', '<pre>a\n  b</pre>', '<pre>a\n  b</pre>'],
    ['a picture', '<p>a<img src="cid:logo" alt="Logo"></p>', '<p>a</p><img src="cid:logo" alt="Logo" />'],
    ['a table', '<table><tr><td>1</td></tr></table>', '<table><tr><td><p>1</p></td></tr></table>'],
    ['signs that are escaped', '<p>1 &lt; 2 &amp; "3"</p>', '<p>1 &lt; 2 &amp; "3"</p>'],
    ['letters after a line break and a mark', 'a<br><b>x</b> y', '<p>a<br /><strong>x</strong> y</p>'],
  ])('keeps %s', (_, html, expected) => {
    const result = through(html)
    expect(result).toBe(expected ?? sanitizeHtml(html))
    expect(through(html, 'prosemirror')).toBe(result)
    expect(through(result)).toBe(result)
  })

  it('brings no script along, and takes none out', () => {
    expect(through('<p onclick="x()">a<script>x()</script><a href="javascript:x()">b</a></p>')).toBe('<p>ab</p>')
    const body = text()
    const link = new Y.XmlText()
    link.applyDelta([{ insert: 'b', attributes: { link: { href: 'javascript:x()' } } }])
    const image = new Y.XmlElement('image')
    image.setAttribute('src', 'x" onerror="x()')
    body.root.insert(0, [link, image])
    expect(htmlOfText(body)).not.toMatch(/javascript|onerror/)
  })

  it('takes the place of what was there, in one change', () => {
    const body = text()
    writeHtml(body, '<p>one</p>')
    let changes = 0
    body.root.doc!.on('update', () => changes++)
    writeHtml(body, '<p>two</p>')
    expect(htmlOfText(body)).toBe('<p>two</p>')
    expect(changes).toBe(1)
  })

  it('loses no letter of what is cleaned, whatever it is', () => {
    const letters = (html: string): string => html.replace(/<[^>]*>/g, '').replace(/\s+/g, '')
    const piece = fc.constantFrom(
      '<p>',
      '</p>',
      '<b>',
      '</b>',
      '<li>',
      '<ul>',
      '</ul>',
      '<br>',
      'x',
      'y z',
      '&amp;',
      '<h1>',
      '</h1>',
      '<td>',
      '<pre>',
      '</pre>',
      '<img src="cid:a">',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        const html = sanitizeHtml(pieces.join(''))
        const result = through(html)
        expect(letters(result)).toBe(letters(html))
        expect(through(result)).toBe(result)
      }),
      { numRuns: 300 },
    )
  })
})
