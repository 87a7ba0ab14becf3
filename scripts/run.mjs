// The front door of every npm script: needs only Node and npm. It installs the workspace when the lock file or the
// Node version changed since the last install, then runs the tool named on its command line.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { watchParent } from './parent-watch.mjs'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Owlivion Sync needs Node 20.19 or newer; this is ${process.version}.`)
  process.exit(1)
}

const root = fileURLToPath(new URL('..', import.meta.url))
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const env = {
  ...process.env,
  TURBO_TELEMETRY_DISABLED: '1',
  PATH: join(root, 'node_modules', '.bin') + delimiter + process.env.PATH,
}
/** @type {import('node:child_process').SpawnOptions & { stdio: 'inherit' }} */
const options = { cwd: root, stdio: 'inherit', env, shell: process.platform === 'win32' }

const stampPath = join(root, 'node_modules', '.stamp')
const stamp = createHash('sha256')
  .update(readFileSync(join(root, 'pnpm-lock.yaml')))
  .update(process.versions.modules)
  .digest('hex')
if (!existsSync(stampPath) || readFileSync(stampPath, 'utf8') !== stamp) {
  console.log('Installing dependencies (the first time takes a minute or two: SQLite is compiled for this machine) …')
  const install = spawnSync(
    'npx',
    ['--yes', packageManager, 'install', '--frozen-lockfile', '--reporter', 'append-only'],
    options,
  )
  if (install.status !== 0) process.exit(install.status ?? 1)
  writeFileSync(stampPath, stamp)
}

const [command = '', ...args] = process.argv.slice(2)
const child = spawn(command, args, options)
// A terminal sends Ctrl-C to the whole group; a supervisor signals only this process. Either way the child decides when to end.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.on(signal, () => child.kill(signal))
watchParent(() => child.kill('SIGTERM'))
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)))
