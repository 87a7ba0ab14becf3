// Builds what the benchmark runs: the packages as they are published, and itself. A loader of TypeScript beside them would be measured, too.
// What is measured beside the workloads reaches into the source, and is run from it.
import { spawnSync } from 'node:child_process'

const run = (/** @type {string} */ command, /** @type {string[]} */ ...args) =>
  spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' }).status ?? 1

const args = process.argv.slice(2)
process.exitCode = args.includes('--besides')
  ? run(process.execPath, '--conditions=@owlivion/source', '--import', 'tsx', 'apps/bench/src/besides.ts', ...args)
  : run('turbo', 'run', 'build', '--filter=@owlivion/bench', '--output-logs=errors-only') ||
    run(process.execPath, 'apps/bench/dist/bench.js', ...args)
