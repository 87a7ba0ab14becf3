// A file of vCards from another program into an empty address book.
import { createAccount, openMemoryStore } from '@owlivion/sync'
import { mailTypes } from '@owlivion/sync/mail'
import { nodePlatform } from '@owlivion/sync/node'
import { applyImport, previewImport } from '@owlivion/sync/transfer'
import { formatVCards, parseVCards } from '@owlivion/sync/vcard'
import { createContacts } from '../contacts'

export interface ImportFigures {
  readonly parseMs: number
  readonly previewMs: number
  /** Until all of it is stored. */
  readonly applyMs: number
}

export async function measureImport(cards: number): Promise<ImportFigures> {
  const file = formatVCards(
    createContacts(cards).map(([, { name, email, phone, company, note }]) => ({
      name,
      emails: [{ value: email }],
      phones: [{ value: phone }],
      organisation: company,
      notes: note,
    })),
    { version: '4.0' },
  )
  const options = { platform: nodePlatform(), store: openMemoryStore(), relay: 'ws://127.0.0.1:1', deviceName: 'bench' }
  const { sync } = await createAccount({ ...options, online: false })
  const contacts = await sync.open(mailTypes.contacts)
  const times = [performance.now()]
  const parsed = parseVCards(file)
  times.push(performance.now())
  const preview = await previewImport(contacts, parsed)
  times.push(performance.now())
  const { added } = await applyImport(contacts, preview)
  times.push(performance.now())
  if (added !== contacts.size || added !== cards) throw new Error(`${added} of ${cards} cards were imported`)
  await sync.close()
  const [start = 0, read = 0, compared = 0, written = 0] = times
  return { parseMs: read - start, previewMs: compared - read, applyMs: written - compared }
}
