// Every code block that a reader may paste is run as pasted: a page that no longer works is a failing test that names the page,
// the heading and the line.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { codeBlocks, isRunnable } from './markdown'

const docs = fileURLToPath(new URL('..', import.meta.url))
const project = join(docs, '..')
// Inside docs, where the packages that a reader would install resolve; and each run in a folder of its own, so that a block
// may write files beside itself.
const scratch = join(docs, 'node_modules', '.code-blocks')

const pages = [
  join(project, 'README.md'),
  ...readdirSync(docs, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
    .sort()
    .map((path) => join(docs, path)),
].filter((path) => existsSync(path))

function run(code: string): Promise<{ status: number | null; output: string }> {
  mkdirSync(scratch, { recursive: true })
  const folder = mkdtempSync(join(scratch, 'block-'))
  const file = join(folder, 'block.mts')
  writeFileSync(file, code)
  return new Promise((resolve, reject) => {
    const args = ['--conditions=@owlivion/source', '--import', import.meta.resolve('tsx'), file]
    // A block that leaves a timer or a socket open never ends by itself; it is ended here and fails.
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], timeout: 45_000 })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, output }))
  })
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

test('a block that throws fails with its output, one that ends quietly passes', async () => {
  expect(await run("console.log('hello')")).toEqual({ status: 0, output: 'hello\n' })
  const failing = await run("throw new Error('on purpose')")
  expect(failing.status).not.toBe(0)
  expect(failing.output).toContain('on purpose')
})

for (const path of pages) {
  const blocks = codeBlocks(readFileSync(path, 'utf8')).filter(isRunnable)
  if (blocks.length === 0) continue
  describe(relative(project, path), () => {
    for (const { heading, line, code } of blocks)
      test(`${heading} (line ${line})`, async () => {
        const { status, output } = await run(code)
        expect(status, `the block ended with ${status}:\n${output}`).toBe(0)
      })
  })
}
