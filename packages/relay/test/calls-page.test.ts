// docs/protocol/calls.md says what the relay answers: every method of its own, who may call it and what it costs.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { accountCalls } from '../src/calls/account-calls'
import type { CallTools } from '../src/calls/service'

const page = readFileSync(new URL('../../../docs/protocol/calls.md', import.meta.url), 'utf8')
// No handler runs, so that none of its tools is needed.
const methods = accountCalls([]).methods({} as CallTools)

it('every method of the relay itself is in the table with its price, and has a section', () => {
  const rows = [...page.matchAll(/^\| `((?:devices|audit|account)\.[a-z-]+)`\s*\|[^|]*\| ([\d,]+)/gm)]
  expect(rows.map(([, name, cost]) => [name, Number(cost?.replaceAll(',', ''))])).toEqual(
    Object.entries(methods).map(([name, { cost }]) => [name, cost]),
  )
  for (const name of Object.keys(methods)) expect(page).toContain(`\n### \`${name}\`\n`)
})
