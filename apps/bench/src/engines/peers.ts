// The published peers are no part of a plain install: they are installed on demand into a folder of their own, in pinned versions.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Engine } from './engine'

const folder = new URL('../peers/', import.meta.url)

/** What a peer needs otherwise than the rest, and what it cannot do. */
const terms: Readonly<Record<string, Pick<Engine, 'skips' | 'callTimeoutMs'>>> = {
  // An edit takes longer the more there have been: 10,000 contacts took 77 s on a quiet machine.
  automerge: { callTimeoutMs: 600_000 },
}

/** Published, and not here: the report says why instead of leaving them out in silence. */
const absent: Readonly<Record<string, string>> = {
  evolu: 'its relay needs Node 24 or newer, and there is no adapter for it here',
}

/** @param workloads their names */
export function peers(workloads: readonly string[]): Engine[] {
  const install = spawnSync(
    'pnpm',
    ['install', '--ignore-workspace', '--frozen-lockfile', '--reporter', 'append-only'],
    {
      cwd: fileURLToPath(folder),
      stdio: 'inherit',
    },
  )
  if (install.status !== 0) throw new Error('the peers could not be installed')
  const present = readdirSync(folder)
    .filter((file) => file.endsWith('-server.mjs'))
    .map((file) => file.replace('-server.mjs', ''))
    .map((name) => ({
      name,
      server: new URL(`${name}-server.mjs`, folder),
      client: new URL(`${name}.mjs`, folder),
      ...terms[name],
    }))
  const others = Object.entries(absent).map(([name, why]) => ({
    name,
    server: folder,
    client: folder,
    skips: Object.fromEntries(workloads.map((workload) => [workload, why])),
  }))
  return [...present, ...others]
}
