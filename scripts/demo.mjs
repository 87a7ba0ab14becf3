// `npm run demo`: builds what is needed, starts one relay that also serves the demo app from its own origin, and prints one
// address. Ctrl-C, SIGTERM and a closed terminal stop everything.
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { watchParent } from './parent-watch.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
// Kept between runs, as the browser keeps its devices: only `.demo-data` removed and the site's data cleared is a fresh start.
// A test names another folder, so that it disturbs no demo that somebody has running.
const dataFolder = process.env.OWLIVION_DEMO_DATA ?? join(root, '.demo-data')
const logPath = join(dataFolder, 'relay.log')
/** Goes when the folder is removed, as the passwords do that need it. A relay of people's own keeps it apart from the data. */
const signInKeyPath = join(dataFolder, 'keys', 'sign-in.json')
/** The browser's storage hangs on the origin, so the same port again shows the same devices again. */
const preferredPort = 8787
const readyWithinMs = 30_000
/** Time for the relay to hand out what it owes before it is ended by force. */
const drainMs = 5_000

/** @type {import('node:child_process').ChildProcess | undefined} */
let running
let stopping = false

/**
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').StdioOptions} stdio
 */
function start(command, args, stdio) {
  const child = spawn(command, args, {
    cwd: root,
    stdio,
    shell: process.platform === 'win32' && command !== process.execPath,
  })
  running = child
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(`${command} could not be started: ${error.message}`)
      resolve(1)
    })
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

async function stop() {
  if (stopping) return
  stopping = true
  const child = running
  if (child && child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    const force = setTimeout(() => child.kill('SIGKILL'), drainMs)
    await ended
    clearTimeout(force)
  }
  process.exit(0)
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop)
watchParent(stop)

/** @param {string} reason */
function fail(reason) {
  if (stopping) return
  console.error(reason)
  running?.kill('SIGKILL')
  process.exit(1)
}

/** @param {number} port */
const isFree = (port) =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })

async function freePort() {
  for (let port = preferredPort; port < preferredPort + 20; port++) if (await isFree(port)) return port
  return fail(`No free port between ${preferredPort} and ${preferredPort + 19}.`)
}

console.log('Building … (up to two minutes the first time, a few seconds after that)')
const built = await start('turbo', ['run', 'build', '--output-logs=errors-only'], ['ignore', 'ignore', 'inherit'])
if (built !== 0) fail('The build failed; `npm run build` shows why.')

const port = await freePort()
mkdirSync(dataFolder, { recursive: true })
const log = openSync(logPath, 'w')
const relay = join('packages', 'relay', 'dist', 'main.js')
const serve = ['--data', dataFolder, '--port', String(port), '--static', join('apps', 'demo', 'dist'), '--inspect']
const signIn = ['--sign-in', '--sign-in-key', signInKeyPath, '--passkey-origin', `http://localhost:${port}`]
const ended = start(process.execPath, [relay, 'serve', ...serve, ...signIn], ['ignore', log, log])
closeSync(log)
ended.then((code) => fail(`The relay ended with code ${code}:\n${readFileSync(logPath, 'utf8')}`))

const url = `http://localhost:${port}/`
const deadline = Date.now() + readyWithinMs
while (
  !(await fetch(`http://127.0.0.1:${port}/ready`).then(
    (answer) => answer.ok,
    () => false,
  ))
) {
  if (Date.now() > deadline)
    fail(`The relay was not ready in ${readyWithinMs / 1000} s:\n${readFileSync(logPath, 'utf8')}`)
  await sleep(100)
}
console.log(`\nOwlivion Sync demo: ${url}\n\nCtrl-C stops it.`)
