// `npm test`: every test of every package, in Node and, where a Chromium is found, in the browser. Says loudly what could not
// run, and ends with one plain line that a person and a machine can read: `N passed, N failed, N skipped`.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findChromium } from './chromium.mjs'
import { testRoots } from './test-projects.mjs'
import { summarise } from './test-summary.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const strict = Boolean(process.env.CI) && process.env.CI !== 'false'
const scratch = mkdtempSync(join(tmpdir(), 'owlivion-test-'))
const countsPath = join(scratch, 'counts.json')

const reporters = ['--reporter=default', '--reporter=./scripts/summary-reporter.mjs']
const child = spawn('vitest', ['run', ...reporters, ...process.argv.slice(2)], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { ...process.env, OWLIVION_TEST_COUNTS: countsPath },
  shell: process.platform === 'win32',
})
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  console.error(`vitest could not be started: ${error.message}`)
  process.exit(1)
})
child.on('close', (exitCode) => {
  const counts = existsSync(countsPath) ? JSON.parse(readFileSync(countsPath, 'utf8')) : undefined
  const unseen = findChromium() === undefined ? browserTests() : { files: 0, tests: 0 }
  const summary = summarise({ counts, exitCode, unseen, strict })
  rmSync(scratch, { recursive: true, force: true })
  process.exitCode = summary.good ? 0 : 1
  console.log(summary.text)
})

/** What a Chromium would have run: counted from the text, since the files themselves load only in a browser. */
function browserTests() {
  const texts = testRoots
    .map((each) => join(root, each.root, 'browser'))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)))
    .filter((path) => /\.test\.tsx?$/.test(path))
    .map((path) => readFileSync(path, 'utf8'))
  // A file that only calls a contract suite shows no test of its own and still holds at least one.
  const tests = texts.map((text) => Math.max(1, text.match(/^\s*(?:it|test)\b[\w.]*\(/gm)?.length ?? 0))
  return { files: texts.length, tests: tests.reduce((sum, each) => sum + each, 0) }
}
