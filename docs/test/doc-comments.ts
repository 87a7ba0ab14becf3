// Reads the examples out of a source file's doc comments.

export interface DocExample {
  /** The line of the file on which the code starts, counted from 1. */
  readonly line: number
  readonly code: string
}

/** What stands below each `@example`, up to the next tag or the end of the comment. */
export function docExamples(source: string): DocExample[] {
  const examples: { line: number; code: string }[] = []
  let open: { line: number; code: string } | undefined
  for (const [index, line] of source.split('\n').entries()) {
    const text = /^\s*\*(?!\/) ?(.*)$/.exec(line)?.[1]
    if (text === undefined) {
      open = undefined
    } else if (text.startsWith('@example')) {
      open = { line: index + 2, code: '' }
      examples.push(open)
    } else if (/^@\w/.test(text)) {
      open = undefined
    } else if (open !== undefined) {
      open.code += `${text}\n`
    }
  }
  return examples
}
