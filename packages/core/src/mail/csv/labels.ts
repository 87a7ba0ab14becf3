// Google writes labels for people to read; contacts hold them as cards do.
const labelByWord: Readonly<Record<string, string>> = Object.assign(Object.create(null) as object, {
  home: 'home',
  work: 'work',
  mobile: 'cell',
  other: 'other',
  'work fax': 'work fax',
  'home fax': 'home fax',
  fax: 'fax',
  pager: 'pager',
  main: 'main',
})

const wordByLabel = new Map(
  Object.entries(labelByWord).map(([word, label]) => [
    label,
    word.replace(/\b[a-z]/g, (letter) => letter.toUpperCase()),
  ]),
)

/** `cell` for `Mobile`; the person's own words as they are. */
export function readLabel(word: string): string | undefined {
  return word === '' ? undefined : (labelByWord[word.toLowerCase()] ?? word)
}

/** `Mobile` for `cell`. */
export function writeLabel(label: string): string {
  return wordByLabel.get(label) ?? label
}
