// What an app loads at its first start when it imports one entry of a built package: the entry, and what it imports statically.
// What is behind `import()` comes later or never, and does not count.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** As the bundler writes them: a statement of its own in an ES module, an assignment or a bare call in CommonJS. */
const staticImport = /^(?:import|export)\b[^;]*?["']([^"']+)["'];|^(?:var [^\n]*?)?\brequire\(["']([^"']+)["']\)/gm

/**
 * @param {string} entry path of a built entry
 * @returns {{ packages: string[], sources: string[] }} what it imports from other packages, and the sources that it was built from, as
 * its source maps name them
 */
export function firstLoad(entry) {
  /** @type {Set<string>} */
  const packages = new Set()
  /** @type {Set<string>} */
  const sources = new Set()
  const files = new Set([entry])
  for (const file of files) {
    for (const source of JSON.parse(readFileSync(`${file}.map`, 'utf8')).sources) sources.add(source)
    for (const [, inModule, inCommonJs] of readFileSync(file, 'utf8').matchAll(staticImport)) {
      const specifier = /** @type {string} */ (inModule ?? inCommonJs)
      if (specifier.startsWith('.')) files.add(join(dirname(file), specifier))
      else packages.add(specifier)
    }
  }
  return { packages: [...packages], sources: [...sources] }
}
