// How a value is laid out, read from the encoder at work and from a table of the documentation, in the same words.
import { Writer } from '../../src/codec'
import { plain, type Section, sectionOf } from './pages'

/** What an encoder writes, in the words of the documentation. Of a list only the first item. */
export function writtenBy(encode: () => unknown): string[] {
  const words: string[] = []
  const { prototype } = Writer
  const original = { ...Object.fromEntries(methods.map((name) => [name, prototype[name]])) } as Record<
    Method,
    AnyMethod
  >
  let isSilent = false
  const note = (word: string) => void (isSilent || words.push(word))
  /** What a method writes by other methods is not the caller's. */
  const quietly = <T>(act: () => T): T => {
    const before = isSilent
    isSilent = true
    try {
      return act()
    } finally {
      isSilent = before
    }
  }
  const aloud = (act: () => void) => {
    isSilent = false
    act()
    isSilent = true
  }
  const replace = (name: Method, stand: AnyMethod) => void Object.assign(prototype, { [name]: stand })
  for (const name of methods) {
    replace(name, function (this: Writer, ...args) {
      note(name === 'fixed' ? `${(args[0] as Uint8Array).length} bytes` : (wordOf[name] ?? name))
      if (isSilent) return original[name].apply(this, args)
      if (name === 'optional') {
        const write = args[1] as (value: unknown) => void
        return quietly(() => original.optional.call(this, args[0], (value: unknown) => aloud(() => write(value))))
      }
      if (name === 'list') {
        const [items, write, limit] = args as [unknown[], (item: unknown) => void, number | undefined]
        const first = items[0]
        const each = (item: unknown) => (item === first ? aloud(() => write(item)) : quietly(() => write(item)))
        return quietly(() => original.list.call(this, items, each, limit))
      }
      return quietly(() => original[name].apply(this, args))
    })
  }
  try {
    encode()
  } finally {
    Object.assign(prototype, original)
  }
  return words
}

// biome-ignore lint/suspicious/noExplicitAny: stands in for methods of every shape
type AnyMethod = (this: Writer, ...args: any[]) => Writer
const methods = ['byte', 'varUint', 'uint32', 'flag', 'fixed', 'rest', 'bytes', 'text', 'optional', 'list'] as const
type Method = (typeof methods)[number]
const wordOf: { readonly [name in Method]?: string } = { varUint: 'varuint', rest: 'the rest' }

/** Tables that stand for a type of several fields, by its name in a table's type column. */
const composites: Readonly<Record<string, string>> = {
  'public keys': 'Public keys',
  'next recovery': 'Next recovery',
  'device description': 'Device description',
  epoch: 'Epoch',
}

/** What a table says is written for `value`: an optional field that is absent is only its flag. */
export function writtenInTable({ rows }: Pick<Section, 'rows'>, value: unknown): string[] {
  return rows.flatMap(([field = '', type = '']) => {
    const isMark = !field.startsWith('`')
    const [, wrapper, inner] = /^(?:(optional|list): )?(.+)$/.exec(type) as unknown as [string, string?, string?]
    const isThere = isMark || at(value, plain(field)) !== undefined
    const own = inner === undefined ? [] : composite(inner, isMark ? value : at(value, plain(field)))
    if (wrapper === undefined) return isThere ? own : []
    return isThere ? [wrapper, ...own] : [wrapper]
  })
}

function composite(type: string, value: unknown): string[] {
  const heading = composites[type]
  return heading === undefined ? [type] : writtenInTable(sectionOf('keyring.md', heading), value)
}

/** The part of a value under a path such as `cursors[].number`; of a list the first item. */
function at(value: unknown, path: string): unknown {
  let part = value
  for (const key of path.split('.')) {
    if (part === undefined) return undefined
    const name = key.replace('[]', '')
    if (name !== '') part = (part as Record<string, unknown>)[name]
    if (key.endsWith('[]')) part = (part as unknown[] | undefined)?.[0]
  }
  return part
}

/** The paths of all leaves of a value. */
export function fieldPaths(value: unknown, prefix = ''): string[] {
  if (value === undefined) return []
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return [prefix]
  if (Array.isArray(value)) return value.length === 0 ? [`${prefix}[]`] : fieldPaths(value[0], `${prefix}[]`)
  return Object.entries(value).flatMap(([key, part]) => fieldPaths(part, prefix === '' ? key : `${prefix}.${key}`))
}

/** The fields that a table names, in its order, without marks such as (version). */
export const fieldsIn = ({ rows }: Pick<Section, 'rows'>): string[] =>
  rows.flatMap(([field = '']) => (field.startsWith('`') ? [plain(field)] : []))
