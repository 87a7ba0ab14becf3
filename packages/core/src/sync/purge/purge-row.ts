// What a device remembers so that it can tell later since when it has had a delete: now and then, how far it had come.
//
//   ['purge', document]   version, then a list of: its clock in ms, the same as the relay corrects it, the number read up to, what was
//                         applied by lineage (device, incarnation, sequence), and what was applied by writer (writer, n)
import {
  bytesToHex,
  DEVICE_ID_BYTES,
  type DeviceId,
  type DocumentId,
  decodeWhole,
  Writer as RowWriter,
  WRITER_BYTES,
} from '@owlivion/sync-protocol'
import type { Writer } from '../../document'
import { SyncError } from '../../errors'
import type { StoreKey } from '../../storage'
import { LineageMap } from '../device-map'
import { writerFromBytes, writerToBytes } from '../writer-bytes'

/** How far this device had come at some time. */
export interface Milestone {
  /** Milliseconds since 1970 by the device's own clock. */
  readonly atMs: number
  /** By that clock as the relay corrects it. */
  readonly correctedAtMs: number
  readonly number: number
  readonly applied: LineageMap<number>
  readonly context: ReadonlyMap<Writer, number>
}

export const purgeKey = (document: DocumentId): StoreKey => ['purge', bytesToHex(document)]

const ROW_VERSION = 1
const NO_LIMIT = Number.MAX_SAFE_INTEGER
const MIN_LINEAGE_BYTES = DEVICE_ID_BYTES + 2
const MIN_WRITER_BYTES = WRITER_BYTES + 1
const MIN_MILESTONE_BYTES = 5

export function encodeMilestones(milestones: readonly Milestone[]): Uint8Array {
  const row = new RowWriter().byte(ROW_VERSION)
  row.list([...milestones], ({ atMs, correctedAtMs, number, applied, context }) => {
    row.varUint(atMs).varUint(correctedAtMs).varUint(number)
    row.list([...applied], ([{ device, incarnation }, sequence]) =>
      row.fixed(device, DEVICE_ID_BYTES).varUint(incarnation).varUint(sequence),
    )
    row.list([...context], ([writer, n]) => row.fixed(writerToBytes(writer), WRITER_BYTES).varUint(n))
  })
  return row.finish()
}

/** @throws SyncError `profile-damaged` */
export function decodeMilestones(bytes: Uint8Array): Milestone[] {
  try {
    return decodeWhole(bytes, (reader) => {
      if (reader.byte() !== ROW_VERSION) throw new SyncError('profile-damaged', 'It was written by another version.')
      return reader.list(NO_LIMIT, MIN_MILESTONE_BYTES, (): Milestone => {
        const [atMs, correctedAtMs, number] = [reader.varUint(), reader.varUint(), reader.varUint()]
        const applied = reader.list(NO_LIMIT, MIN_LINEAGE_BYTES, () => {
          const lineage = { device: reader.fixed<DeviceId>(DEVICE_ID_BYTES), incarnation: reader.varUint() }
          return [lineage, reader.varUint()] as const
        })
        const context = reader.list(NO_LIMIT, MIN_WRITER_BYTES, () => {
          const writer = writerFromBytes(reader.fixed(WRITER_BYTES))
          return [writer, reader.varUint()] as const
        })
        return { atMs, correctedAtMs, number, applied: new LineageMap(applied), context: new Map(context) }
      })
    })
  } catch (cause) {
    throw new SyncError('profile-damaged', 'Since when deletes are known cannot be read.', { cause })
  }
}
