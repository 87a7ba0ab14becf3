// Properties that were kept as text because the contact has no field for them, on their way back into a card.
import type { ExtraProperty } from '../contact'
import type { WrittenProperty, WrittenValue } from './write-line'

/** Text for people; anywhere else a comma or semicolon may separate, and is written as it stands. */
const proseProperties = new Set([
  'FN',
  'TITLE',
  'NOTE',
  'ROLE',
  'LABEL',
  'MAILER',
  'SORT-STRING',
  'X-ABLABEL',
  'X-ABADR',
])
const structuredProperties = new Set(['N', 'ADR', 'ORG'])

/** The card itself writes these. An app may have put anything into `extra`. */
const frame = new Set(['BEGIN', 'END', 'VERSION'])

/**
 * The property, and its label where it has one of its own. None when its name could be no property's: it would tear the card apart.
 */
export function readExtra([fullName, text]: ExtraProperty): readonly WrittenProperty[] {
  const labelAt = fullName.lastIndexOf(';X-ABLABEL=')
  const head = labelAt === -1 ? fullName : fullName.slice(0, labelAt)
  const [, group, name = '', rest = ''] = /^(?:([\w.-]+)\.)?([\w-]+)((?:;.*)?)$/s.exec(head) ?? []
  if (name === '' || frame.has(name.toUpperCase())) return []
  const parameters = [...rest.matchAll(/;([\w-]+)=((?:(?!;[\w-]+=)[\s\S])*)/g)]
    .map(([, parameter = '', value = '']) => [parameter.toUpperCase(), value] as const)
    .filter(([parameter]) => parameter !== 'ENCODING' && parameter !== 'CHARSET')
  const property: WrittenProperty = {
    group,
    name: name.toUpperCase(),
    parameters,
    value: writtenValue(name.toUpperCase(), text),
  }
  if (labelAt === -1 || group === undefined) return [property]
  const label = fullName.slice(labelAt + ';X-ABLABEL='.length)
  return [property, { group, name: 'X-ABLabel', value: { kind: 'text', text: label } }]
}

function writtenValue(name: string, text: string): WrittenValue {
  if (structuredProperties.has(name)) return { kind: 'parts', parts: text.split(';') }
  return { kind: proseProperties.has(name) ? 'text' : 'verbatim', text }
}
