// Every code block that a reader may paste is run as pasted: a page that no longer works is a failing test that names the page,
// the heading and the line.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { codeBlocks, isRunnable, programs, promisedOutput } from './markdown'
import { pages, project, scratchFolder } from './pages'
import { runFile } from './run-node'

const scratch = scratchFolder('code-blocks')

/** Each run in a folder of its own, so that a block may write files beside itself. */
async function run(code: string): Promise<{ status: number | null; output: string }> {
  mkdirSync(scratch, { recursive: true })
  const folder = mkdtempSync(join(scratch, 'block-'))
  const file = join(folder, 'block.mts')
  writeFileSync(file, code)
  return await runFile(file, folder)
}

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

test('a page is read into its code blocks, each with its heading and line', () => {
  const page = [
    '# One',
    '```ts',
    'a()',
    '```',
    '## Two',
    '```ts no-run',
    'b()',
    '```',
    '```sh',
    '# not a heading',
    '```',
  ]
  const blocks = codeBlocks(page.join('\n'))
  expect(blocks.map(({ info, heading, line, code }) => [info, heading, line, code])).toEqual([
    ['ts', 'One', 3, 'a()\n'],
    ['ts no-run', 'Two', 7, 'b()\n'],
    ['sh', 'Two', 10, '# not a heading\n'],
  ])
  expect(blocks.map(isRunnable)).toEqual([true, false, false])
})

test('a block runs with those that continue it, every line where it stands on the page', () => {
  const page = [
    '# One',
    '```ts',
    'a()',
    '```',
    'Then:',
    '```ts continued',
    'b()',
    '```',
    '## Two',
    '```ts',
    'c()',
    '```',
  ]
  expect(programs(page.join('\n'))).toEqual([
    { heading: 'One', line: 3, code: '\n\na()\n\n\n\nb()\n' },
    { heading: 'Two', line: 11, code: `${'\n'.repeat(10)}c()\n` },
  ])
})

test('a block that throws fails with its output, one that ends quietly passes', async () => {
  expect(await run("console.log('hello')")).toEqual({ status: 0, output: 'hello\n' })
  const failing = await run("throw new Error('on purpose')")
  expect(failing.status).not.toBe(0)
  expect(failing.output).toContain('on purpose')
})

for (const path of pages) {
  const found = programs(readFileSync(path, 'utf8'))
  if (found.length === 0) continue
  describe(relative(project, path), () => {
    for (const { heading, line, code } of found)
      test(`${heading} (line ${line})`, async () => {
        const { status, output } = await run(code)
        expect(status, `the block ended with ${status}:\n${output}`).toBe(0)
        expect(output.trim().split('\n')).toEqual(expect.arrayContaining(promisedOutput(code)))
      })
  })
}
