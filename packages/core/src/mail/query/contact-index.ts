// The questions that a mail client asks an address book at every key stroke, answered from memory in well under a frame.
import type { Contact } from '../contact'
import { emailId } from '../record-id'
import { normaliseText } from '../text'
import { foldText, wordsOf } from './fold-text'
import { follow } from './follow'
import { RecordIndex, type RecordSource } from './record-index'

/** Of a collection of contacts what the index reads. */
export interface ContactSource extends RecordSource<Contact> {
  counter(id: string, field: string): number
}

/** A contact that answers a question, with its record id. */
export type ContactEntry = readonly [id: string, contact: Contact]

/** Answers about an address book, as of its last change. */
export interface ContactIndex {
  /** Contacts with this address among theirs, whatever its spelling. */
  byEmail(address: string): ContactEntry[]
  /**
   * Contacts for what somebody has typed: each word of it must begin a word of a name, nickname or organisation, an address, or a part of
   * one; without regard to case and accents. Favourites come first, then those written to most often, then by name.
   */
  autocomplete(typed: string, limit?: number): ContactEntry[]
  /** Favourites by name. */
  favourites(limit?: number): ContactEntry[]
  /** Contacts that mail was written to, most often first (counter `uses`), of equal ones the latest (`lastUsedAt`). */
  mostUsed(limit?: number): ContactEntry[]
  /** Names of groups with the number of their contacts, in order. Groups that differ in case only are one. */
  groups(): { readonly name: string; readonly size: number }[]
  /** Contacts of a group, by name. */
  inGroup(name: string): ContactEntry[]
  /** Ends following the collection. */
  close(): void
}

/** Names of the lists that contacts are in, apart from groups, which stand behind `group `. */
const FAVOURITES = 'favourites'
const GROUP = 'group '
const USED = 'used'
const ALL = 'all'

/**
 * Beyond so many that fit what was typed, contacts are gone through from the best one on until enough fit: every thirtieth does, or so. Of fewer
 * all are looked at, and the best taken.
 */
const MANY = 300

/** What is known of a contact beside its keys; another object whenever any of it changes. */
interface Rank {
  /** What answers hold: the same until the contact changes. */
  readonly entry: ContactEntry
  readonly isFavourite: boolean
  readonly uses: number
  readonly lastUsedAt: number
  readonly name: string
}

/**
 * Makes an index of an address book that follows its changes; one for a collection is enough for all of an app.
 * @param collection of contacts
 *
 * @example
 * const index = indexContacts(contacts)
 * const [first] = index.autocomplete('an le', 5)
 * index.close()
 */
export function indexContacts(collection: ContactSource): ContactIndex {
  const rankById = new Map<string, Rank>()
  const emails = new RecordIndex<Contact>({
    keysOf: ({ emails = [] }) => emails.flatMap(({ value }) => emailId(value) ?? []),
  })
  const words = new RecordIndex<Contact>({ keysOf: searchWords })
  const lists = new RecordIndex<Contact, string>({
    keysOf: ({ favourite, groups = [] }) => [
      ...(favourite === true ? [FAVOURITES] : []),
      ...groups.map((group) => GROUP + normaliseText(group)),
    ],
    order: { of: ({ name }) => foldText(name), compare: compareText },
  })
  const used = new RecordIndex<Contact, Rank>({
    keysOf: (_, id) => ((rankById.get(id)?.uses ?? 0) > 0 ? [USED] : []),
    order: { of: (_, id) => rankById.get(id) as Rank, compare: byUse },
  })
  const merits = new RecordIndex<Contact, Rank>({
    keysOf: () => [ALL],
    order: { of: (_, id) => rankById.get(id) as Rank, compare: byMerit },
  })
  const groupNames = new RecordIndex<Contact>({
    keysOf: ({ groups = [] }) => groups.map((group) => `${normaliseText(group)}\0${group.trim()}`),
  })
  const all = [emails, words, lists, used, merits, groupNames]
  const uses = (id: string): number => collection.counter(id, 'uses')

  const takeRank = (id: string, contact: Contact): void => {
    const { favourite, lastUsedAt = 0, name } = contact
    rankById.set(id, {
      entry: [id, contact],
      isFavourite: favourite === true,
      uses: uses(id),
      lastUsedAt,
      name: foldText(name),
    })
  }
  const close = follow<Contact>(
    collection,
    {
      fill(records) {
        const contacts = [...records]
        for (const [id, contact] of contacts) takeRank(id, contact)
        for (const index of all) index.fill(contacts)
      },
      update(id, contact) {
        if (contact === undefined) rankById.delete(id)
        else takeRank(id, contact)
        for (const index of all) index.update(id, contact)
      },
    },
    uses,
  )

  const entries = (ids: readonly string[]): ContactEntry[] => ids.map((id) => (rankById.get(id) as Rank).entry)

  return {
    byEmail(address) {
      const key = emailId(address)
      return key === undefined ? [] : entries(emails.find(key))
    },
    autocomplete(typed, limit = 10) {
      const parts = typedParts(typed)
      if (parts.length === 0 || limit < 1) return []
      const fits = (id: string): boolean =>
        parts.every(
          ({ text, words: its }) => words.hasPrefix(id, text) || its.every((word) => words.hasPrefix(id, word)),
        )
      // The part that fewest fit leaves the fewest to look at; a word that nobody has leaves none.
      let candidates: ReadonlySet<string> | undefined
      for (const { text, words: its } of parts) {
        const [word = ''] = its
        const found = words.startingWith(text, MANY)
        if (word !== text) for (const id of words.startingWith(word, MANY)) found.add(id)
        if (found.size < (candidates?.size ?? MANY)) candidates = found
      }
      if (candidates === undefined) return entries(merits.first(ALL, limit, fits))
      const ranks = [...candidates].filter(fits).map((id) => rankById.get(id) as Rank)
      return ranks
        .sort((a, b) => byMerit(a, b) || compareText(a.entry[0], b.entry[0]))
        .slice(0, limit)
        .map(({ entry }) => entry)
    },
    favourites: (limit) => entries(lists.find(FAVOURITES, limit)),
    mostUsed: (limit) => entries(used.find(USED, limit)),
    groups() {
      // Of several spellings the first one is shown.
      const nameByGroup = new Map<string, string>()
      for (const key of groupNames.keys()) {
        const [group = '', name = ''] = key.split('\0')
        if (!nameByGroup.has(group)) nameByGroup.set(group, name)
      }
      return [...nameByGroup].map(([group, name]) => ({ name, size: lists.find(GROUP + group).length }))
    },
    inGroup: (name) => entries(lists.find(GROUP + normaliseText(name))),
    close,
  }
}

/** Everything under which a contact is found by its beginning. */
function searchWords({ name, nicknames = [], organisation = '', emails = [] }: Contact): string[] {
  const words = [name, ...nicknames, organisation].flatMap(wordsOf)
  for (const { value } of emails) {
    const address = foldText(value.trim())
    const at = address.lastIndexOf('@')
    const domain = address.slice(at + 1)
    // The whole, what stands behind the at sign as a whole, and the parts of both: `ann.lee@mail.example.com` is found by `lee` and `example.c` too.
    words.push(address, ...wordsOf(address))
    for (let dot = domain.indexOf('.'), from = 0; ; from = dot + 1, dot = domain.indexOf('.', from)) {
      words.push(domain.slice(from))
      if (dot === -1) break
    }
  }
  return words
}

/** What stands between spaces: as a whole it may begin an address, its words may begin a name (`jean-l`, `J.`). */
interface TypedPart {
  readonly text: string
  readonly words: readonly string[]
}

function typedParts(typed: string): TypedPart[] {
  return foldText(typed)
    .split(/[\s,;:<>"()]+/)
    .map((text) => ({ text, words: wordsOf(text) }))
    .filter(({ words }) => words.length > 0)
}

function byUse(a: Rank, b: Rank): number {
  return b.uses - a.uses || b.lastUsedAt - a.lastUsedAt || compareText(a.name, b.name)
}

function byMerit(a: Rank, b: Rank): number {
  return Number(b.isFavourite) - Number(a.isFavourite) || byUse(a, b)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
