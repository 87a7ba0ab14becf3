// A relay as its own process, on SQLite in a fresh folder.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface RelayProcess {
  readonly url: string
  readonly folder: string
  readonly pid: number | undefined
  stop(): Promise<void>
}

const main = fileURLToPath(new URL('../../../../packages/relay/src/main.ts', import.meta.url))

export async function startRelay(): Promise<RelayProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'owlivion-bench-'))
  const child: ChildProcess = spawn(
    process.execPath,
    [
      '--conditions=@owlivion/source',
      '--import',
      'tsx',
      main,
      'serve',
      '--data',
      folder,
      '--port',
      '0',
      '--log-level',
      'warn',
    ],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const address = await new Promise<string>((resolve, reject) => {
    let output = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const match = /relay ready on http:\/\/(\S+)/.exec(output)
      if (match?.[1] !== undefined) resolve(match[1])
    })
    child.once('exit', (code) => reject(new TypeError(`the relay ended with ${code}`)))
  })
  return {
    url: `ws://${address}`,
    folder,
    pid: child.pid,
    async stop() {
      child.kill('SIGTERM')
      await new Promise((resolve) => child.once('exit', resolve))
      rmSync(folder, { recursive: true })
    },
  }
}
