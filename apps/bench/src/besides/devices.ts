// What a person waits for: a new device with the whole book, and an edit on its way from one device to the other.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createAccount, openMemoryStore } from '@owlivion/sync'
import { type BenchContact, createContacts } from '../contacts'
import { quantile } from '../statistics'
import { countingPlatform } from './counting-platform'
import type { ReaderOrder, ReaderReport } from './reader'
import { startRelay } from './relay-process'

export interface DeviceFigures {
  readonly contacts: number
  readonly joinMs: number
  readonly joinBytes: number
  readonly editBytesSent: number
  readonly editBytesReceived: number
  readonly editMsP50: number
  readonly editMsP99: number
}

const EDITS = 200
/** Far enough apart that no two edits share an entry. */
const EDIT_INTERVAL_MS = 25

export async function measureDevices(count: number): Promise<DeviceFigures> {
  const relay = await startRelay()
  const { platform, bytes } = countingPlatform()
  const { sync, recoveryPhrase } = await createAccount({
    platform,
    store: openMemoryStore(),
    relay: relay.url,
    deviceName: 'writer',
  })
  const contacts = await sync.open<BenchContact>('contacts')
  const records = createContacts(count)
  await contacts.addAll(records)
  await sync.flush()

  const reader = fork(fileURLToPath(new URL('./reader.ts', import.meta.url)), {
    execArgv: ['--conditions=@owlivion/source', '--import', 'tsx'],
  })
  const seen = new Map<number, Extract<ReaderReport, { type: 'seen' }>>()
  let wake: (() => void) | undefined
  const waitFor = <T extends ReaderReport['type']>(type: T): Promise<Extract<ReaderReport, { type: T }>> =>
    new Promise((resolve) => {
      const listener = (message: ReaderReport): void => {
        if (message.type !== type) return
        reader.off('message', listener)
        resolve(message as Extract<ReaderReport, { type: T }>)
      }
      reader.on('message', listener)
    })
  await waitFor('started')
  const watched = records[0]?.[0] as string
  const order: ReaderOrder = { relay: relay.url, recoveryPhrase, count, watched }
  const readying = waitFor('ready')
  reader.send(order)
  const ready = await readying
  reader.on('message', (message: ReaderReport) => {
    if (message.type !== 'seen') return
    if (!seen.has(message.edit)) seen.set(message.edit, message)
    wake?.()
  })

  const latencies: number[] = []
  const sentBytes: number[] = []
  const receivedBytes: number[] = []
  let receivedBefore = ready.receivedBytes
  for (let edit = 0; edit < EDITS; edit++) {
    const sentBefore = bytes.sent
    const startMs = Number(process.hrtime.bigint()) / 1e6
    void contacts.update(watched, { note: String(edit) })
    while (!seen.has(edit)) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    const report = seen.get(edit) as Extract<ReaderReport, { type: 'seen' }>
    latencies.push(report.atMs - startMs)
    sentBytes.push(bytes.sent - sentBefore)
    receivedBytes.push(report.receivedBytes - receivedBefore)
    receivedBefore = report.receivedBytes
    await new Promise((resolve) => setTimeout(resolve, EDIT_INTERVAL_MS))
  }
  reader.disconnect()
  await sync.close()
  await relay.stop()
  return {
    contacts: count,
    joinMs: ready.ms,
    joinBytes: ready.receivedBytes,
    editBytesSent: quantile(sentBytes, 0.5),
    editBytesReceived: quantile(receivedBytes, 0.5),
    editMsP50: quantile(latencies, 0.5),
    editMsP99: quantile(latencies, 0.99),
  }
}
