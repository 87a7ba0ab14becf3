// The relay as its own process, as a person starts it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const fromSource = ['--conditions=@owlivion/source', '--import', 'tsx', main]

export interface RelayProcess {
  readonly child: ChildProcess
  /** As printed on standard output. */
  readonly url: string
  /** Everything written to standard error so far. */
  log(): string
  /** @returns the exit code, or the signal that ended the process */
  kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string>
}

const running = new Set<ChildProcess>()

/** After each test: a test that failed leaves no process behind. */
export function killRelayProcesses(): void {
  for (const child of running) child.kill('SIGKILL')
}

export interface StartOptions {
  /** Runs in front, for example strace. */
  readonly wrapper?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** Runs the command to its end. */
export async function runRelay(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [...fromSource, ...args])
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const [code] = await once(child, 'close')
  return { code, output }
}

/** Resolves when the relay says that it is ready. */
export async function startRelayProcess(
  folder: string,
  args: readonly string[] = [],
  { wrapper = [], environment = {} }: StartOptions = {},
): Promise<RelayProcess> {
  const serve = ['serve', '--data', folder, '--port', '0', '--log-level', 'debug', ...args]
  const [command, ...rest] = [...wrapper, process.execPath, ...fromSource, ...serve] as [string, ...string[]]
  const child = spawn(command, rest, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  child.once('close', () => running.delete(child))
  let log = ''
  child.stderr.on('data', (chunk) => (log += chunk))
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(line.replace('relay ready on ', '')))
    child.once('close', (code) => reject(new Error(`the relay ended with ${code}: ${log}`)))
  })
  return {
    child,
    url,
    log: () => log,
    async kill(signal) {
      const ended = once(child, 'close')
      child.kill(signal)
      const [code, endedBy] = await ended
      return code ?? endedBy
    },
  }
}
