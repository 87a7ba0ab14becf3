// Reads the code blocks of a page. A block is known by its page and the heading above it, as a reader would point to it.

export interface CodeBlock {
  /** The language and what follows it on the fence: `ts`, `ts no-run`, `sh`. */
  readonly info: string
  readonly heading: string
  /** The line of the page on which the code starts, counted from 1. */
  readonly line: number
  readonly code: string
}

/** The fenced code blocks of a Markdown page, in order. */
export function codeBlocks(page: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  let heading = ''
  let open: { fence: string; info: string; line: number; code: string[] } | undefined
  for (const [index, line] of page.split('\n').entries()) {
    if (open === undefined) {
      const fence = /^(`{3,}|~{3,})\s*(.*)$/.exec(line)
      if (fence) open = { fence: fence[1] as string, info: (fence[2] as string).trim(), line: index + 2, code: [] }
      else heading = /^#{1,6}\s+(.*)$/.exec(line)?.[1] ?? heading
    } else if (line.startsWith(open.fence)) {
      blocks.push({ info: open.info, heading, line: open.line, code: `${open.code.join('\n')}\n` })
      open = undefined
    } else {
      open.code.push(line)
    }
  }
  return blocks
}

/** True for TypeScript that a reader may paste and run: not for fragments, which are marked `ts no-run`. */
export function isRunnable({ info }: CodeBlock): boolean {
  const [language, ...marks] = info.split(/\s+/)
  return (language === 'ts' || language === 'typescript') && !marks.includes('no-run')
}
