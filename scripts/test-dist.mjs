// `npm run test:dist`: what a user of the packages gets. Builds and packs them, installs the tarballs into an empty project
// outside this one, and has two processes, one of ES modules and one of CommonJS, sync a contact through the packed relay.
import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { firstLoad } from './first-load.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const packages = [
  { folder: 'protocol', name: '@owlivion/sync-protocol', profile: 'node16' },
  { folder: 'core', name: '@owlivion/sync', profile: 'node16' },
  { folder: 'react', name: '@owlivion/sync-react', profile: 'node16' },
  { folder: 'relay', name: '@owlivion/relay', profile: 'esm-only' },
]
/** What the user installs beside them, in the versions that this workspace itself is tested with. */
const companions = { core: ['yjs', 'ws', 'better-sqlite3'], react: ['react'] }
/** What an app pays for only when somebody signs in with a password, pairs a device, types a phrase or shows HTML. */
const lazy = {
  packages: /^(@serenity-kit\/opaque|@simplewebauthn\/|@scure\/bip39|sanitize-html|fast-xml-parser)/,
  sources: /\/src\/(password|pairing|mail|command-line|commands|testing)\//,
}
const stepWithinMs = 600_000

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'owlivion-dist-')))
const tarballs = join(scratch, 'tarballs')
const consumer = join(scratch, 'consumer')

/**
 * Runs to the end and answers what was printed; ends the whole check when it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 * @returns {Promise<{ stdout: string, stderr: string }>}
 */
function run(command, args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, timeout: stepWithinMs, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => (stdout += chunk))
    child.stderr.on('data', (chunk) => (stderr += chunk))
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) return resolve({ stdout, stderr })
      reject(new Error(`${command} ${args.join(' ')} ended with ${code ?? signal}\n${stdout}${stderr}`))
    })
  })
}

/** @param {string} path */
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))
/** @param {string} path @param {unknown} value */
const writeJson = (path, value) => writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`)

/** @param {string} name @param {() => Promise<void>} work */
async function step(name, work) {
  const start = Date.now()
  await work()
  console.log(`✓ ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`)
}

async function pack() {
  await run('turbo', ['run', 'build', ...packages.map(({ name }) => `--filter=${name}`)], root)
  for (const { folder } of packages)
    await run('pnpm', ['pack', '--pack-destination', tarballs], join(root, 'packages', folder))
}

/** @param {string} name */
function tarballOf(name) {
  const stem = name.replace('@', '').replace('/', '-')
  const file = readdirSync(tarballs).find((each) => new RegExp(`^${stem}-\\d`).test(each))
  if (file === undefined) throw new Error(`${name} was not packed`)
  return join(tarballs, file)
}

async function lint() {
  for (const { name, profile } of packages) {
    await run('publint', ['run', tarballOf(name), '--strict'], root)
    await run('attw', [tarballOf(name), '--profile', profile], root)
  }
}

async function install() {
  cpSync(join(root, 'scripts', 'dist-consumer'), consumer, { recursive: true })
  const ours = Object.fromEntries(packages.map(({ name }) => [name, `file:${tarballOf(name)}`]))
  const theirs = Object.entries(companions).flatMap(([folder, names]) =>
    names.map((name) => [name, readJson(join(root, 'packages', folder, 'node_modules', name, 'package.json')).version]),
  )
  writeJson(join(consumer, 'package.json'), {
    name: 'consumer',
    private: true,
    dependencies: { ...ours, ...Object.fromEntries(theirs) },
    devDependencies: { '@types/node': readJson(join(root, 'node_modules/@types/node/package.json')).version },
    // The tarballs name each other by version; none of these versions needs to be published for this to work.
    overrides: Object.fromEntries(packages.map(({ name }) => [name, `$${name}`])),
  })
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'], consumer)

  // Compiling SQLite takes a minute. The same version was compiled for this same machine when the workspace was installed.
  const compiled = join('node_modules', 'better-sqlite3', 'build', 'Release', 'better_sqlite3.node')
  mkdirSync(join(consumer, compiled, '..'), { recursive: true })
  cpSync(join(root, 'packages', 'relay', compiled), join(consumer, compiled))
  for (const { name } of packages)
    if (!existsSync(join(consumer, 'node_modules', name))) throw new Error(`${name} was not installed`)
}

async function typeCheck() {
  const source = readFileSync(join(consumer, 'consumer.ts'), 'utf8')
  writeFileSync(join(consumer, 'consumer.mts'), source)
  writeFileSync(join(consumer, 'consumer.cts'), source)
  const strict = { strict: true, noEmit: true, target: 'ES2022', skipLibCheck: false, types: ['node'] }
  writeJson(join(consumer, 'tsconfig.node16.json'), {
    compilerOptions: { ...strict, module: 'node16', moduleResolution: 'node16' },
    files: ['consumer.mts', 'consumer.cts'],
  })
  writeJson(join(consumer, 'tsconfig.bundler.json'), {
    compilerOptions: { ...strict, module: 'ESNext', moduleResolution: 'bundler' },
    files: ['consumer.ts'],
  })
  for (const resolution of ['node16', 'bundler']) await run('tsc', ['-p', `tsconfig.${resolution}.json`], consumer)
}

async function loadEverything() {
  const entries = packages.flatMap(({ folder, name }) =>
    Object.keys(readJson(join(root, 'packages', folder, 'package.json')).exports).map((path) => name + path.slice(1)),
  )
  const imports = entries.map((entry) => `await import('${entry}')`)
  // The relay ships ES modules only, which every Node that it runs on can require.
  const requires = entries.map((entry) => `require('${entry}')`)
  writeFileSync(join(consumer, 'load.mjs'), ["import 'yjs'", ...imports].join('\n'))
  writeFileSync(join(consumer, 'load.cjs'), ["require('yjs')", ...requires].join('\n'))
  for (const file of ['load.mjs', 'load.cjs']) {
    const { stderr } = await run(process.execPath, [file], consumer)
    if (stderr.includes('Yjs was already imported')) throw new Error(`${file} loads yjs more than once:\n${stderr}`)
  }
}

async function mainEntryIsLean() {
  for (const file of ['index.js', 'index.cjs']) {
    const { packages, sources } = firstLoad(join(consumer, 'node_modules', '@owlivion/sync', 'dist', file))
    // A list that does not have what everything needs was not read right, and would find nothing.
    if (!packages.includes('yjs') || !sources.some((each) => each.endsWith('/src/client.ts')))
      throw new Error(`what ${file} loads could not be read: ${packages.join(', ')}`)
    const tooEarly = [
      ...packages.filter((each) => lazy.packages.test(each)),
      ...sources.filter((each) => lazy.sources.test(each)),
    ]
    if (tooEarly.length > 0) throw new Error(`${file} loads at once what should wait: ${tooEarly.join(', ')}`)
  }
}

async function syncThroughThePackedRelay() {
  const port = await freePort()
  const bin = join(consumer, 'node_modules', '.bin', 'owlivion-relay')
  const relay = spawn(bin, ['serve', '--data', join(scratch, 'relay'), '--port', String(port)], {
    cwd: consumer,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  relay.stdout.on('data', (chunk) => (log += chunk))
  relay.stderr.on('data', (chunk) => (log += chunk))
  relay.on('error', (error) => (log += error.message))
  try {
    await ready(`http://127.0.0.1:${port}/ready`, relay)
    const url = `ws://127.0.0.1:${port}`
    await run(join(consumer, 'node_modules', '.bin', 'owlivion-sync'), ['--help'], consumer)
    const writer = await run(process.execPath, ['writer.mjs', join(scratch, 'writer.db'), url], consumer)
    const { recoveryPhrase } = JSON.parse(writer.stdout)
    const reader = await run(
      process.execPath,
      ['reader.cjs', join(scratch, 'reader.db'), url, recoveryPhrase],
      consumer,
    )
    const { contact } = JSON.parse(reader.stdout)
    if (contact?.name !== 'Ann') throw new Error(`the contact arrived as ${JSON.stringify(contact)}`)
    for (const { stderr } of [writer, reader])
      if (stderr.includes('Yjs was already imported')) throw new Error(`yjs was loaded more than once:\n${stderr}`)
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\nrelay:\n${log}`)
  } finally {
    const ended = new Promise((resolve) => relay.once('close', resolve))
    if (relay.pid !== undefined && relay.exitCode === null && relay.kill('SIGTERM')) await ended
  }
}

/** @returns {Promise<number>} */
const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

/** @param {string} url @param {import('node:child_process').ChildProcess} relay */
async function ready(url, relay) {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (relay.exitCode !== null) throw new Error(`the relay ended with code ${relay.exitCode}`)
    if (
      await fetch(url).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      return
    await sleep(100)
  }
  throw new Error('the relay was not ready in 20 s')
}

try {
  mkdirSync(tarballs)
  await step('built and packed', pack)
  await step('publint and attw find nothing', lint)
  await step('the tarballs install into an empty project', install)
  await step('every entry loads as ES module and as CommonJS with one yjs', loadEverything)
  await step('the main entry loads nothing of passwords, pairing and word lists', mainEntryIsLean)
  await step('a strict consumer type-checks under node16 and bundler resolution', typeCheck)
  await step('two processes sync through the packed relay', syncThroughThePackedRelay)
  console.log('\nThe packages work as installed.')
} catch (error) {
  console.error(`✗ ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
