// The app as its users get it, built from the present source into a folder of its own.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface BuiltApp {
  readonly folder: string
  remove(): void
}

/** In a process of its own: a test run calls its environment "test", and React would be built for developers. */
export async function buildApp(): Promise<BuiltApp> {
  const folder = mkdtempSync(join(tmpdir(), 'owlivion-demo-app-'))
  const vite = join(dirname(fileURLToPath(import.meta.resolve('vite/package.json'))), 'bin', 'vite.js')
  const { NODE_ENV: _, ...env } = process.env
  const child = spawn(process.execPath, [vite, 'build', '--outDir', folder, '--emptyOutDir', '--logLevel', 'warn'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`The app could not be built:\n${output}`)),
    )
  })
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
