// What documentation shows must compile, on pages and in doc comments alike; and an example that needs nothing but the package must
// run and give what its remarks say. One run of the compiler and one process for all of them.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { docExamples } from './doc-comments'
import { fragmentToModule } from './fragment'
import { codeBlocks, isRunnable, isTypeScript, programs } from './markdown'
import { pages, project, scratchFolder } from './pages'
import { entriesOf, isExplained, publicNames } from './public-names'
import { runFile, runNode } from './run-node'

interface Example {
  /** Page or source file and line, as a person would look it up. */
  readonly origin: string
  readonly module: string
  readonly runs: boolean
}

const packages = ['core', 'relay', 'react', 'protocol'].map((name) => join(project, 'packages', name))
/** Names that example-names.d.ts declares: an example that uses one compiles, and has nothing to run on. */
const atHand = ['sync', 'contacts', 'file', 'root', 'AddressBook']
const inBrowser = /IndexedDbStore|browserPlatform|use[A-Z]/
const scratch = scratchFolder('examples')
/** The compiler reads every package; on a busy machine that is a minute. */
const compilesWithinMs = 240_000

/** For each public name, where it is imported from; of one that two packages export, the nearer package's comes first. */
function importSources(nearest: string, file: string): Map<string, string> {
  const sources = new Map<string, string>()
  const take = (specifier: string, entry: string) => {
    for (const { name } of publicNames(entry)) if (!sources.has(name)) sources.set(name, specifier)
  }
  for (const folder of [nearest, ...packages]) for (const entry of entriesOf(folder)) take(entry.specifier, entry.file)
  take(relative(scratch, file).replace(/\.tsx?$/, ''), file)
  return sources
}

/** True when the example takes the name from its surroundings: neither a property nor declared by the example itself. */
function uses(code: string, name: string): boolean {
  const isDeclared = new RegExp(`\\b(const|let) [^=]*\\b${name}\\b[^=]*=`).test(code)
  return !isDeclared && new RegExp(`(?<![.\\w])${name}\\b`).test(code.replace(/'[^']*'/g, ''))
}

function sourceExamples(): Example[] {
  return packages.flatMap((folder) =>
    readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.tsx?$/.test(path))
      .sort()
      .flatMap((path) => {
        const file = join(folder, 'src', path)
        const examples = docExamples(readFileSync(file, 'utf8'))
        const sources = examples.length > 0 ? importSources(folder, file) : new Map<string, string>()
        return examples.map(({ line, code }) => ({
          origin: `${relative(project, file)}:${line}`,
          module: fragmentToModule(code, sources),
          runs: !inBrowser.test(code) && !atHand.some((name) => uses(code, name)),
        }))
      }),
  )
}

function pageExamples(): Example[] {
  return pages.flatMap((page) => {
    const text = readFileSync(page, 'utf8')
    const origin = relative(project, page)
    const sources = importSources(packages[0] as string, join(project, 'packages/core/src/index.ts'))
    const fragments = codeBlocks(text).filter((block) => isTypeScript(block) && !isRunnable(block))
    return [
      // Those that run have a test of their own each; here they only have to compile.
      ...programs(text).map(({ line, code }) => ({ origin: `${origin}:${line}`, module: code, runs: false })),
      ...fragments.map(({ line, code }) => ({
        origin: `${origin}:${line}`,
        module: fragmentToModule(code, sources),
        runs: false,
      })),
    ]
  })
}

const examples = [...sourceExamples(), ...pageExamples()]
const nameOf = (index: number) => `example-${index}`

beforeAll(() => {
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch, { recursive: true })
  for (const [index, { module }] of examples.entries()) writeFileSync(join(scratch, `${nameOf(index)}.tsx`), module)
  const config = {
    extends: '../../../tsconfig.base.json',
    // A reader's project need not be as strict about `import type` as this one.
    compilerOptions: { verbatimModuleSyntax: false, isolatedModules: false },
    files: [...examples.keys()].map((index) => `${nameOf(index)}.tsx`).concat('../../test/example-names.d.ts'),
  }
  writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify(config))
})

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

test('examples are found, their imports completed and their remarks turned into checks', () => {
  const source = ['/**', ' * Adds.', ' * @example', ' * add(1, 2) // 3', ' * @returns a sum', ' */'].join('\n')
  expect(docExamples(source)).toEqual([{ line: 4, code: 'add(1, 2) // 3\n' }])
  expect(fragmentToModule('add(1, 2) // 3', new Map([['add', 'sums']]))).toBe(
    "import { add } from 'sums'\nexport async function example() {\nassertEqual(add(1, 2), 3)\n}\n",
  )
  expect(examples.filter(({ runs }) => runs).length).toBeGreaterThan(5)
})

test('every public name says what it means', () => {
  const unexplained = packages
    .filter((folder) => !folder.endsWith('protocol'))
    .flatMap((folder) => entriesOf(folder))
    .flatMap((entry) => publicNames(entry.file))
    .filter((each) => !isExplained(each))
    .map(({ name, file }) => `${relative(project, file)}: ${name}`)
  expect([...new Set(unexplained)]).toEqual([])
})

test('every example compiles', { timeout: compilesWithinMs }, async () => {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  const { output } = await runNode([compiler, '-p', scratch, '--pretty', 'false'], scratch, compilesWithinMs)
  const report = output.replaceAll(
    /^.*?example-(\d+)\.tsx\(\d+,\d+\)/gm,
    (_, index) => (examples[Number(index)] as Example).origin,
  )
  expect(report).toBe('')
})

test('every example that needs only the package runs', async () => {
  const runner = [
    "import { deepStrictEqual } from 'node:assert'",
    'Object.assign(globalThis, { assertEqual: deepStrictEqual })',
    ...examples.flatMap(({ origin, runs }, index) =>
      runs
        ? [
            `try { await (await import('./${nameOf(index)}.tsx')).example() }`,
            `catch (error) { console.log(${JSON.stringify(origin)}, error) }`,
          ]
        : [],
    ),
  ]
  const file = join(scratch, 'run.mts')
  writeFileSync(file, runner.join('\n'))
  expect(await runFile(file, scratch)).toEqual({ output: '', status: 0 })
})
