// Counts what vitest ran and hands the counts to scripts/test.mjs, which prints them after vitest has ended: only so is the
// summary sure to be the last line.
import { writeFileSync } from 'node:fs'

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed tests that failed, files that could not be loaded, and errors that belong to no test
 * @property {string[]} skipped the full names of what did not run
 */

/** @typedef {import('vitest/node').Reporter} Reporter */

/** @implements {Reporter} */
export default class SummaryReporter {
  /**
   * @param {ReadonlyArray<import('vitest/node').TestModule>} modules
   * @param {ReadonlyArray<unknown>} strayErrors
   */
  onTestRunEnd(modules, strayErrors) {
    /** @type {Counts} */
    const counts = { passed: 0, failed: strayErrors.length, skipped: [] }
    for (const module of modules) {
      counts.failed += module.errors().length
      for (const suite of module.children.allSuites()) counts.failed += suite.errors().length
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') counts.passed++
        else if (state === 'skipped')
          counts.skipped.push(`${module.project.name}: ${module.relativeModuleId} > ${test.fullName}`)
        // A test still pending at the end was cut off; that is no pass.
        else counts.failed++
      }
    }
    const target = process.env.OWLIVION_TEST_COUNTS
    if (target) writeFileSync(target, JSON.stringify(counts))
  }
}
