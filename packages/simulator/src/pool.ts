// Runs worlds in processes of their own, on as many cores as are given.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { SeedSummary } from './report'
import { describeDeath, type SweptDeath } from './sweep/deaths'

/** A seed, or a death in a scenario. */
export type Job = number | SweptDeath

export interface PoolOptions<Each extends Job> {
  readonly jobs: Iterable<Each>
  readonly processes: number
  /** For the program that runs them. */
  readonly programArguments: readonly string[]
  /** For `node`, before those that let it run TypeScript. */
  readonly nodeArguments?: readonly string[]
  /** Called with each result. Answers whether that is enough. */
  readonly finished: (summary: SeedSummary, job: Each) => boolean
}

const program = fileURLToPath(new URL('main.ts', import.meta.url))
const typescript = ['--conditions=@owlivion/source', '--import', 'tsx']

/** Resolves when all have run, or `finished` has had enough; rejects when a process ends by itself, with what it said. */
export function runJobs<Each extends Job>(options: PoolOptions<Each>): Promise<void> {
  const { jobs, processes, programArguments, nodeArguments = [], finished } = options
  const waiting = jobs[Symbol.iterator]()
  const children = new Set<ChildProcess>()
  const running = new Map<ChildProcess, Each>()
  let hasEnough = false
  return new Promise<void>((resolve, reject) => {
    const give = (child: ChildProcess): void => {
      const next = hasEnough ? undefined : waiting.next()
      if (next === undefined || next.done) child.disconnect()
      else {
        running.set(child, next.value)
        child.send(next.value)
      }
    }
    for (let count = processes; count > 0; count--) {
      const child = fork(program, ['--worker', ...programArguments], {
        execArgv: [...nodeArguments, ...typescript],
        stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      })
      children.add(child)
      let said = ''
      child.stderr?.on('data', (text) => {
        said += text
      })
      child.on('message', (summary: SeedSummary) => {
        hasEnough = hasEnough || finished(summary, running.get(child) as Each)
        give(child)
      })
      child.on('exit', (code, signal) => {
        children.delete(child)
        if (code !== 0)
          reject(new Error(`${nameOf(running.get(child))}: its process ended with ${code ?? signal}: ${said}`))
        else if (children.size === 0) resolve()
      })
      give(child)
    }
  })
}

function nameOf(job: Job | undefined): string {
  return typeof job === 'object' ? describeDeath(job) : `seed ${job}`
}
