// Reads the code blocks of a page. A block is known by its page and the heading above it, as a reader would point to it.

export interface CodeBlock {
  /** The language and what follows it on the fence: `ts`, `ts continued`, `tsx no-run`, `sh`. */
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

const languages = ['ts', 'tsx', 'typescript']

/** True for TypeScript of any kind: all of it must compile. */
export function isTypeScript({ info }: CodeBlock): boolean {
  return languages.includes(info.split(/\s+/)[0] as string)
}

/** True for TypeScript that a reader may paste and run: not for fragments, which are marked `ts no-run`. */
export function isRunnable(block: CodeBlock): boolean {
  return isTypeScript(block) && !block.info.split(/\s+/).includes('no-run')
}

/** What a reader runs who follows a page from one block to those marked `ts continued` after it. */
export interface Program {
  readonly heading: string
  readonly line: number
  /** Every line stands where it stands on the page, so that an error names the page's line. */
  readonly code: string
}

/** The programs of a page: each block that runs, with its continuations. */
export function programs(page: string): Program[] {
  const result: { heading: string; line: number; code: string }[] = []
  for (const { info, heading, line, code } of codeBlocks(page).filter(isRunnable)) {
    const last = result.at(-1)
    if (!info.split(/\s+/).includes('continued') || last === undefined) {
      result.push({ heading, line, code: '\n'.repeat(line - 1) + code })
      continue
    }
    const linesSoFar = last.code.split('\n').length - 1
    last.code += '\n'.repeat(line - 1 - linesSoFar) + code
  }
  return result
}

/** What a program says that it prints: the remarks behind its `console.log` lines. */
export function promisedOutput(code: string): string[] {
  return [...code.matchAll(/^\s*console\.log\(.*\) \/\/ (.+)$/gm)].map((match) => match[1] as string)
}
