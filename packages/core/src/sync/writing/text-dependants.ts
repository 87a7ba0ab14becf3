// What this device typed among letters that do not count any more. Yjs places a letter by the ones beside it and takes each client's writing in
// strict order, so it would wait for them for ever, and all that the client has typed since with it. It is written again, behind the
// nearest of what stood before it that does count.
import { contentOf, insertContent, runsOf, type TextContent, type TextRun } from '../../document'
import { createDoc, Y } from '../../yjs'
import { readStructs } from './text-structs'

export interface DependantsInput {
  /** The texts with everything in them. */
  readonly before: Y.Doc
  /** Those that count, as far as they can be placed; their client id is taken. */
  readonly texts: Y.Doc
  /** All updates of this device's that may wait in `texts`. */
  readonly own: readonly Uint8Array[]
  /** The names of the texts that records have. Of others nobody knows what they are. */
  readonly roots: Iterable<string>
}

/** @returns what was written in `texts`, in format 1; undefined when nothing waits that was there before */
export function writeDependants({ before, texts, own, roots }: DependantsInput): Uint8Array | undefined {
  const isWaiting = waitingIn(texts, before, own)
  if (isWaiting === undefined) return undefined
  const isPlaced = ({ client, clock }: Y.ID): boolean => clock < Y.getState(texts.store, client)
  const source = partOf(before, (id) => isPlaced(id) || isWaiting(id))
  const steps: (() => void)[] = []
  for (const name of new Set(roots)) {
    if (before.share.has(name)) collect(source.getXmlFragment(name), texts.getXmlFragment(name), isPlaced, steps)
  }
  const updates: Uint8Array[] = []
  const capture = (update: Uint8Array): void => void updates.push(update)
  texts.on('update', capture)
  texts.transact(() => {
    for (const step of steps) step()
  })
  texts.off('update', capture)
  source.destroy()
  return updates[0]
}

/** What had waited before already was written again then, or waits for something else. */
function waitingIn(texts: Y.Doc, before: Y.Doc, own: readonly Uint8Array[]): ((id: Y.ID) => boolean) | undefined {
  const ranges = new Map<number, { readonly from: number; readonly to: number }[]>()
  for (const { id, length } of own.flatMap((update) => readStructs(update).structs)) {
    const { client, clock } = id
    const from = Math.max(clock, Y.getState(texts.store, client))
    const to = Math.min(clock + length, Y.getState(before.store, client))
    if (from < to) ranges.set(client, [...(ranges.get(client) ?? []), { from, to }])
  }
  if (ranges.size === 0) return undefined
  return ({ client, clock }) => ranges.get(client)?.some(({ from, to }) => clock >= from && clock < to) ?? false
}

/** The texts without what `isKept` says no of. A block stays where something in it does: its letters need a place. */
function partOf(texts: Y.Doc, isKept: (id: Y.ID) => boolean): Y.Doc {
  const part = createDoc('texts')
  Y.applyUpdateV2(part, Y.encodeStateAsUpdateV2(texts))
  const items = [...part.store.clients.values()].flat().filter((struct) => struct instanceof Y.Item && !struct.deleted)
  const kept = new Set<Y.Item>()
  for (const item of items as Y.Item[]) {
    if (!isKept(item.id)) continue
    for (let each: Y.Item | null = item; each !== null && !kept.has(each); each = (each.parent as Y.XmlElement)._item)
      kept.add(each)
  }
  part.transact((transaction) => {
    for (const item of items as Y.Item[]) if (!kept.has(item) && !item.deleted) item.delete(transaction)
  })
  return part
}

type List = Y.XmlFragment | Y.XmlText

/** What is in `source` and cannot be placed in `target`, which is the same block or text, and in what both have within. */
function collect(source: List, target: List, isPlaced: (id: Y.ID) => boolean, steps: (() => void)[]): void {
  const inserts: { readonly behind: Y.ID | undefined; readonly from: number; to: number }[] = []
  let behind: Y.ID | undefined
  let isBroken = true
  let index = 0
  for (let item = source._start; item !== null; item = item.right) {
    const visible = item.deleted || !item.countable ? 0 : item.length
    if (isPlaced(item.id)) {
      // What was deleted has its place still, and what a removed device had deleted is there again.
      behind = item.lastId
      isBroken = true
      const [inSource, inTarget] = [typeIn(item), typeIn(Y.getItem(target.doc!.store, item.id))]
      if (!item.deleted && inSource && inTarget) collect(inSource, inTarget, isPlaced, steps)
    } else if (visible > 0) {
      const last = inserts.at(-1)
      if (isBroken || last === undefined) inserts.push({ behind, from: index, to: index + visible })
      else last.to = index + visible
      isBroken = false
    }
    index += visible
  }
  if (source instanceof Y.XmlElement && target instanceof Y.XmlElement)
    for (const [name, item] of source._map)
      if (!item.deleted && !isPlaced(item.id))
        steps.push(() => target.setAttribute(name, source.getAttribute(name) as string))
  for (const { behind, from, to } of inserts) {
    const content: TextContent | readonly TextRun[] =
      source instanceof Y.XmlText ? cutRuns(runsOf(source), from, to) : contentOf(source, from, to)
    steps.push(() => insertContent(target, indexBehind(target, behind), content))
  }
}

function typeIn(item: Y.Item | Y.GC | Y.Skip | null): List | undefined {
  const type = item instanceof Y.Item && item.content instanceof Y.ContentType ? item.content.type : undefined
  return type instanceof Y.XmlFragment || type instanceof Y.XmlText ? type : undefined
}

function indexBehind(list: List, id: Y.ID | undefined): number {
  let index = 0
  for (let item = id === undefined ? null : list._start; item !== null; item = item.right) {
    const visible = item.deleted || !item.countable ? 0 : item.length
    const isHere = item.id.client === id!.client && item.id.clock <= id!.clock && item.lastId.clock >= id!.clock
    if (isHere) return index + Math.min(visible, id!.clock - item.id.clock + 1)
    index += visible
  }
  // What is not there any more stood before nothing that is.
  return id === undefined ? 0 : index
}

function cutRuns(runs: readonly TextRun[], from: number, to: number): TextRun[] {
  const cut: TextRun[] = []
  let index = 0
  for (const run of runs) {
    const length = typeof run.insert === 'string' ? run.insert.length : 1
    const [first, end] = [Math.max(from - index, 0), Math.min(to - index, length)]
    if (first < end) cut.push(typeof run.insert === 'string' ? { ...run, insert: run.insert.slice(first, end) } : run)
    index += length
  }
  return cut
}
