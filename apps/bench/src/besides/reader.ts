// A device in its own process: joins with the phrase, tells when it has everything, then what it sees and when.
import { joinAccount, openMemoryStore } from '@owlivion/sync'
import type { BenchContact } from '../contacts'
import { countingPlatform } from './counting-platform'

export interface ReaderOrder {
  readonly relay: string
  readonly recoveryPhrase: string
  /** How many contacts make it ready. */
  readonly count: number
  /** The record whose note carries the number of the edit. */
  readonly watched: string
}

export type ReaderReport =
  | { readonly type: 'started' }
  | { readonly type: 'ready'; readonly ms: number; readonly receivedBytes: number }
  | { readonly type: 'seen'; readonly edit: number; readonly atMs: number; readonly receivedBytes: number }

const report = (message: ReaderReport): void => void process.send?.(message)
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6

process.once('message', async (order: ReaderOrder) => {
  const { platform, bytes } = countingPlatform()
  const startedMs = nowMs()
  const { relay, recoveryPhrase } = order
  const sync = await joinAccount({ platform, store: openMemoryStore(), relay, recoveryPhrase, deviceName: 'reader' })
  const contacts = await sync.open<BenchContact>('contacts')
  await sync.whenCaughtUp()
  if (contacts.size !== order.count) throw new TypeError(`${contacts.size} of ${order.count} contacts arrived`)
  for (const id of contacts.ids()) contacts.get(id)
  report({ type: 'ready', ms: nowMs() - startedMs, receivedBytes: bytes.received })
  contacts.subscribe(() => {
    const edit = Number(contacts.get(order.watched)?.note)
    if (Number.isInteger(edit)) report({ type: 'seen', edit, atMs: nowMs(), receivedBytes: bytes.received })
  })
})
process.on('disconnect', () => process.exit(0))
report({ type: 'started' })
