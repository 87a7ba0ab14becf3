import { expect, test } from 'vitest'
import { brokenLines, errorTableGaps, longestSourceFile, longFiles } from '../../../scripts/house-rules.mjs'

const reasons = (path: string, text: string) =>
  brokenLines([{ path, text }]).map(({ line, reason }) => `${line}: ${/\(([\w-]+)\)$/.exec(reason)?.[1]}`)

// Spelled in two halves, so that this file does not break the rules it shows being broken.
const skip = 'sk' + 'ip'
const home = '/ho' + 'me/ann'

test('a skipped, focused or promised test is found with its line', () => {
  const path = 'packages/core/test/a.test.ts'
  expect(reasons(path, `it('x', f)\nit.${skip}('y', f)`)).toEqual(['2: every-test-runs'])
  expect(reasons(path, `describe.${'on' + 'ly'}('y', f)`)).toEqual(['1: every-test-runs'])
  expect(reasons(path, `test.${'to' + 'do'}('y')`)).toEqual(['1: every-test-runs'])
})

test('a test may be conditional on missing input and on nothing else', () => {
  const path = 'e2e/test/a.test.ts'
  expect(reasons(path, `describe.${skip}If(!hasSharedData('vcards'))('x', f)`)).toEqual([])
  expect(reasons(path, `describe.${skip}If(process.env.SLOW)('x', f)`)).toEqual(['1: skips-only-for-missing-input'])
})

test('the path of a machine is found in any file, a relative or a served path is not', () => {
  expect(reasons('README.md', `see ${home}/notes`)).toEqual(['1: no-path-of-a-machine'])
  const folders = ['src', 'work', 'y'].join('/')
  expect(reasons('README.md', `see ../home/ann, https://example.com/home/x and ${folders}`)).toEqual([])
})

test('a global clock, a random source and a bare error are found where they may not be, and only there', () => {
  const text = 'const now = Date.now()\nconst chance = Math.random()\nthrow new Error("no")'
  const all = ['1: no-global-clock-or-chance', '2: no-global-clock-or-chance', '3: no-bare-error']
  expect(reasons('packages/core/src/sync/writing/outbox.ts', text)).toEqual(all)
  expect(reasons('packages/core/test/outbox.test.ts', text)).toEqual([])
})

test('a long source file is named with its length', () => {
  const text = 'line\n'.repeat(longestSourceFile + 1)
  expect(longFiles([{ path: 'packages/core/src/a.ts', text }])).toEqual([
    { path: 'packages/core/src/a.ts', lines: longestSourceFile + 1 },
  ])
})

test('an error code without a row and a row without a code are both named', () => {
  const table = '| code | meaning |\n|---|---|\n| `closed` | x |\n| `gone` | y |'
  expect(errorTableGaps(['closed', 'fork'], table)).toEqual({ missing: ['fork'], stale: ['gone'] })
})
