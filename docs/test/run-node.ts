// Runs Node as a process of its own and answers what it printed.
import { spawn } from 'node:child_process'

export interface Ended {
  /** Null when it was ended from here. */
  readonly status: number | null
  readonly output: string
}

export function runNode(args: readonly string[], folder: string, withinMs: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], timeout: withinMs })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, output }))
  })
}

const packageSources = ['--conditions=@owlivion/source', '--import', import.meta.resolve('tsx')]
/** A file that leaves a timer or a socket open never ends by itself; it is ended here and fails. */
const endsWithinMs = 120_000

/** Runs a TypeScript file on the packages' sources. */
export function runFile(file: string, folder: string): Promise<Ended> {
  return runNode([...packageSources, file], folder, endsWithinMs)
}
