// The rules of the house that no ready-made tool checks. Each takes a file's path and text and answers what breaks, with the line.

/** @typedef {{ readonly path: string, readonly text: string }} SourceFile */
/** @typedef {{ readonly path: string, readonly line: number, readonly reason: string }} Finding */
/** @typedef {{ readonly name: string, readonly applies: (path: string) => boolean, readonly pattern: RegExp, readonly reason: string }} LineRule */

export const longestSourceFile = 350

/** @param {string} path */
const isTest = (path) => /\.test\.[cm]?tsx?$/.test(path)
/** @param {string} path */
const isSource = (path) => /^(packages|apps)\/[^/]+\/src\/.*\.tsx?$/.test(path)

// Where the world comes in. Everything else in these packages gets time, chance, timers and sockets as arguments, or the
// simulator could not replay it.
const worldlyFiles = [
  /^packages\/core\/src\/(platform|testing)\//,
  /^packages\/relay\/src\/(main|(node-)?platform)\.ts$/,
  /^packages\/simulator\/src\/main\.ts$/,
]
/** @param {string} path */
const takesTheWorldAsArgument = (path) =>
  /^packages\/(protocol|core|relay|simulator)\/src\//.test(path) && !worldlyFiles.some((each) => each.test(path))

/** @type {readonly LineRule[]} */
export const lineRules = [
  {
    name: 'every-test-runs',
    applies: isTest,
    pattern:
      /\b(?:it|test|describe|suite)\s*\.\s*(?:concurrent\s*\.\s*)?(?:skip|only|todo)\b|\bx(?:it|test|describe)\s*\(/,
    reason: 'a test that is skipped, focused or still to be written; make it run or remove it',
  },
  {
    name: 'skips-only-for-missing-input',
    applies: (path) => isTest(path),
    pattern: /\b(?:skipIf|runIf)\s*\((?!\s*!?(?:hasSharedData|sharedData)\b)/,
    reason: 'a conditional test; the only condition allowed is missing input, through e2e/shared-data.ts',
  },
  {
    name: 'no-path-of-a-machine',
    applies: () => true,
    pattern: /(?<![\w.*\-~/])\/(?:work|root|home|Users)\/[\w.-]/,
    reason: 'the path of one machine; use a path relative to the project',
  },
  {
    name: 'no-global-clock-or-chance',
    applies: takesTheWorldAsArgument,
    pattern:
      /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(|\bcrypto\.(?:getRandomValues|randomUUID|randomBytes)\(|\bnacl\.randomBytes\(|\bkeyPair\(\)/,
    reason: 'reads a global clock or random source; take it from Platform or as a parameter',
  },
  {
    name: 'no-bare-error',
    applies: (path) => /^packages\/(core|protocol)\/src\//.test(path) && !/\/testing\//.test(path),
    pattern: /\bthrow new Error\(/,
    reason: 'throws a bare Error; throw one with a code from the closed list',
  },
]

/**
 * @param {readonly SourceFile[]} files
 * @returns {Finding[]}
 */
export function brokenLines(files) {
  return files.flatMap(({ path, text }) => {
    const rules = lineRules.filter((rule) => rule.applies(path))
    if (rules.length === 0) return []
    return text
      .split('\n')
      .flatMap((content, index) =>
        rules
          .filter((rule) => rule.pattern.test(content))
          .map((rule) => ({ path, line: index + 1, reason: `${rule.reason} (${rule.name})` })),
      )
  })
}

/**
 * Files that have grown past what one reading holds. A hint, not a failure: now and then a table is long.
 * @param {readonly SourceFile[]} files
 */
export function longFiles(files) {
  return files
    .filter(({ path }) => isSource(path))
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > longestSourceFile)
}

/**
 * Codes without a row in the table of errors, and rows whose code is gone.
 * @param {readonly string[]} codes
 * @param {string} table the page, in Markdown; a row starts with the code in backticks
 */
export function errorTableGaps(codes, table) {
  const rows = [...table.matchAll(/^\|\s*`([^`]+)`\s*\|/gm)].map((match) => match[1] ?? '')
  return {
    missing: codes.filter((code) => !rows.includes(code)),
    stale: rows.filter((row) => !codes.includes(row)),
  }
}
