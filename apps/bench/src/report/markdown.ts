// The tables of docs/benchmarks. No number in them is typed by hand.
import type { Measured } from '../rounds'
import type { Workload } from '../workloads/workload'
import { reasons } from './misses'
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

/** @param plot file beside the table */
export function markdownOf(report: Report, workloads: readonly Workload[], plot?: string): string {
  const { machine, measured, rounds, date } = report
  const engines = [...new Set(measured.map(({ engine }) => engine))]
  return [
    '# Benchmarks',
    '',
    `Written by \`npm run bench\` on ${date.slice(0, 10)}: medians of ${rounds} interleaved rounds, each engine in its own processes on loopback.`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}. Ratios are medians of the ratios of each round, with the least and the greatest.`,
    '',
    ...(plot === undefined ? [] : [`![Each engine against y-websocket](${plot})`, '']),
    '## Targets',
    '',
    targetTable(measured),
    '',
    ...misses(measured),
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

export function targetTable(measured: readonly Measured[]): string {
  return table(
    ['workload', 'figure', 'against', 'target', 'measured', ''],
    verdicts(measured).map((verdict) => verdictCells(verdict)),
  )
}

function verdictCells({ workload, figure, against, atMost, atLeast, ratio, spread, isMet }: Verdict): string[] {
  const text = against === undefined ? plain : times
  const target = atMost === undefined ? `≥ ${atLeast}×` : `≤ ${against === undefined ? atMost : `${atMost}×`}`
  const measured =
    ratio === undefined || spread === undefined ? 'not measured' : `${text(ratio)} (${spread.map(text).join(' to ')})`
  return [workload, figure, against ?? '', target, measured, isMet === undefined ? '' : isMet ? 'met' : '**missed**']
}

/** Why each workload with a missed target misses it, as its profile shows. */
function misses(measured: readonly Measured[]): string[] {
  const missed = new Set(verdicts(measured).flatMap(({ workload, isMet }) => (isMet === false ? [workload] : [])))
  if (missed.size === 0) return []
  const lines = [...missed].map((workload) => `- **${workload}.** ${reasons[workload] ?? 'Not looked into yet.'}`)
  return ['### What is missed, and why', '', ...lines, '']
}

function figureCells({ figure, medians }: Row, engines: readonly string[]): string[] {
  return [figure, ...engines.map((engine) => (medians[engine] === undefined ? '–' : figureText(medians[engine])))]
}

/** Three digits say more than the machine can hold. */
const figureText = (value: number): string =>
  value.toLocaleString('en', value >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 })

const plain = (value: number): string => value.toLocaleString('en')
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
