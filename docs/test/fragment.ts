// Makes a module of a fragment: a reader of an example knows where its names come from, a compiler has to be told.

/** Where a name is imported from. */
export type ImportSource = ReadonlyMap<string, string>

/** A name on its own: no property and no part of a longer word. */
const uses = (code: string, name: string) => new RegExp(`(?<![\\w.'])${name}(?![\\w'])`).test(code)

/**
 * The module's text: the fragment's own imports, those that it leaves out, and the rest as the body of an exported function
 * `example`, in which `await` and `return` may stand.
 * @param sources for each name that may be left out, the module that exports it
 */
export function fragmentToModule(code: string, sources: ImportSource): string {
  const lines = code.split('\n')
  const imports = lines.filter((line) => line.startsWith('import '))
  const body = lines.filter((line) => !line.startsWith('import '))
  const present = imports.join('\n')
  const isDeclared = (name: string) => new RegExp(`\\b(const|let|function|class|interface|type) ${name}\\b`).test(code)
  for (const [name, source] of sources) {
    if (uses(code, name) && !uses(present, name) && !isDeclared(name))
      imports.push(`import { ${name} } from '${source}'`)
  }
  return `${imports.join('\n')}\nexport async function example() {\n${body.map(checkedRemark).join('\n')}\n}\n`
}

const remark =
  /^(?!\s*(?:const|let|return|for|if|import|type)\b)(\s*)(\S.*?);? \/\/ ('[^']*'|-?\d+|true|false|undefined)$/

/** `contactKey(ann) // 'ann@example.com'` says what the expression is; when the example runs, it has to be that. */
function checkedRemark(line: string): string {
  return line.replace(remark, (_, indent, expression, value) => `${indent}assertEqual(${expression}, ${value})`)
}
