// The command line: runs seeds on all cores, says what happened, and on a failure shows the shortest plan that still fails.
//
//   npm run simulate -- --seeds 500 [--from 1]     seeds 1 to 500
//   npm run simulate -- --seed 17 [--trace]        one seed, exactly as it ran among the others
//   --devices N, --steps N                         instead of what the seed would draw
//   npm run simulate -- --sweep                    scripted worlds, once for every boundary with a process dying there
//   --every N, --only TEXT                         of the boundaries, and of the scenarios
//   --choices                                      schedules, pauses, sleep, data types off and stores taken away in all worlds, not in every other
//   --no-shrink                                    a failure is not made shorter
//   --mutation NAME                                with the engine broken in one place; the seeds are to fail
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { loaderArguments, planFor, untouchedFiles } from './mutations/mutation'
import { mutations } from './mutations/mutations'
import { createPlan, describeStep, type Plan } from './plan'
import { type Job, runJobs } from './pool'
import { describeRun, describeTime, type SeedSummary, summarize } from './report'
import { shrink } from './shrink'
import { runDeath } from './sweep/deaths'
import { describeScenario, sweep } from './sweep/sweep'
import { runWorld } from './world'

/** More of a failing run than anybody reads. */
const MAX_TRACE_LINES = 300

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    devices: { type: 'string' },
    steps: { type: 'string' },
    trace: { type: 'boolean', default: false },
    mutation: { type: 'string' },
    sweep: { type: 'boolean', default: false },
    every: { type: 'string', default: '1' },
    only: { type: 'string' },
    choices: { type: 'boolean', default: false },
    'no-shrink': { type: 'boolean', default: false },
    /** Given to the processes that this one starts. */
    worker: { type: 'boolean', default: false },
  },
})

const mutation = mutations.find(({ name }) => name === values.mutation)
const numberOf = (text: string | undefined) => (text === undefined ? undefined : Number.parseInt(text, 10))
function planOf(seed: number): Plan {
  // In every other world people choose when and what is synced. A mutation is noticed by named seeds, and says whether they are such.
  const choices = values.choices || (mutation === undefined ? seed % 2 === 0 : mutation.amongChoices)
  const plan = createPlan({ seed, devices: numberOf(values.devices), steps: numberOf(values.steps), choices })
  return mutation === undefined ? plan : planFor(mutation, plan)
}

if (values.mutation !== undefined && mutation === undefined) {
  say(`mutations are: ${mutations.map(({ name }) => name).join(', ')}`)
  process.exitCode = 1
} else if (values.worker) work()
else if (values.sweep) await sweepAll()
else if (values.seed !== undefined) await replay(Number.parseInt(values.seed, 10))
else await runMany(Number.parseInt(values.from, 10), Number.parseInt(values.seeds, 10))

/** Runs what the parent names, one at a time, until it disconnects. */
function work(): void {
  process.on('message', async (job: Job) => {
    const result = typeof job === 'number' ? await runWorld({ plan: planOf(job) }) : await runDeath(job)
    const untouched = mutation === undefined ? [] : untouchedFiles(mutation)
    if (untouched.length > 0) throw new Error(`${values.mutation} breaks what no seed loads: ${untouched.join()}`)
    process.send?.(summarize(result))
  })
}

async function sweepAll(): Promise<void> {
  const start = performance.now()
  await sweep({
    every: numberOf(values.every) as number,
    only: values.only,
    processes: availableParallelism(),
    programArguments: process.argv.slice(2),
    ...(mutation && { nodeArguments: loaderArguments(mutation) }),
    failed: (sentence) => {
      process.exitCode = 1
      say(sentence)
    },
    finished: (scenario) => say(describeScenario(scenario)),
  })
  say(`took ${describeTime(performance.now() - start)}`)
}

async function runMany(from: number, count: number): Promise<void> {
  const start = performance.now()
  const summaries = await runOnAllCores(from, count)
  summaries.sort((a, b) => a.seed - b.seed)
  say(describeRun(summaries, performance.now() - start))
  const failed = summaries.find(({ failures }) => failures.length > 0)
  // A mutation is to be noticed, and why it is needs no explaining.
  if (mutation !== undefined) process.exitCode = failed === undefined ? 1 : 0
  if (mutation !== undefined || failed === undefined) return
  process.exitCode = 1
  await explain(failed.seed, failed.failures[0] as string)
}

async function runOnAllCores(from: number, count: number): Promise<SeedSummary[]> {
  const summaries: SeedSummary[] = []
  const isInteractive = process.stdout.isTTY
  await runJobs({
    jobs: Array.from({ length: count }, (_, index) => from + index),
    processes: Math.min(availableParallelism(), count),
    programArguments: process.argv.slice(2),
    ...(mutation && { nodeArguments: loaderArguments(mutation) }),
    finished: (summary) => {
      summaries.push(summary)
      // At once: a long run may be ended before its end.
      for (const failure of summary.failures.slice(0, 3)) say(`seed ${summary.seed}: ${failure}`)
      if (isInteractive)
        process.stdout.write(`\r${summaries.length} of ${count}${summaries.length < count ? '' : '\r'}`)
      return false
    },
  })
  return summaries
}

async function replay(seed: number): Promise<void> {
  const start = performance.now()
  const result = await runWorld({ plan: planOf(seed), keepsTrace: values.trace })
  if (values.trace) for (const line of result.trace) say(line)
  for (const failure of result.failures) say(`seed ${seed}: ${failure}`)
  say(describeRun([summarize(result)], performance.now() - start))
  say(`trace hash   ${result.traceHash}`)
  if (result.failures.length === 0) return
  process.exitCode = 1
  await explain(seed, result.failures[0] as string)
}

/** Shortens the seed's plan as long as it fails in the same way, and shows what is left and what it does. */
async function explain(seed: number, failure: string): Promise<void> {
  if (values['no-shrink']) return
  say(`\nseed ${seed} fails; looking for the shortest plan that does`)
  const { plan, runs } = await shrink(planOf(seed), failure)
  const { failures, trace } = await runWorld({ plan, keepsTrace: true })
  say(
    `${plan.steps.length} of ${planOf(seed).steps.length} steps are left after ${runs} runs, with ${plan.devices} devices:`,
  )
  for (const step of plan.steps) say(`  ${describeStep(step)}`)
  say(trace.length > MAX_TRACE_LINES ? `the last ${MAX_TRACE_LINES} of ${trace.length} events:` : 'events:')
  for (const line of trace.slice(-MAX_TRACE_LINES)) say(`  ${line}`)
  say(`seed ${seed} fails: ${failures[0]}`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
