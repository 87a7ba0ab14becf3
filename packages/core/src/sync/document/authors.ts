// Which device writes as which writer, as far as this device has read: from the envelopes of entries, whose authors are verified, and for
// what was before its time from snapshots, whose authors were judged by those who had read the entries. A writer is one lane of one
// device. Where a second device writes as it, neither can be told from the other, and it is nobody's.
import {
  bytesToHex,
  DEVICE_ID_BYTES,
  type DeviceId,
  hexToBytes,
  type Reader,
  WRITER_BYTES,
  type Writer,
} from '@owlivion/sync-protocol'
import type { Writer as WriterId } from '../../document'
import type { OpenedEntry } from '../log/log-replica'
import { writerFromBytes, writerToBytes } from '../writer-bytes'
import { NO_LIMIT } from './rows'

/** Of a writer as whom two devices write. */
const NOBODY = ''

export class Authors {
  /** By writer: hex of the device's id. */
  private readonly devices = new Map<string, string>()

  constructor(devices: Iterable<readonly [writer: string, device: string]> = []) {
    for (const [writer, device] of devices) this.devices.set(writer, device)
  }

  /** Hex of a device's id; undefined when it is not known. */
  deviceOf(writer: string): string | undefined {
    return this.devices.get(writer) || undefined
  }

  /** What an entry shows that was verified. */
  noteEntry({ device, outcome }: Pick<OpenedEntry, 'device' | 'outcome'>): void {
    if ('held' in outcome) return
    const { writers, repairs } = outcome.body
    for (const { writer } of writers) {
      const name = writerFromBytes(writer)
      // It brings back, word for word, what may be another's.
      if (repairs !== undefined) this.learn(name, bytesToHex(device))
      else this.note(name, bytesToHex(device))
    }
  }

  private note(writer: string, device: string): void {
    const known = this.devices.get(writer)
    if (known === undefined) this.devices.set(writer, device)
    else if (known !== device) this.devices.set(writer, NOBODY)
  }

  /** What somebody says who may be wrong: it counts where nothing else is known. */
  learn(writer: string, device: string): void {
    if (!this.devices.has(writer)) this.devices.set(writer, device)
  }

  /** For as many of these writers as are known. */
  listed(writers: Iterable<string>): { readonly writer: Uint8Array; readonly device: DeviceId }[] {
    return [...writers].flatMap((writer) => {
      const device = this.deviceOf(writer)
      return device === undefined
        ? []
        : [{ writer: writerToBytes(writer as WriterId), device: hexToBytes(device) as DeviceId }]
    })
  }

  get size(): number {
    return this.devices.size
  }

  [Symbol.iterator](): IterableIterator<readonly [writer: string, device: string]> {
    return this.devices[Symbol.iterator]()
  }
}

/**
 * What entries themselves say, after what is known from before them. Who brings back another's entry is not its author, who is known to whoever
 * had that entry: nothing is said of it.
 */
export function authorsByEntries(
  before: Iterable<readonly [writer: string, device: string]> | undefined,
  entries: readonly Pick<OpenedEntry, 'device' | 'outcome'>[],
): Authors {
  const authors = new Authors(before)
  for (const entry of entries) if ('body' in entry.outcome && !entry.outcome.body.repairs) authors.noteEntry(entry)
  return authors
}

/** Of a document's state what tells who writes there. */
interface Writing {
  readonly authors: Authors
  readonly context: { readonly device: DeviceId }
  readonly registers: { readonly writer: WriterId }
  readonly outbox: {
    readonly pending: readonly { readonly transaction: { readonly writer: WriterId }; readonly repairs?: object }[]
  }
}

/** As above, and what this device has written and is in no log yet. @param shown entries that are not verified yet */
export function authorsOf({ authors, context, registers, outbox }: Writing, shown: readonly OpenedEntry[]): Authors {
  const all = new Authors(authors)
  for (const entry of shown) all.noteEntry(entry)
  const device = bytesToHex(context.device)
  all.learn(registers.writer, device)
  for (const { transaction, repairs } of outbox.pending)
    if (repairs === undefined) all.learn(transaction.writer, device)
  return all
}

/** The devices once, and for each writer the place of its own among them, from 1; 0 for nobody. */
export function writeAuthors(writer: Writer, authors: Authors): void {
  const devices = [...new Set([...authors].map(([, device]) => device))].filter((device) => device !== NOBODY)
  writer.list(devices, (device) => writer.fixed(hexToBytes(device), DEVICE_ID_BYTES))
  writer.list([...authors], ([id, device]) =>
    writer.fixed(writerToBytes(id as WriterId)).varUint(devices.indexOf(device) + 1),
  )
}

export function readAuthors(reader: Reader): Authors {
  const devices = reader.list(NO_LIMIT, DEVICE_ID_BYTES, () => bytesToHex(reader.fixed(DEVICE_ID_BYTES)))
  return new Authors(
    reader.list(NO_LIMIT, WRITER_BYTES + 1, () => {
      const writer = writerFromBytes(reader.fixed(WRITER_BYTES))
      return [writer, devices[reader.varUint() - 1] ?? NOBODY] as const
    }),
  )
}
