// The command line of the benchmark: the same work on this engine, on the floor, and on the peers if asked.
//
//   npm run bench                       this engine and the floor
//   npm run bench -- --peers            and every peer, after installing them
//   --only W2,W3                        of the workloads
//   --rounds N                          instead of 5
//   --profile                           with a CPU profile of each process, in apps/bench/profiles
//   --check                             compares ratios with the baseline, and fails beyond the noise measured
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { floor, ours } from './engines/engines'
import { peers } from './engines/peers'
import { runRounds } from './rounds'
import { chosenWorkloads } from './workloads'

const { values } = parseArgs({
  options: {
    peers: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    profile: { type: 'boolean', default: false },
    engines: { type: 'string' },
  },
})

const engines = [ours, floor, ...(values.peers ? await peers() : [])].filter(
  ({ name }) => values.engines === undefined || values.engines.split(',').includes(name),
)
const results = await runRounds({
  engines,
  workloads: chosenWorkloads(values.only?.split(',')),
  rounds: Number(values.rounds),
  ...(values.profile && { profileFolder: fileURLToPath(new URL('../profiles', import.meta.url)) }),
  say: (line) => console.log(line),
})
console.log(JSON.stringify(results, null, 1))
