// Declarations for CommonJS speak of packages whose declarations are ES modules only (yjs, lib0, y-protocols). TypeScript refuses to
// follow them there unless the import says that it is of types, and how to find them.
//
//   node scripts/esm-only-types.mjs dist
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What is only named to be loaded has nothing to declare. */
const bare = /^import (['"])(?:yjs|lib0|y-protocols)(?:\/[\w./-]+)?\1;\n/gm
const imports = /^import (?:type )?(.+) from (['"])((?:yjs|lib0|y-protocols)(?:\/[\w./-]+)?)\2;$/gm

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('Which folder? Say it as the first argument.')
for (const name of readdirSync(folder).filter((each) => each.endsWith('.d.cts'))) {
  const path = join(folder, name)
  const text = readFileSync(path, 'utf8')
  const typed = text
    .replace(bare, '')
    .replace(
      imports,
      (_, what, quote, from) =>
        `import type ${what} from ${quote}${from}${quote} with { 'resolution-mode': 'import' };`,
    )
  if (typed !== text) writeFileSync(path, typed)
}
