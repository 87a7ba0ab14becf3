// What a mail client waits for at a key stroke: questions to the index of an address book, and what a change of one contact costs it.
import { createAccount, openMemoryStore } from '@owlivion/sync'
import { type Contact, indexContacts, mailTypes } from '@owlivion/sync/mail'
import { nodePlatform } from '@owlivion/sync/node'
import { createContacts } from '../contacts'
import { quantile } from '../statistics'

/** Milliseconds: half are quicker, and 99 of 100. */
interface Spread {
  readonly p50: number
  readonly p99: number
}

interface QueryFigures {
  /** Making the index of the whole book. */
  readonly buildMs: number
  /** By what is asked. */
  readonly queries: readonly (readonly [question: string, milliseconds: Spread])[]
  /** Taking in that one contact changed. */
  readonly update: Spread
}

const RUNS = 300

/** Every tenth a favourite, in one of twenty groups, every third written to. */
export async function measureQueries(count: number): Promise<QueryFigures> {
  const options = { platform: nodePlatform(), store: openMemoryStore(), relay: 'ws://127.0.0.1:1', deviceName: 'bench' }
  const { sync } = await createAccount({ ...options, online: false })
  const contacts = await sync.open(mailTypes.contacts)
  const records = createContacts(count).map(([id, { name, email, phone, company, note }], at) => {
    const contact: Contact = {
      name,
      emails: [{ value: email }, { value: `${at}@home.example` }],
      phones: [{ value: phone }],
      organisation: company,
      notes: note,
      groups: [`Group ${at % 20}`],
      ...(at % 10 === 0 ? { favourite: true } : {}),
    }
    return [id, contact] as const
  })
  await contacts.addAll(records)
  const used = records.filter((_, at) => at % 3 === 0)
  await Promise.all(used.map(([id], at) => contacts.increment(id, 'uses', 1 + (at % 50))))

  const built = performance.now()
  const index = indexContacts(contacts)
  const buildMs = performance.now() - built

  const time = (ask: (at: number) => unknown): Spread => {
    const times = Array.from({ length: RUNS }, (_, at) => {
      const from = performance.now()
      ask(at)
      return performance.now() - from
    })
    return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
  }
  const idOf = (at: number): string => records[(at * 31) % count]?.[0] ?? ''
  const queries = [
    ['by address', time((at) => index.byEmail(`${(at * 31) % count}@home.example`))],
    ['what one letter begins, the best ten', time((at) => index.autocomplete('abcdefghijklmnop'[at % 16] as string))],
    ['what two letters begin, the best ten', time((at) => index.autocomplete(idOf(at).slice(0, 2)))],
    ['what two words begin, the best ten', time((at) => index.autocomplete(`${idOf(at).slice(0, 4)} e`))],
    ['the favourites', time(() => index.favourites())],
    ['the twenty written to most', time(() => index.mostUsed(20))],
    ['a group', time((at) => index.inGroup(`group ${at % 20}`))],
  ] as const

  // Told by itself: what the collection does with an edit is not the index's.
  const told: ((changed: ReadonlySet<string>) => void)[] = []
  const edited = new Map<string, Contact>()
  const alone = indexContacts({
    ids: () => contacts.ids(),
    get: (id) => edited.get(id) ?? contacts.get(id),
    counter: (id, field) => contacts.counter(id, field),
    subscribe(listener) {
      told.push(listener)
      return () => {}
    },
  })
  const update = time((at) => {
    edited.set(idOf(at), { ...(contacts.get(idOf(at)) as Contact), name: `New ${at}` })
    for (const listener of told) listener(new Set([idOf(at)]))
  })
  alone.close()
  index.close()
  await sync.close()
  return { buildMs, queries, update }
}
