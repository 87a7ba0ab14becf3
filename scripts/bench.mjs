// Builds what the benchmark runs: the packages as they are published, and itself. A loader of TypeScript beside them would be measured, too.
import { spawnSync } from 'node:child_process'

const run = (/** @type {string} */ command, /** @type {string[]} */ ...args) =>
  spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' }).status ?? 1

process.exitCode =
  run('turbo', 'run', 'build', '--filter=@owlivion/bench', '--output-logs=errors-only') ||
  run(process.execPath, 'apps/bench/dist/bench.js', ...process.argv.slice(2))
