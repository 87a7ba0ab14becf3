import { sanitizeHtml } from '@owlivion/sync/html'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { safeStyle } from '../../../src/mail/html/safe-style'
import { hostileHtml } from './hostile-html'

const allowedName =
  /^(?:style|dir|lang|title|align|href|rel|target|src|alt|width|height|border|color|face|size|start|type|bgcolor|valign|cellpadding|cellspacing|colspan|rowspan|nowrap|scope|span)$/
const allowedValue: Readonly<Record<string, (value: string) => boolean>> = {
  href: (value) => /^(?:https?|mailto|tel):/i.test(value),
  src: (value) => /^(?:https?:|cid:|data:image\/(?:png|jpeg|gif|webp);base64,)/i.test(value),
  style: (value) => safeStyle(value.replaceAll('&quot;', '"')) === value.replaceAll('&quot;', '"'),
}

/** Reads clean HTML by the letter: every `<` begins a tag that is allowed, every attribute is quoted and allowed. */
function flawsOf(clean: string): string[] {
  const withoutTags = clean.replace(
    /<(\/?)([a-z0-9]+)((?: [a-z]+(?:="[^"<>]*")?)*)( \/)?>/g,
    (tag, _slash, name, attributes) => {
      const flaws = [...attributes.matchAll(/ ([a-z]+)(?:="([^"]*)")?/g)].filter(
        ([, each, value = '']) => !allowedName.test(each) || allowedValue[each]?.(value) === false,
      )
      const isAllowed =
        !/^(?:script|style|svg|math|iframe|object|embed|form|input|button|link|base|meta|video|audio|template|noscript|textarea|xmp)$/.test(
          name,
        )
      return isAllowed && flaws.length === 0 ? '' : `<${tag}`
    },
  )
  return withoutTags.match(/<.*/gs) ?? []
}

describe('HTML on its way to be shown', () => {
  it.each(hostileHtml)('does nothing any more: %s', (html) => {
    const clean = sanitizeHtml(html)
    expect(flawsOf(clean)).toEqual([])
    expect(sanitizeHtml(clean)).toBe(clean)
  })

  it('is clean whatever hostile pieces it is made of, and stays as it is when it is cleaned again', () => {
    const cuts = hostileHtml.flatMap((html) => [html, html.slice(0, html.length >> 1), html.slice(html.length >> 1)])
    const piece = fc.oneof(
      fc.constantFrom(...cuts),
      fc.string(),
      fc.constantFrom('<', '>', '"', "'", '</', '<!--', '-->', '&lt;', '&amp;lt;'),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const clean = sanitizeHtml(pieces.join(''))
        expect(flawsOf(clean)).toEqual([])
        expect(sanitizeHtml(clean)).toBe(clean)
      }),
      { numRuns: 500 },
    )
  })

  it('nests as a browser will read it once what was between is dropped', () => {
    expect(sanitizeHtml('<p><custom><table>x</table></custom></p>')).toBe('<p></p><table>x</table><p></p>')
  })

  it('keeps what a signature is made of', () => {
    const signature = [
      '<div style="font-family: Arial, &quot;Helvetica Neue&quot;; color: #333; font-size: 10.5pt">',
      '<p align="center"><b>Ann</b> <i>Lee</i><br /><span style="color: rgb(1, 2, 3); border-bottom: 1px solid red">Çankaya &amp; Co. ☎</span></p>',
      '<table border="0" cellpadding="4" width="100%"><tbody><tr><td colspan="2" bgcolor="#ffffff" style="padding: 0 4px">',
      '<img src="https://example.com/logo.png" alt="Logo" width="80" /><img src="cid:logo" /><img src="data:image/png;base64,iVBORw0KGgo=" />',
      '</td></tr></tbody></table><ul><li>one</li></ul></div>',
    ].join('')
    expect(sanitizeHtml(signature)).toBe(signature)
  })

  it('opens links in a page of their own that cannot reach back', () => {
    const safe = 'target="_blank" rel="noopener noreferrer"'
    expect(sanitizeHtml('<a href="https://x.example" rel="opener" target="_top">x</a>')).toBe(
      `<a href="https://x.example" ${safe}>x</a>`,
    )
    expect(sanitizeHtml('<a href="mailto:a@x.example">x</a><a href="tel:+1">y</a>')).toBe(
      `<a href="mailto:a@x.example" ${safe}>x</a><a href="tel:+1" ${safe}>y</a>`,
    )
    expect(sanitizeHtml('<a name="top">x</a>')).toBe('<a>x</a>')
  })

  it('leaves out images from the net when asked to, and only those', () => {
    const images =
      '<img src="https://x.example/1.png" /><img src="//x.example/2.png" /><img src="cid:3" /><img src="data:image/gif;base64,R0lGODlh" />'
    expect(sanitizeHtml(images)).toBe(images.replace('<img src="//x.example/2.png" />', ''))
    expect(sanitizeHtml(images, { remoteImages: false })).toBe(
      '<img src="cid:3" /><img src="data:image/gif;base64,R0lGODlh" />',
    )
  })

  it('keeps the text of what it does not know, and drops that of scripts and styles', () => {
    expect(sanitizeHtml('<custom>Ann</custom> <form>Lee<input></form>')).toBe('Ann Lee')
    expect(sanitizeHtml('a<style>p { color: red }</style><title>t</title>b')).toBe('ab')
  })

  it('takes any text as text, nested without end too', () => {
    expect(sanitizeHtml('1 < 2 & "3" > 2')).toBe('1 &lt; 2 &amp; "3" &gt; 2')
    expect(sanitizeHtml('')).toBe('')
    const deep = sanitizeHtml(`${'<div>'.repeat(20_000)}x`)
    expect(deep.match(/<div>/g)?.length).toBeLessThanOrEqual(100)
    expect(sanitizeHtml('<'.repeat(100_000))).not.toMatch(/<[a-z]/)
  })
})

describe('a style', () => {
  it.each([
    ['COLOR : Red', 'color: Red'],
    ['font: bold 12px/1.5 Arial, "Segoe UI"', 'font: bold 12px/1.5 Arial, "Segoe UI"'],
    ['background:#fff;margin:0 auto', 'background: #fff; margin: 0 auto'],
    ['color: rgba(0, 0, 0, .5)', 'color: rgba(0, 0, 0, .5)'],
    ['color: hsl(120 50% 50% / 10%)', 'color: hsl(120 50% 50% / 10%)'],
    ["font-family: 'Öz Türk'", "font-family: 'Öz Türk'"],
  ])('%s stays', (style, kept) => {
    expect(safeStyle(style)).toBe(kept)
    expect(safeStyle(kept)).toBe(kept)
  })

  it.each([
    'position: absolute',
    'display: none',
    'margin-left: -100px',
    'width: 99999px',
    'background: url(x)',
    'background: URL (x)',
    'color: red /* */',
    'color: r\\65 d',
    'color: red !important',
    'width: calc(1px + 1px)',
    'color: var(--x)',
    'color: rgb(url(x))',
    'font-family: "a',
    'font-family: "<b>"',
    'color',
    'color:',
    '--x: red',
    '',
    `color: ${'a '.repeat(200)}`,
  ])('%s does not', (style) => {
    expect(safeStyle(style)).toBe('')
  })
})
