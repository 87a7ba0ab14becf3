// Everything that `npm run bench -- --besides` measures, by name.
import { measureAppends } from './appends'
import { measureBundle } from './bundle'
import { measureDevices } from './devices'
import { measureDoublings } from './doublings'
import { measureEdits } from './edits'
import { type Growth, measureGrowth } from './growth'
import { measureImport } from './import'
import { count, type Limit, type MeasuredRow, type Measurement, row } from './measurement'
import { measureEditingMemory, measureIdleMemory } from './memory'
import { measureQueries } from './queries'
import { measureRelayMemory } from './relay-memory'
import { measureSnapshot } from './snapshot'
import { measureStoreOpening } from './store-opening'

const BOOK = 10_000

const bundleTarget: Limit = {
  atMost: 70,
  reason:
    'Yjs, NaCl and the other packages would fit; the engine itself does not. Needed: what few sessions use (healing, rebases, histories, tabs) is loaded when it is wanted, and members get short names in the build.',
}

async function growthTo(marks: readonly number[]): Promise<readonly MeasuredRow[]> {
  const rows: MeasuredRow[] = []
  let first: Growth | undefined
  for await (const growth of measureGrowth(marks)) {
    first ??= growth
    const after = `${count(BOOK)} contacts, ${count(growth.edits)} edits`
    rows.push(
      row(`${after}: relay's disk`, growth.relayBytes / 1e3, 'kB'),
      row(
        `${after}: relay's disk, of what the book took before the first edit`,
        growth.relayBytes / first.relayBytes,
        '×',
      ),
      row(`${after}: received by a device that joins`, growth.joinBytes / 1e3, 'kB'),
      row(`${after}: joining`, growth.joinMs, 'ms'),
      row(`${after}: opening`, growth.openMs, 'ms'),
    )
  }
  return rows
}

export const measurements: Readonly<Record<string, Measurement>> = {
  opening: {
    title: 'From opening a local store to the first contact read, median of five processes',
    run: async () => {
      const rows: MeasuredRow[] = []
      for (const contacts of [1_000, 10_000, 100_000])
        rows.push(row(`${count(contacts)} contacts`, await measureStoreOpening(contacts), 'ms'))
      return rows
    },
  },
  edits: {
    title: `One-field edits in a book of ${count(BOOK)} contacts`,
    run: async () => {
      const { callP50, callP99, cpuMs } = await measureEdits(BOOK)
      return [
        row('the call, p50', callP50, 'ms'),
        row('the call, p99', callP99, 'ms'),
        row('processor time until it is on the disk, all threads', cpuMs, 'ms'),
      ]
    },
  },
  wire: {
    title: 'On the wire, and from device to device',
    run: async () => {
      const devices = await measureDevices(BOOK)
      return [
        row(`${count(BOOK)} contacts to a new device: received`, devices.joinBytes / 1e3, 'kB'),
        row('… join to all read', devices.joinMs, 'ms'),
        row('one-field edit: sent by the author', devices.editBytesSent, 'B'),
        row('… received by the other device', devices.editBytesReceived, 'B'),
        row('… from edit to visible, p50', devices.editMsP50, 'ms'),
        row('… p99', devices.editMsP99, 'ms'),
      ]
    },
  },
  snapshot: {
    title: 'The book as one sealed summary',
    run: async () => {
      const snapshot = measureSnapshot(BOOK)
      return [
        row(`${count(BOOK)} contacts as JSON`, snapshot.jsonBytes / 1e3, 'kB'),
        row('… sealed', snapshot.sealedBytes / 1e3, 'kB'),
        row('… opened and read, first time in the process', snapshot.firstMs, 'ms'),
        row('… opened and read, median of ten', snapshot.openMs, 'ms'),
      ]
    },
  },
  queries: {
    title: `Questions to the index of ${count(BOOK)} contacts`,
    run: async () => {
      const book = await measureQueries(BOOK)
      return [
        row('making the index', book.buildMs, 'ms'),
        ...[...book.queries, ['taking in that one contact changed', book.update] as const].flatMap(
          ([what, { p50, p99 }]) => [row(`${what}, p50`, p50, 'ms'), row(`${what}, p99`, p99, 'ms')],
        ),
      ]
    },
  },
  growth: {
    title: 'What edits leave behind',
    run: () => growthTo([1_000, 10_000, 100_000]),
  },
  'growth to a million': {
    title: 'What a million edits leave behind',
    isLong: true,
    run: () => growthTo([1_000_000]),
  },
  'relay memory': {
    title: 'Memory of the relay for a device that is connected and idle; a relay takes fewer than 10,000 at a time',
    run: async () => {
      const figures = await measureRelayMemory([1_000, 5_000, 9_900])
      return figures.map(({ devices, bytesPerDevice }) =>
        row(`${count(devices)} devices, each`, bytesPerDevice / 1e3, 'kB'),
      )
    },
  },
  'device memory': {
    title: 'Memory of a device, and of the relay in the same process',
    run: async () => {
      const editing = await measureEditingMemory(100_000)
      return [
        row('100,000 contacts open', editing.bookBytes / 1e3, 'kB'),
        row('what stays of an edit, after an hour of them', editing.bytesPerEdit, 'B'),
        row('what half an hour without edits adds', editing.idleBytes / 1e3, 'kB'),
      ]
    },
  },
  'idle memory': {
    title: 'Memory of idle devices, with what the relay keeps for them, 1,000 in one process',
    run: async () => {
      const idle = await measureIdleMemory(1_000)
      return [
        row('each', idle.bytesPerDevice / 1e3, 'kB'),
        row('what half an hour adds', idle.grownPerDevice, 'B'),
        row('what is left of it when it is closed', idle.leftPerDevice, 'B'),
      ]
    },
  },
  appends: {
    title: 'Durable appends a second, one entry a push, each answered after it was synced to disk',
    run: async () => {
      const rows: MeasuredRow[] = []
      for (const [writers, pushes] of [
        [1, 4_000],
        [10, 1_000],
        [100, 200],
        [1_000, 20],
      ] as const)
        rows.push(row(`${count(writers)} writers`, (await measureAppends(writers, 1, pushes)).entriesPerSecond, '/s'))
      const large = await measureAppends(10, 100, 100)
      rows.push(row('10 writers, 100 entries a push', large.entriesPerSecond, '/s'))
      return rows
    },
  },
  doublings: {
    title: 'One log that doubles: what the relay takes for an entry more, and for reading the last hundred',
    run: async () =>
      (await measureDoublings(1_024_000)).flatMap(({ entries, appendMs, readMs }) => [
        row(`to ${count(entries)} entries: an entry`, appendMs, 'ms'),
        row(`at ${count(entries)} entries: reading the last hundred`, readMs, 'ms'),
      ]),
  },
  import: {
    title: 'Import of 10,000 vCards',
    run: async () => {
      const { parseMs, previewMs, applyMs } = await measureImport(10_000)
      return [
        row('reading', parseMs, 'ms'),
        row('comparing with the book', previewMs, 'ms'),
        row('writing', applyMs, 'ms'),
      ]
    },
  },
  bundle: {
    title: 'What a browser loads, minified and compressed with gzip',
    run: async () => {
      const { firstBytes, laterBytes, packagesShare } = await measureBundle()
      return [
        row('whole client with its IndexedDB store, Yjs and NaCl included', firstBytes / 1e3, 'kB', bundleTarget),
        row('… loaded later, when a phrase is typed or made', laterBytes / 1e3, 'kB'),
        row('Yjs, NaCl and other packages, of all of it before it is compressed', packagesShare, '×'),
      ]
    },
  },
}
