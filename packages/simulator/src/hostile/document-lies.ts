// The ways in which a relay may lie about a document's log, each on a single page. Frames are changed on their way down, so that the
// relay itself stays the real one.
import { createHash } from 'node:crypto'
import {
  bytesEqual,
  type DeviceId,
  type DocumentId,
  decodeEnvelope,
  envelopeHash,
  type Frame,
  type Hash,
  nextLogHash,
} from '@owlivion/sync-protocol'
import type { RandomStream } from '../random'

export type Page = Extract<Frame, { type: 'page' }>

export type DocumentLie =
  | 'alters bytes'
  /** What it sends adds up to the hash that it gives. */
  | 'alters bytes and hashes'
  | 'forges signatures'
  | 'swaps documents'
  | 'drops in the middle'
  | 'reorders'
  | 'repeats pages'
  | 'freezes the tail'

/** Those that a device notices by itself, from a single page with something new in it. */
export const noticeableLies: ReadonlySet<DocumentLie> = new Set<DocumentLie>([
  'alters bytes',
  'alters bytes and hashes',
  'forges signatures',
  'swaps documents',
  'drops in the middle',
  'reorders',
])

/** What the liar knows of the device when it tells a lie. */
export interface LieContext {
  readonly random: RandomStream
  /** Entries up to this number the device may have already. */
  readonly mayHave: (document: DocumentId) => number
  /** Other documents that the device has asked about. */
  readonly others: readonly DocumentId[]
  /** Pages that it was sent before. */
  readonly told: readonly Page[]
  /** The device itself, whose own entries need no signature. */
  readonly self: DeviceId | undefined
  /** Of the log before the page, as the device has it; undefined where that is not known. */
  readonly hashBefore: Hash | undefined
}

/** The pages that the device gets in place of this one; undefined when this lie cannot be told about it. */
export function tell(lie: DocumentLie, page: Page, context: LieContext): readonly Page[] | undefined {
  const { random, mayHave, others, told, self, hashBefore } = context
  const { entries, first, document } = page
  /** Entries from here on are news. */
  const news = Math.max(0, mayHave(document) + 1 - first)
  switch (lie) {
    case 'alters bytes': {
      if (news >= entries.length) return undefined
      const at = random.between(news, entries.length - 1)
      return [{ ...page, entries: entries.with(at, flip(entries[at] as Uint8Array, random)) }]
    }
    case 'alters bytes and hashes': {
      if (news >= entries.length || hashBefore === undefined) return undefined
      const at = random.between(news, entries.length - 1)
      const altered = entries.with(at, flip(entries[at] as Uint8Array, random))
      let logHash = hashBefore
      for (const entry of altered) logHash = nextLogHash(sha512, logHash, envelopeHash(sha512, entry))
      return [{ ...page, entries: altered, logHash }]
    }
    case 'forges signatures': {
      const authors = entries.slice(news).map((entry) => decodeEnvelope(entry))
      const vouchesForNews = (head: Page['heads'][number]): boolean =>
        (self === undefined || !bytesEqual(head.device, self)) &&
        authors.some(({ device, incarnation }) => bytesEqual(device, head.device) && incarnation === head.incarnation)
      if (!page.heads.some(vouchesForNews)) return undefined
      const forge = (head: Page['heads'][number]) => ({ ...head, signature: flip(head.signature, random) })
      return [{ ...page, heads: page.heads.map((head) => (vouchesForNews(head) ? forge(head) : head)) }]
    }
    case 'swaps documents': {
      const shorter = others.filter(
        (other) => !bytesEqual(other, document) && mayHave(other) < first + entries.length - 1,
      )
      if (shorter.length === 0) return undefined
      return [{ ...page, document: random.pick(shorter) }]
    }
    case 'drops in the middle': {
      if (entries.length - news < 2) return undefined
      const at = random.between(news, entries.length - 2)
      return [{ ...page, entries: entries.filter((_, index) => index !== at) }]
    }
    case 'reorders': {
      if (entries.length - news < 2) return undefined
      const at = random.between(news, entries.length - 2)
      const [one, other] = [entries[at] as Uint8Array, entries[at + 1] as Uint8Array]
      return [{ ...page, entries: entries.with(at, other).with(at + 1, one) }]
    }
    case 'repeats pages':
      return [page, ...told]
    case 'freezes the tail':
      if (page.newest < first) return undefined
      // What it has is told as the newest there is.
      return page.live ? [] : [{ ...page, entries: [], heads: [], newest: first - 1 }]
  }
}

function sha512(bytes: Uint8Array): Uint8Array {
  return createHash('sha512').update(bytes).digest()
}

function flip(bytes: Uint8Array, random: RandomStream): Uint8Array {
  const at = random.between(0, bytes.length - 1)
  return bytes.with(at, (bytes[at] as number) ^ (1 << random.between(0, 7)))
}
