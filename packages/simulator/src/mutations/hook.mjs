// A loader hook that changes single places of the engine's source while it is loaded, before it is compiled: so the engine
// itself has no switch for being broken. A place that is not there exactly once ends the process.

/** Where a process finds which files were changed as it loaded them. */
const mark = "globalThis[Symbol.for('mutated files')]"

let edits

export function initialize(given) {
  edits = given
}

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context)
  const own = edits.filter(({ file }) => url.endsWith(`/packages/${file}`))
  if (own.length === 0) return loaded
  let source = String(loaded.source)
  for (const { file, find, replace } of own) {
    const places = source.split(find).length - 1
    if (places !== 1) throw new Error(`A mutation of ${file} finds its place ${places} times: ${find}`)
    source = source.replace(find, () => replace)
  }
  return { ...loaded, source: `${source}\n;(${mark} ??= []).push(...${JSON.stringify(own.map(({ file }) => file))})\n` }
}
