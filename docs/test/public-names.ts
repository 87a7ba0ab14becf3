// What a package offers, and where each name is declared. Reads the text, which the formatter keeps in one shape.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** An entry of a package: what an app writes behind `from`, and the file that it leads to. */
export interface Entry {
  readonly specifier: string
  readonly file: string
}

export interface PublicName {
  readonly name: string
  /** The file that declares it. */
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

const declaration = (name: string) =>
  new RegExp(
    `^export (?:declare )?(?:async )?(?:abstract )?(?:function\\*?|const|class|interface|type) (${name})\\b`,
    'gm',
  )

/** The names that a module exports, with those that it passes on. */
export function publicNames(file: string): PublicName[] {
  const text = readFileSync(file, 'utf8')
  const declared = [...text.matchAll(declaration('\\w+'))].map((match) => ({ name: match[1] as string, file }))
  const listed = [...text.matchAll(/^export (?:type )?\{([^}]*)\} from '(\.[^']*)'/gm)].flatMap((match) => {
    const known = publicNames(resolveModule(file, match[2] as string))
    const names = (match[1] as string).split(',').map((item) => item.trim().split(/\s+/).at(-1) as string)
    return known.filter(({ name }) => names.includes(name))
  })
  const passedOn = [...text.matchAll(/^export (?:type )?\* from '(\.[^']*)'/gm)].flatMap((match) =>
    publicNames(resolveModule(file, match[1] as string)),
  )
  return [...declared, ...listed, ...passedOn]
}

/** True when a doc comment ends right above the declaration. */
export function isExplained({ name, file }: PublicName): boolean {
  const lines = readFileSync(file, 'utf8').split('\n')
  const position = lines.findIndex((line) => declaration(name).test(line))
  return lines[position - 1]?.trim().endsWith('*/') ?? false
}

function resolveModule(from: string, path: string): string {
  const target = join(dirname(from), path)
  const candidates = [`${target}.ts`, `${target}.tsx`, join(target, 'index.ts')]
  return candidates.find((candidate) => existsSync(candidate)) ?? target
}
