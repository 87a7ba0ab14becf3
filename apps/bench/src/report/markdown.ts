// The tables of docs/benchmarks. No number in them is typed by hand.
import type { Measured } from '../rounds'
import type { Workload } from '../workloads/workload'
import { type Row, rowsOf, type Verdict, verdicts } from './ratios'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly node: string
}

export interface Report {
  readonly machine: Machine
  /** ISO 8601, when the run ended. */
  readonly date: string
  readonly rounds: number
  readonly measured: readonly Measured[]
}

export function markdownOf(report: Report, workloads: readonly Workload[]): string {
  const { machine, measured, rounds, date } = report
  const engines = [...new Set(measured.map(({ engine }) => engine))]
  return [
    '# Benchmarks',
    '',
    `Written by \`npm run bench\` on ${date.slice(0, 10)}: medians of ${rounds} interleaved rounds, each engine in its own processes on loopback.`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}. Ratios are medians of the ratios of each round, with the least and the greatest.`,
    '',
    '## Targets',
    '',
    table(
      ['workload', 'figure', 'against', 'target', 'measured', ''],
      verdicts(measured).map((verdict) => verdictCells(verdict)),
    ),
    '',
    ...workloads.flatMap((workload) => [
      `## ${workload.name}`,
      '',
      `${workload.title}.`,
      '',
      table(
        ['', ...engines],
        rowsOf(measured)
          .filter((row) => row.workload === workload.name)
          .map((row) => figureCells(row, engines)),
      ),
      '',
    ]),
    ...failures(measured),
  ].join('\n')
}

function verdictCells({ workload, figure, against, atMost, atLeast, ratio, spread, isMet }: Verdict): string[] {
  const target = atMost === undefined ? `≥ ${atLeast}×` : `≤ ${atMost}×`
  const measured =
    ratio === undefined || spread === undefined ? 'not measured' : `${times(ratio)} (${spread.map(times).join(' to ')})`
  return [workload, figure, against, target, measured, isMet === undefined ? '' : isMet ? 'met' : '**missed**']
}

function figureCells({ figure, medians }: Row, engines: readonly string[]): string[] {
  return [figure, ...engines.map((engine) => (medians[engine] === undefined ? '–' : figureText(medians[engine])))]
}

/** Three digits say more than the machine can hold. */
const figureText = (value: number): string =>
  value.toLocaleString('en', value >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 })

const times = (ratio: number): string => `${ratio.toLocaleString('en', { maximumSignificantDigits: 2 })}×`

function failures(measured: readonly Measured[]): string[] {
  const lines = measured.flatMap(({ workload, engine, failed, skipped }) => [
    ...(skipped === undefined ? [] : [`- ${engine}, ${workload}: not run, ${skipped}`]),
    ...failed.map((reason) => `- ${engine}, ${workload}: ${reason}`),
  ])
  return lines.length === 0 ? [] : ['## What could not run', '', ...lines, '']
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] as number)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
