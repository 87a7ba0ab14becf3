// The table of what is measured beside the workloads.
import type { Limit, MeasuredRow } from '../besides/measurement'
import { type Machine, table } from './markdown'

export interface BesidesReport {
  readonly machine: Machine
  /** ISO 8601, when the run ended. */
  readonly date: string
  readonly measured: readonly { readonly name: string; readonly title: string; readonly rows: readonly MeasuredRow[] }[]
}

export function besidesMarkdown({ machine, date, measured }: BesidesReport): string {
  return [
    '# What else was measured',
    '',
    `Written by \`npm run bench -- --besides\` on ${date.slice(0, 10)}: one run, each measurement in a process of its own.`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}. Times are of this machine: compare them with each other, not with those of another one.`,
    '',
    ...measured.flatMap(({ title, rows }) => [
      `## ${title}`,
      '',
      table(
        ['', 'measured'],
        rows.map((row) => [row.what, cellOf(row)]),
      ),
      '',
      ...rows.flatMap(({ value, target }) => (isMissed(value, target) ? [target.reason, ''] : [])),
    ]),
  ].join('\n')
}

function cellOf({ value, unit, target }: MeasuredRow): string {
  const withUnit = (of: number): string => `${number(of)}${unit === '×' || unit === '/s' ? '' : ' '}${unit}`
  if (target === undefined) return withUnit(value)
  return `${withUnit(value)} (target ≤ ${withUnit(target.atMost)}: ${isMissed(value, target) ? '**missed**' : 'met'})`
}

function isMissed(value: number, target: Limit | undefined): target is Limit {
  return target !== undefined && value > target.atMost
}

/** Three digits say more than the machine can hold. */
const number = (value: number): string =>
  value.toLocaleString('en', Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 })
