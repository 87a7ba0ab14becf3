// Bodies that are longer than a field may be, such as a signature with its logo: they go into the text of their record, which is as long as it is.
import { checkEdit, contentOf, type Fields, fitsText, type TextContent } from '../../document'
import { SyncError } from '../../errors'
import { Y } from '../../yjs'
import { fitsField } from '../field-size'
import { writeHtml } from '../html'
import type { mailTypes } from '../mail-types'
import type { FileRecord } from '../transfer/account-file'

/** The fields that say what the text `body` would say, the one with formatting first; `required` ones are emptied, others go. */
const bodies: Partial<
  Record<keyof typeof mailTypes, { readonly fields: readonly string[]; readonly required: boolean }>
> = {
  signatures: { fields: ['html'], required: true },
  drafts: { fields: ['bodyHtml', 'bodyText'], required: false },
}

/**
 * The record with its body where there is room for it.
 * @param leaveOut told of what is too large for a text, too
 */
export function withLongBody(
  type: keyof typeof mailTypes,
  record: FileRecord,
  leaveOut: (reason: string) => void,
): FileRecord {
  const { fields: names, required } = bodies[type] ?? { fields: [], required: false }
  const long = names.filter((name) => !fitsField(record.fields[name] ?? ''))
  if (long.length === 0) return record
  const kept = Object.entries(record.fields).filter(([name]) => !long.includes(name))
  const emptied = required ? long.map((name) => [name, ''] as const) : []
  const [name = '', said] = names.map((each) => [each, record.fields[each]] as const).find(([, value]) => value) ?? []
  const whole = name.toLowerCase().endsWith('html') ? contentOfHtml(String(said)) : contentOfLines(String(said))
  const body = withoutTooLarge(whole, () =>
    leaveOut('Its body has a picture that is larger than 128 KB; it came without that.'),
  )
  return { ...record, fields: Object.fromEntries([...kept, ...emptied]) as Fields, texts: { body } }
}

function withoutTooLarge(content: TextContent, leaveOut: () => void): TextContent {
  return content.flatMap((node): TextContent => {
    if ('text' in node) return [node]
    if (!Object.values(node.attributes ?? {}).every(fitsText)) {
      leaveOut()
      return []
    }
    return [node.children === undefined ? node : { ...node, children: withoutTooLarge(node.children, leaveOut) }]
  })
}

/** Why the record cannot be written, undefined when it can. */
export function flawOf({ id, fields }: FileRecord): string | undefined {
  try {
    checkEdit({ kind: 'add', id, fields })
    return undefined
  } catch (cause) {
    if (!(cause instanceof SyncError)) throw cause
    const field = Object.keys(fields).find((name) => !fitsField(fields[name]))
    return field === undefined ? cause.message : `${field}: ${cause.message}`
  }
}

function contentOfHtml(html: string): TextContent {
  const root = new Y.Doc().getXmlFragment('body')
  writeHtml({ root }, html)
  return contentOf(root)
}

const contentOfLines = (text: string): TextContent =>
  text
    .split(/\r?\n/)
    .map((line) => ({ element: 'paragraph', ...(line === '' ? {} : { children: [{ text: [{ insert: line }] }] }) }))
