// A promise without a test is a wish: every row of the page names tests, and every test it names is there.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { project } from './pages'
import { flawOf, promiseRows, testNames } from './promises'

const page = readFileSync(join(project, 'docs/threat-model.md'), 'utf8')

test('every promise of the threat model names a test, and every test that it names is there', () => {
  const rows = promiseRows(page)
  expect(rows.length).toBeGreaterThan(40)
  const flaws = rows.flatMap(({ heading, promise, proofs }) => {
    const missing = proofs.length === 0 ? ['names no test'] : []
    return [...missing, ...proofs.flatMap((proof) => flawOf(project, proof) ?? [])].map(
      (flaw) => `${heading}: ${promise} ${flaw}`,
    )
  })
  expect(flaws).toEqual([])
})

test('whoever is named in the threat model has a list of what is promised and one of what is not', () => {
  const sections = page.split(/^## /m).slice(1)
  const attackers = sections.filter((section) => promiseRows(section).length > 0)
  expect(attackers.length).toBeGreaterThanOrEqual(10)
  for (const section of attackers) expect(section).toMatch(/^Not promised:\n\n- /m)
})

test('a promise without a test, with a file that is gone, or with a name that no test has, is found', () => {
  const rows = promiseRows(
    [
      '## Somebody',
      '| Promised | Proved by |',
      '| -------- | --------- |',
      '| one | |',
      '| two | `docs/test/gone.test.ts › a test`, `docs/test/threat-model.test.ts › a test that nobody wrote` |',
      '',
      '| Another table | |',
      '| three | |',
    ].join('\n'),
  )
  expect(rows.map(({ heading, promise, proofs }) => [heading, promise, proofs.length])).toEqual([
    ['Somebody', 'one', 0],
    ['Somebody', 'two', 2],
  ])
  expect(rows[1]?.proofs.map((proof) => flawOf(project, proof))).toEqual([
    'there is no test file docs/test/gone.test.ts',
    'docs/test/threat-model.test.ts has no test ‘a test that nobody wrote’',
  ])
})

test('names are read from tests alone, those of lists too, and not from groups, skipped ones or remarks', () => {
  const source = `
    describe('a group', () => {
      it('one', () => {})
      test("two's", async () => {})
      it.each([1, 2])('three: %s', () => {})
      it.each<[string]>([
        ['x'],
      ])(
        'four', () => {})
      it.${'skip'}('five', () => {})
      // it('six')
    })`
  expect([...testNames(source)]).toEqual(['one', "two's", 'three: %s', 'four'])
})
