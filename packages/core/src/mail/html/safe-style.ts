// Declarations of a style attribute that change how text looks and nothing else. Each is let through by what it is made of, so that nobody has
// to know what a browser makes of comments, escapes or functions: whatever has one is dropped.

const properties = new Set([
  ...['color', 'background', 'background-color', 'opacity'],
  ...['font', 'font-family', 'font-size', 'font-style', 'font-variant', 'font-weight', 'line-height', 'letter-spacing'],
  ...['text-align', 'text-decoration', 'text-decoration-line', 'text-indent', 'text-transform', 'vertical-align'],
  ...['white-space', 'word-break', 'word-spacing', 'direction', 'list-style-type'],
  ...['width', 'height', 'max-width', 'max-height', 'min-width', 'min-height'],
  ...['margin', 'padding', 'border'].flatMap((name) => [name, ...sides(name)]),
  ...['border-color', 'border-style', 'border-width', 'border-radius', 'border-collapse', 'border-spacing'],
  ...sides('border').flatMap((side) => ['color', 'style', 'width'].map((what) => `${side}-${what}`)),
])

function sides(name: string): string[] {
  return ['top', 'right', 'bottom', 'left'].map((side) => `${name}-${side}`)
}

/** No person writes a longer value. */
const MAX_VALUE_LENGTH = 300

/** A colour function, a quoted name, a comma, or a run of anything else up to the next space or comma. */
const tokens = /(?:rgb|hsl)a?\([^()]*\)|"[^"]*"|'[^']*'|,|[^\s,]+/gi

/** A size is never below zero: with those, one part of a page covers another. */
const size = String.raw`\d{0,4}(?:\.\d{1,4})?(?:px|pt|pc|em|rem|ex|ch|in|cm|mm|%)?`
const harmless = new RegExp(
  [
    String.raw`(?:rgb|hsl)a?\([\d\s.,%/]*\)`,
    '#[0-9a-f]{3,8}',
    `${size}(?:/${size})?`,
    '[a-z]+(?:-[a-z]+)*',
    String.raw`(?:"[\p{L}\p{N} .-]*"|'[\p{L}\p{N} .-]*')`,
    ',',
  ]
    .map((each) => `^${each}$`)
    .join('|'),
  'iu',
)

/** The declarations of `style` that may stay, as `name: value` separated by `; `; empty when none may. */
export function safeStyle(style: string): string {
  return style
    .split(';')
    .flatMap((declaration) => {
      const colon = declaration.indexOf(':')
      const name = declaration.slice(0, colon).trim().toLowerCase()
      const value = declaration.slice(colon + 1).trim()
      return properties.has(name) && isHarmless(value) ? [`${name}: ${value}`] : []
    })
    .join('; ')
}

function isHarmless(value: string): boolean {
  if (value === '' || value.length > MAX_VALUE_LENGTH) return false
  return (value.match(tokens) ?? []).every((token) => harmless.test(token))
}
