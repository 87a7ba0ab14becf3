// The promises of the page about threats: each is a row of a table, and names the tests that prove it.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Proof {
  readonly file: string
  readonly test: string
}

export interface PromiseRow {
  readonly heading: string
  readonly promise: string
  readonly proofs: readonly Proof[]
}

const HEADER = /^\|\s*Promised\s*\|\s*Proved by\s*\|$/

/** Rows of all tables with the columns `Promised` and `Proved by`. */
export function promiseRows(page: string): readonly PromiseRow[] {
  const rows: PromiseRow[] = []
  let heading = ''
  let isInTable = false
  for (const line of page.split('\n')) {
    if (line.startsWith('#')) heading = line.replace(/^#+\s*/, '')
    if (HEADER.test(line)) isInTable = true
    else if (!line.startsWith('|')) isInTable = false
    else if (isInTable && !/^\|[-|\s]*$/.test(line)) {
      const [, promise = '', proofs = ''] = line.split('|')
      rows.push({ heading, promise: promise.trim(), proofs: readProofs(proofs) })
    }
  }
  return rows
}

function readProofs(cell: string): readonly Proof[] {
  return [...cell.matchAll(/`([^`]*)`/g)].map((match) => {
    const [file = '', ...test] = (match[1] as string).split(' › ')
    return { file, test: test.join(' › ') }
  })
}

/** What is wrong with a proof, or undefined. */
export function flawOf(project: string, { file, test }: Proof): string | undefined {
  const path = join(project, file)
  if (!/\.test\.tsx?$/.test(file) || !existsSync(path)) return `there is no test file ${file}`
  return testNames(readFileSync(path, 'utf8')).has(test) ? undefined : `${file} has no test ‘${test}’`
}

/** The names of a file's tests as they are written, of those that run for each of a list with its placeholders. */
export function testNames(source: string): ReadonlySet<string> {
  // The name is the first argument of `it(`, `test(`, `itWithChromium(`, or of what `it.each(…)` returns: there its list ends.
  const calls =
    /(?:\b(?:it|itWithChromium|test)(?:\.(?:fails|concurrent|skipIf\([^)]*\)|runIf\([^)]*\)))?\(|[)`]\()\s*(['"`])((?:(?!\1|\\).|\\.)*)\1\s*,/g
  return new Set([...source.matchAll(calls)].map(([, , name = '']) => name.replaceAll(/\\(.)/g, '$1')))
}
