// The command line of the benchmark: the same work on this engine, on the floor, and on the peers if asked.
//
//   npm run bench                       this engine and the floor
//   npm run bench -- --peers            and every peer, after installing them
//   --only W2,W3                        of the workloads; with it and the next nothing is written, only printed
//   --engines owlivion,floor            of the engines
//   --write                             writes the tables all the same
//   --rounds N                          instead of 5
//   --profile                           with a CPU profile of each process, in apps/bench/profiles
//   --check                             compares ratios with the baseline, and fails beyond its noise
//   --baseline                          makes this run the baseline
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { floor, ours } from './engines/engines'
import { peers } from './engines/peers'
import { type BaselineRow, baselineOf, regressions } from './report/baseline'
import { machine } from './report/machine'
import { markdownOf, type Report } from './report/markdown'
import { plotOf } from './report/plot'
import { runRounds } from './rounds'
import { chosenWorkloads } from './workloads'

const { values } = parseArgs({
  options: {
    peers: { type: 'boolean', default: false },
    only: { type: 'string' },
    engines: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    baseline: { type: 'boolean', default: false },
  },
})
const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const baselineFile = folder('../baseline.json')

const wanted = values.engines?.split(',')
const workloads = chosenWorkloads(values.only?.split(','))
const others = values.peers ? peers(workloads.map(({ name }) => name)) : []
const engines = [ours, floor, ...others].filter(({ name }) => wanted?.includes(name) ?? true)
const rounds = Number(values.rounds)
const measured = await runRounds({
  engines,
  workloads,
  rounds,
  ...(values.profile && { profileFolder: folder('../profiles') }),
  say: (line) => console.log(line),
})

const report: Report = {
  machine: machine(),
  date: new Date().toISOString(),
  rounds,
  measured,
}
const markdown = markdownOf(report, workloads)
const isWhole = values.only === undefined && wanted === undefined && !values.profile && !values.check
if (isWhole || values.write) {
  const name = values.peers ? 'peers' : 'floor'
  const target = folder('../../../docs/benchmarks')
  mkdirSync(target, { recursive: true })
  writeFileSync(`${target}/${name}.json`, `${JSON.stringify(report, null, 1)}\n`)
  writeFileSync(`${target}/${name}.md`, markdown)
  if (values.peers) writeFileSync(`${target}/peers.svg`, plotOf(measured))
} else console.log(`\n${markdown}`)

if (values.baseline) writeFileSync(baselineFile, `${JSON.stringify(baselineOf(measured), null, 2)}\n`)
if (values.check) {
  const worse = regressions(JSON.parse(readFileSync(baselineFile, 'utf8')) as BaselineRow[], measured)
  for (const sentence of worse) console.error(`slower than before: ${sentence}`)
  if (worse.length > 0) process.exitCode = 1
}
