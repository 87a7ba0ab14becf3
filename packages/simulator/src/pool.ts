// Runs seeds in processes of their own, on as many cores as are given.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { SeedSummary } from './report'

export interface PoolOptions {
  readonly seeds: Iterable<number>
  readonly processes: number
  /** For the program that runs the seeds. */
  readonly programArguments: readonly string[]
  /** For `node`, before those that let it run TypeScript. */
  readonly nodeArguments?: readonly string[]
  /** Called with each result. Answers whether that is enough. */
  readonly finished: (summary: SeedSummary) => boolean
}

const program = fileURLToPath(new URL('main.ts', import.meta.url))
const typescript = ['--conditions=@owlivion/source', '--import', 'tsx']

/** Resolves when every seed has run, or `finished` has had enough; rejects when a process ends by itself, with what it said. */
export function runSeeds({ seeds, processes, programArguments, nodeArguments = [], finished }: PoolOptions) {
  const waiting = seeds[Symbol.iterator]()
  const children = new Set<ChildProcess>()
  const running = new Map<ChildProcess, number>()
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
        hasEnough = hasEnough || finished(summary)
        give(child)
      })
      child.on('exit', (code, signal) => {
        children.delete(child)
        if (code !== 0)
          reject(new Error(`seed ${running.get(child)}: its process ended with ${code ?? signal}: ${said}`))
        else if (children.size === 0) resolve()
      })
      give(child)
    }
  })
}
