// Where the pages are, and where what is made of them may be put.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const docs = fileURLToPath(new URL('..', import.meta.url))
export const project = join(docs, '..')

/** Every page whose code blocks are checked: the front page and the documentation. */
export const pages: readonly string[] = [
  join(project, 'README.md'),
  ...readdirSync(docs, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
    .sort()
    .map((path) => join(docs, path)),
].filter((path) => existsSync(path))

/** A folder inside docs, where the packages that a reader would install resolve. It is the caller's to make and to remove. */
export function scratchFolder(name: string): string {
  return join(docs, 'node_modules', `.${name}`)
}
