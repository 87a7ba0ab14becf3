// Prints what the engine costs on this machine, as one table. Every process is its own, on loopback.
import { measureAppends } from './measure-appends'
import { measureDevices } from './measure-devices'
import { measureEditingMemory, measureIdleMemory } from './measure-memory'
import { measureQueries } from './measure-queries'
import { measureSnapshot } from './measure-snapshot'

const kb = (bytes: number): string => `${(bytes / 1_000).toFixed(1)} kB`
const ms = (value: number): string => `${value.toFixed(1)} ms`
const row = (what: string, value: string): void => console.log(`${what.padEnd(72)} ${value}`)

const snapshot = measureSnapshot(10_000)
row('10,000 contacts as JSON', kb(snapshot.jsonBytes))
row('… as one sealed snapshot', kb(snapshot.sealedBytes))
row('… opened and read, first time in the process', ms(snapshot.firstMs))
row('… opened and read, median of ten', ms(snapshot.openMs))

const book = await measureQueries(10_000)
row('10,000 contacts: making the index of the address book', ms(book.buildMs))
for (const [what, { p50, p99 }] of [...book.queries, ['taking in that one contact changed', book.update] as const])
  row(`… ${what}, p50 and p99`, `${p50.toFixed(3)} ms ${p99.toFixed(3)} ms`)

const devices = await measureDevices(10_000)
row('10,000 contacts from the log to a new device: join to all read', ms(devices.joinMs))
row('… received', kb(devices.joinBytes))
row('one-field edit in that book: sent by the author', `${devices.editBytesSent} B`)
row('… received by the other device', `${devices.editBytesReceived} B`)
row('… from edit to visible, p50', ms(devices.editMsP50))
row('… p99', ms(devices.editMsP99))

for (const [writers, entriesPerPush, pushes] of [
  [1, 1, 4_000],
  [10, 1, 1_000],
  [100, 1, 200],
  [10, 100, 100],
] as const) {
  const figures = await measureAppends(writers, entriesPerPush, pushes)
  row(
    `durable appends a second: ${writers} writers, ${entriesPerPush} entries a push`,
    figures.entriesPerSecond.toFixed(0),
  )
}

const editing = await measureEditingMemory(100_000)
row('memory with 100,000 contacts open, on the device and at its relay', kb(editing.bookBytes))
row('… that stays of an edit, after an hour of them', `${editing.bytesPerEdit.toFixed(0)} B`)
row('… that half an hour without edits adds', kb(editing.idleBytes))

const idle = await measureIdleMemory(10_000)
row('memory of an idle device and what a relay with 10,000 keeps for it', kb(idle.bytesPerDevice))
row('… that half an hour adds to it', `${idle.grownPerDevice.toFixed(0)} B`)
row('… that is left of it when it is closed', `${idle.leftPerDevice.toFixed(0)} B`)
