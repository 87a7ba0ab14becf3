// Where each public name is imported from, so that an example need not repeat what its reader knows.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** An entry of a package: what an app writes behind `from`, and the file that it leads to. */
export interface Entry {
  readonly specifier: string
  readonly file: string
}

/** The entries of a package, from the `exports` of its package.json. */
export function entriesOf(folder: string): Entry[] {
  const { name, exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return Object.entries(exports as Record<string, { readonly '@owlivion/source': string }>).map(([path, targets]) => ({
    specifier: name + path.slice(1),
    file: join(folder, targets['@owlivion/source']),
  }))
}

/** The names that a module exports. Reads the text, which the formatter keeps in one shape. */
export function exportedNames(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const declared = [
    ...text.matchAll(
      /^export (?:declare )?(?:async )?(?:abstract )?(?:function\*?|const|class|interface|type) (\w+)/gm,
    ),
  ].map((match) => match[1] as string)
  const listed = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap((match) =>
    (match[1] as string)
      .split(',')
      .map((item) => item.trim().split(/\s+/).at(-1) as string)
      .filter((name) => name !== ''),
  )
  const passedOn = [...text.matchAll(/^export (?:type )?\* from '(\.[^']*)'/gm)].flatMap((match) => {
    const path = join(dirname(file), match[1] as string)
    return exportedNames(existsSync(`${path}.ts`) ? `${path}.ts` : join(path, 'index.ts'))
  })
  return [...declared, ...listed, ...passedOn]
}
