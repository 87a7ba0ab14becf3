// A TypeScript file of this repository as a process of its own, from source, as the tests themselves run.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface SourceProcess {
  readonly child: ChildProcess
  /** Everything it wrote to standard error so far. */
  errorOutput(): string
  send(line: string): void
  readonly hasExited: boolean
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>
  /** SIGKILL cannot be caught: the process ends between two instructions, as when the machine loses power under it. */
  kill(signal?: NodeJS.Signals): Promise<void>
}

/**
 * @param file path inside the repository
 * @param onLine called with each whole line of standard output
 */
export function startSourceProcess(
  file: string,
  arguments_: readonly string[],
  onLine: (line: string) => void,
): SourceProcess {
  const child = spawn(process.execPath, ['--conditions=@owlivion/source', '--import', 'tsx', file, ...arguments_], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let errors = ''
  let hasExited = false
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  // A process that was killed leaves its input broken; that is no failure of the test.
  child.stdin.on('error', () => {})
  createInterface({ input: child.stdout }).on('line', onLine)
  const exited = once(child, 'close').then(() => {
    hasExited = true
  })
  return {
    child,
    errorOutput: () => errors,
    send: (line) => void child.stdin.write(`${line}\n`),
    get hasExited() {
      return hasExited
    },
    exited,
    async kill(signal = 'SIGKILL') {
      child.kill(signal)
      await exited
    },
  }
}
