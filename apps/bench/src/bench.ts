// The command line of the benchmark: the same work on this engine, on the floor, and on the peers if asked.
//
//   npm run bench                       this engine and the floor
//   npm run bench -- --peers            and every peer, after installing them; the targets come to the README, too
//   --only W2,W3                        of the workloads; with it and the next nothing is written, only printed
//   --engines owlivion,floor            of the engines
//   --write                             writes the tables all the same
//   --rounds N                          instead of 5
//   --profile                           with a CPU profile of each process, in apps/bench/profiles
//   --check                             compares ratios with the baseline, and fails beyond its noise when that is so twice
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
import { withTargets } from './report/readme'
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
const measure = (chosen: typeof workloads) =>
  runRounds({
    engines,
    workloads: chosen,
    rounds,
    ...(values.profile && { profileFolder: folder('../profiles') }),
    say: (line) => console.log(line),
  })
const measured = await measure(workloads)

const report: Report = {
  machine: machine(),
  date: new Date().toISOString(),
  rounds,
  measured,
}
const markdown = markdownOf(report, workloads, values.peers ? 'peers.svg' : undefined)
const isWhole = values.only === undefined && wanted === undefined && !values.profile && !values.check
if (isWhole || values.write) {
  const name = values.peers ? 'peers' : 'floor'
  const target = folder('../../../docs/benchmarks')
  mkdirSync(target, { recursive: true })
  writeFileSync(`${target}/${name}.json`, `${JSON.stringify(report, null, 1)}\n`)
  writeFileSync(`${target}/${name}.md`, markdown)
  if (values.peers) {
    writeFileSync(`${target}/peers.svg`, plotOf(measured))
    const readme = folder('../../../README.md')
    writeFileSync(readme, withTargets(readFileSync(readme, 'utf8'), measured))
  }
} else console.log(`\n${markdown}`)

if (values.baseline) writeFileSync(baselineFile, `${JSON.stringify(baselineOf(measured), null, 2)}\n`)
if (values.check) {
  const baseline = JSON.parse(readFileSync(baselineFile, 'utf8')) as BaselineRow[]
  const first = regressions(baseline, measured)
  // Something else may have been going on just then: what is worse is measured once more.
  const again = new Set(first.map(({ workload }) => workload))
  const suspects = workloads.filter(({ name }) => again.has(name))
  const worse = suspects.length === 0 ? [] : regressions(baseline, await measure(suspects))
  for (const { sentence } of first) console.error(`worse than the baseline: ${sentence}`)
  for (const { sentence } of worse) console.error(`once more: ${sentence}`)
  if (worse.length > 0) process.exitCode = 1
  else console.log('Nothing is worse than the baseline, twice, by more than its noise.')
}
