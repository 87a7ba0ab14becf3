// What editors call the blocks and marks that HTML has elements for. Reading knows the names of ProseMirror's basic schema and of Tiptap;
// writing uses those of one of them.

/** Whose names `writeHtml` uses: those of the editor that the text is bound to. */
export type EditorSchema = 'tiptap' | 'prosemirror'

interface Name {
  readonly element: string
  readonly tiptap: string
  readonly prosemirror: string
}

const same = (element: string, name: string): Name => ({ element, tiptap: name, prosemirror: name })

const blocks: readonly Name[] = [
  same('p', 'paragraph'),
  same('blockquote', 'blockquote'),
  { element: 'ul', tiptap: 'bulletList', prosemirror: 'bullet_list' },
  { element: 'ol', tiptap: 'orderedList', prosemirror: 'ordered_list' },
  { element: 'li', tiptap: 'listItem', prosemirror: 'list_item' },
  { element: 'pre', tiptap: 'codeBlock', prosemirror: 'code_block' },
  { element: 'hr', tiptap: 'horizontalRule', prosemirror: 'horizontal_rule' },
  { element: 'br', tiptap: 'hardBreak', prosemirror: 'hard_break' },
  same('img', 'image'),
  same('table', 'table'),
  { element: 'tr', tiptap: 'tableRow', prosemirror: 'table_row' },
  { element: 'td', tiptap: 'tableCell', prosemirror: 'table_cell' },
  { element: 'th', tiptap: 'tableHeader', prosemirror: 'table_header' },
]

const marks: readonly Name[] = [
  { element: 'strong', tiptap: 'bold', prosemirror: 'strong' },
  { element: 'em', tiptap: 'italic', prosemirror: 'em' },
  same('u', 'underline'),
  { element: 's', tiptap: 'strike', prosemirror: 'strikethrough' },
  same('code', 'code'),
  same('sub', 'subscript'),
  same('sup', 'superscript'),
  same('a', 'link'),
]

/** Elements that say the same as another. */
const synonyms: Readonly<Record<string, string>> = {
  ...{ b: 'strong', i: 'em', strike: 's', del: 's', ins: 'u', kbd: 'code' },
  ...{ div: 'p', center: 'p', address: 'p' },
}

const nameOf = (names: readonly Name[], element: string, schema: EditorSchema): string | undefined =>
  names.find((each) => each.element === (synonyms[element] ?? element))?.[schema]

const elementOf = (names: readonly Name[], name: string): string | undefined =>
  names.find(({ tiptap, prosemirror }) => tiptap === name || prosemirror === name)?.element

export const blockName = (element: string, schema: EditorSchema) => nameOf(blocks, element, schema)
export const markName = (element: string, schema: EditorSchema) => nameOf(marks, element, schema)
export const blockElement = (name: string) => elementOf(blocks, name)
export const markElement = (name: string) => elementOf(marks, name)
