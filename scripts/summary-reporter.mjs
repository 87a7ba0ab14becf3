// Counts what vitest ran and hands the counts to scripts/test.mjs, which prints them after vitest has ended: only so is the
// summary sure to be the last line.
import { writeFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'

/** @typedef {{ readonly name: string, readonly message: string }} Failure */

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {readonly Failure[]} failures tests that failed, files that could not be loaded, and errors that belong to no test
 * @property {string[]} skipped the full names of what did not run
 */

/** @typedef {import('vitest/node').Reporter} Reporter */

/** @implements {Reporter} */
export default class SummaryReporter {
  /**
   * @param {ReadonlyArray<import('vitest/node').TestModule>} modules
   * @param {ReadonlyArray<import('vitest').SerializedError>} strayErrors
   */
  onTestRunEnd(modules, strayErrors) {
    /** @type {Failure[]} */
    const failures = strayErrors.map((error) => ({ name: 'outside of every test', message: firstLine(error) }))
    /** @type {string[]} */
    const skipped = []
    let passed = 0
    for (const module of modules) {
      const file = `${module.project.name}: ${module.relativeModuleId}`
      for (const error of module.errors()) failures.push({ name: file, message: firstLine(error) })
      for (const suite of module.children.allSuites())
        for (const error of suite.errors())
          failures.push({ name: `${file} > ${suite.fullName}`, message: firstLine(error) })
      for (const test of module.children.allTests()) {
        const name = `${file} > ${test.fullName}`
        const { state, errors } = test.result()
        if (state === 'passed') passed++
        else if (state === 'skipped') skipped.push(name)
        // A test still pending at the end was cut off; that is no pass.
        else failures.push({ name, message: errors?.[0] ? firstLine(errors[0]) : `was still ${state} at the end` })
      }
    }
    /** @type {Counts} */
    const counts = { passed, failures, skipped }
    const target = process.env.OWLIVION_TEST_COUNTS
    if (target) writeFileSync(target, JSON.stringify(counts))
  }
}

/** @param {{ readonly message?: string }} error */
function firstLine({ message = 'no message' }) {
  return stripVTControlCharacters(message).split('\n', 1)[0]?.slice(0, 300) ?? ''
}
