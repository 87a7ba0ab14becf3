// Checks of plain JSON values, as small as mail records need: they say what is wrong and where, and change nothing. A value is
// never rebuilt from what a check knows, so what a newer version of the app wrote goes through an older one unharmed.

export interface Issue {
  readonly message: string
  readonly path: readonly (string | number)[]
}

/** Tells `issues` what is wrong with `value`, which stands at `path`. The type is what a value without issues has. */
export type Check<T> = ((value: unknown, path: readonly (string | number)[], issues: Issue[]) => void) & {
  readonly type?: T
}

/** A check that is not asked when the member is absent. */
export interface OptionalCheck<T> {
  readonly optional: Check<T>
}

type IsOptional<T, K extends keyof T> = Record<never, never> extends Pick<T, K> ? true : false

/** A check for every member of `T`, optional ones marked: a member that is forgotten or of another type does not compile. */
export type Checks<T> = {
  readonly [K in keyof T]-?: IsOptional<T, K> extends true ? OptionalCheck<NonNullable<T[K]>> : Check<T[K]>
}

export function optional<T>(check: Check<T>): OptionalCheck<T> {
  return { optional: check }
}

/** @param check answers what a value should be, or undefined when it is that */
function simple<T>(check: (value: unknown) => string | undefined): Check<T> {
  return (value, path, issues) => {
    const wanted = check(value)
    if (wanted !== undefined) issues.push({ message: `${wanted} is expected`, path })
  }
}

/** Text; with `filled` not only white space. How long it may be is the engine's bound of a field. */
export function text({ filled = false }: { readonly filled?: boolean } = {}): Check<string> {
  return simple((value) => {
    if (typeof value !== 'string') return 'text'
    return filled && value.trim() === '' ? 'text that is not empty' : undefined
  })
}

/** What is wanted is said by `wanted`, an indefinite noun phrase. */
export function textLike(isSuch: (text: string) => boolean, wanted: string): Check<string> {
  return simple((value) => (typeof value === 'string' && isSuch(value) ? undefined : wanted))
}

export function integer(min: number, max: number): Check<number> {
  return simple((value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? undefined
      : `a whole number from ${min} to ${max}`,
  )
}

export const flag: Check<boolean> = simple((value) => (typeof value === 'boolean' ? undefined : 'true or false'))

/** Only ever true: a member that is absent otherwise. */
export const yes: Check<true> = simple((value) => (value === true ? undefined : 'true, or nothing,'))

export function oneOf<const Choice extends string>(choices: readonly Choice[]): Check<Choice> {
  return simple((value) =>
    (choices as readonly unknown[]).includes(value) ? undefined : `one of ${choices.join(', ')}`,
  )
}

/** @param filled a list without items is refused: where there is nothing to say the member is absent */
export function list<T>(item: Check<T>, { filled = false }: { readonly filled?: boolean } = {}): Check<readonly T[]> {
  return (value, path, issues) => {
    if (!Array.isArray(value)) issues.push({ message: 'a list is expected', path })
    else if (filled && value.length === 0) issues.push({ message: 'a list with items is expected', path })
    else for (const [index, each] of value.entries()) item(each, [...path, index], issues)
  }
}

/** A list of exactly two texts. */
export const pair: Check<readonly [string, string]> = simple((value) =>
  Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string')
    ? undefined
    : 'a list of two texts',
)

/** An object with these members; further ones are not looked at. Every member that is wrong has an issue. */
export function object<T>(members: Checks<T>): Check<T> {
  const checks = Object.entries<Check<unknown> | OptionalCheck<unknown>>(members)
  return (value, path, issues) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      issues.push({ message: 'an object is expected', path })
      return
    }
    for (const [name, check] of checks) {
      // Only what is the object's own: `__proto__` and `constructor` are not members that somebody wrote.
      const member = Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined
      if (typeof check === 'function') check(member, [...path, name], issues)
      else if (member !== undefined) check.optional(member, [...path, name], issues)
    }
  }
}

/** What a kind has besides its type. */
type MembersOf<T, Kind> = T extends { readonly type: infer Type }
  ? Kind extends Type
    ? Omit<T, 'type'>
    : never
  : never

/** Objects of several kinds, told apart by their member `type`. */
export function tagged<T extends { readonly type: string }>(
  kinds: {
    readonly [Kind in T['type']]: Check<MembersOf<T, Kind>>
  },
): Check<T> {
  return (value, path, issues) => {
    const type = typeof value === 'object' && value !== null ? (value as { readonly type?: unknown }).type : undefined
    if (typeof type === 'string' && Object.hasOwn(kinds, type)) kinds[type as T['type']](value, path, issues)
    else issues.push({ message: `one of ${Object.keys(kinds).join(', ')} is expected`, path: [...path, 'type'] })
  }
}

/** What `check` says, and besides it what `rule` says of the whole value when the parts are as they should be. */
export function where<T>(check: Check<T>, rule: (value: T) => string | undefined): Check<T> {
  return (value, path, issues) => {
    const before = issues.length
    check(value, path, issues)
    if (issues.length > before) return
    const message = rule(value as T)
    if (message !== undefined) issues.push({ message, path })
  }
}
