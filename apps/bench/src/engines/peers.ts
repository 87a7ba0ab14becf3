// The published peers are no part of a plain install: they are installed on demand into a folder of their own, in pinned versions.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Engine } from './engine'

const folder = new URL('../peers/', import.meta.url)

export function peers(): Engine[] {
  const install = spawnSync(
    'pnpm',
    ['install', '--ignore-workspace', '--frozen-lockfile', '--reporter', 'append-only'],
    {
      cwd: fileURLToPath(folder),
      stdio: 'inherit',
    },
  )
  if (install.status !== 0) throw new Error('the peers could not be installed')
  return readdirSync(folder)
    .filter((file) => file.endsWith('-server.mjs'))
    .map((file) => file.replace('-server.mjs', ''))
    .map((name) => ({
      name,
      server: new URL(`${name}-server.mjs`, folder),
      client: new URL(`${name}.mjs`, folder),
    }))
}
