// How a test run ends: what could not run, whether that fails the run, and the one plain line at the end.

/**
 * @typedef {object} TestRun
 * @property {import('./summary-reporter.mjs').Counts | undefined} counts undefined when the run ended before it could count
 * @property {number | null} exitCode of vitest
 * @property {{ readonly files: number, readonly tests: number }} unseen browser tests that no Chromium was there for
 * @property {boolean} strict true where everything must run
 */

const endedEarly = { name: 'vitest', message: 'ended before it could count its tests' }
const failedElsewhere = { name: 'vitest', message: 'failed, and no test did: see its own output' }

/** How many skipped, and how many failed, tests are named; the rest is a number. */
const namedSkips = 20
const namedFailures = 40

/** @param {TestRun} run */
export function summarise({ counts = { passed: 0, failures: [endedEarly], skipped: [] }, exitCode, unseen, strict }) {
  // vitest can also fail for a reason that belongs to no test, a crashed worker for one.
  const failures = exitCode !== 0 && counts.failures.length === 0 ? [failedElsewhere] : counts.failures
  const failed = failures.length
  const skipped = counts.skipped.length + unseen.tests
  const ran = counts.passed + failed

  /** @type {string[]} */
  const lines = ['']
  if (unseen.files > 0) {
    lines.push(
      ...framed(
        'BROWSER TESTS SKIPPED: no Chromium found; set CHROMIUM_PATH or install one (Debian: apt-get install chromium).',
        `${unseen.tests} tests or more in ${unseen.files} files did not run.`,
      ),
    )
  }
  if (counts.skipped.length > 0) {
    const more = counts.skipped.length - namedSkips
    const names = counts.skipped.slice(0, namedSkips).map((name) => `  ${name}`)
    lines.push(
      ...framed(
        `${counts.skipped.length} TESTS SKIPPED: their input, which is not part of this repository, is not there (see CONTRIBUTING.md).`,
        ...names,
        ...(more > 0 ? [`  … and ${more} more`] : []),
      ),
    )
  }
  const fatalSkips = strict && skipped > 0
  if (fatalSkips) lines.push('CI is set, and there everything must run: skipped tests fail the run.')
  // What is printed last is what remains to be seen of a run on another machine.
  for (const { name, message } of failures.slice(0, namedFailures)) lines.push(`FAILED: ${name}`, `  ${message}`)
  if (failed > namedFailures) lines.push(`FAILED: … and ${failed - namedFailures} more`)
  if (ran === 0) lines.push('No test ran at all: that is a failure, not a pass.')
  lines.push(`${counts.passed} passed, ${failed} failed, ${skipped} skipped`)
  return { good: failed === 0 && ran > 0 && !fatalSkips, text: lines.join('\n') }
}

/** @param {string[]} lines */
function framed(...lines) {
  const width = Math.max(...lines.map((line) => line.length))
  const edge = '#'.repeat(width + 4)
  return [edge, ...lines.map((line) => `# ${line.padEnd(width)} #`), edge, '']
}
