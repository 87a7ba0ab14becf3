// `npm run check`: format, lint, types, walls, unused code and the rules of the house. Every check runs even when an earlier
// one failed, so that one run tells everything there is to mend.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brokenLines, errorTableGaps, longestSourceFile, longFiles } from './house-rules.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

/** @type {string[]} */
const failed = []

/**
 * @param {string} name
 * @param {() => boolean} run answers whether all is well, and has said why when not
 */
function check(name, run) {
  console.log(`\n── ${name}`)
  if (!run()) failed.push(name)
}

/** @param {string[]} commandLine */
const tool = ([command = '', ...args]) => {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' })
  if (error) console.error(`${command}: ${error.message}`)
  return status === 0
}

/** What git knows or would take in: a file that is not added yet counts, an ignored one does not. */
function projectFiles() {
  const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    encoding: 'utf8',
  })
  return stdout
    .split('\0')
    .filter(
      (path) => /\.([cm]?[jt]sx?|json|ya?ml|md|css|html|sh|service)$|^\.ci\//.test(path) && path !== 'pnpm-lock.yaml',
    )
    .filter((path) => existsSync(path))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
}

function everyCodeHasARow() {
  const page = 'docs/protocol/errors.md'
  const source = ['--conditions=@owlivion/source', '--import', 'tsx', 'scripts/error-codes.ts']
  const { status, stdout, stderr } = spawnSync(process.execPath, source, { encoding: 'utf8' })
  if (status !== 0) {
    console.error(`scripts/error-codes.ts could not list the codes:\n${stderr}`)
    return false
  }
  if (!existsSync(page)) {
    console.error(`${page} is missing: every error code needs a row there`)
    return false
  }
  const { missing, stale } = errorTableGaps(JSON.parse(stdout), readFileSync(page, 'utf8'))
  for (const code of missing) console.error(`${page}: no row for the error code \`${code}\``)
  for (const code of stale) console.error(`${page}: a row for \`${code}\`, which no package defines`)
  return missing.length + stale.length === 0
}

check('format and lint (biome)', () => tool(['biome', 'check', '--error-on-warnings', '.']))
check('types (tsc, every package)', () =>
  [
    tool(['tsc']),
    tool(['turbo', 'run', 'typecheck', '--concurrency=2', '--continue', '--output-logs=errors-only']),
  ].every(Boolean),
)
check('walls between packages and folders (dependency-cruiser)', () =>
  tool(['depcruise', ...['packages', 'apps', 'docs', 'e2e'].filter((folder) => existsSync(folder))]),
)
check('unused files, exports and dependencies (knip)', () => tool(['knip', '--no-config-hints']))
check('rules of the house', () => {
  const files = projectFiles()
  for (const { path, lines } of longFiles(files))
    console.warn(`warning: ${path} has ${lines} lines; over ${longestSourceFile} it is usually two concepts`)
  const findings = brokenLines(files)
  for (const { path, line, reason } of findings) console.error(`${path}:${line}: ${reason}`)
  return findings.length === 0
})
check('every error code is documented', everyCodeHasARow)
check('bytes of the client in a browser (size-limit)', () => tool(['size-limit']))

if (failed.length > 0) {
  console.error(`\n${failed.length} checks failed:\n${failed.map((name) => `  ${name}`).join('\n')}`)
  process.exit(1)
}
console.log('\nAll checks passed.')
