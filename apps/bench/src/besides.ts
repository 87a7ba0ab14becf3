// The command line of what is measured beside the workloads.
//
//   npm run bench -- --besides                   everything but what takes many minutes
//   npm run bench -- --besides --long            that, too
//   npm run bench -- --besides --only appends    of the measurements; then nothing is written, only printed
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { MeasuredRow } from './besides/measurement'
import { measurements } from './besides/measurements'
import { type BesidesReport, besidesMarkdown } from './report/besides-markdown'
import { machine } from './report/machine'

const { values } = parseArgs({
  options: {
    besides: { type: 'boolean' },
    long: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
})
const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const only = values.only?.split(',')
const measured: BesidesReport['measured'][number][] = []
for (const [name, { title, isLong }] of Object.entries(measurements)) {
  if (only === undefined ? isLong && !values.long : !only.includes(name)) continue
  console.log(`${title} …`)
  const arguments_ = [...process.execArgv, folder('./besides/process.ts'), name]
  const output = execFileSync(process.execPath, arguments_, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 26,
  })
  measured.push({ name, title, rows: JSON.parse(output.trim().split('\n').at(-1) as string) as MeasuredRow[] })
}
const report: BesidesReport = { machine: machine(), date: new Date().toISOString(), measured }
const markdown = besidesMarkdown(report)
if (only === undefined) {
  const target = folder('../../../docs/benchmarks')
  mkdirSync(target, { recursive: true })
  writeFileSync(`${target}/besides.json`, `${JSON.stringify(report, null, 1)}\n`)
  writeFileSync(`${target}/besides.md`, markdown)
}
console.log(`\n${markdown}`)
