// What a device keeps while it heals a relay, so that a crash at any moment is gone on from:
//
//   ['healing', id]     where the log was rolled back to, and the chains as they were before
//   ['refill', id, n]   entries that the relay may lack, verbatim with their signed heads, in the order in which they were in the log
import { bytesToHex, type DocumentId, HASH_BYTES, type Hash, WRITER_BYTES, Writer } from '@owlivion/sync-protocol'
import type { Writer as WriterId } from '../../document'
import type { StoreKey } from '../../storage'
import type { LineageMap } from '../device-map'
import { NO_LIMIT, readLineages, readRow, writeLineages } from '../document/rows'
import type { Chain } from '../log/log-replica'
import { writerFromBytes, writerToBytes } from '../writer-bytes'

export const healingKey = (document: DocumentId): StoreKey => ['healing', bytesToHex(document)]
export const refillPrefix = (document: DocumentId): StoreKey => ['refill', bytesToHex(document)]
export const refillKey = (document: DocumentId, position: number): StoreKey => [...refillPrefix(document), position]

export interface HealingRow {
  /** The last number of the log that this device and the relay had in common; what follows was read since. */
  readonly common: number
  /** The ends of all chains as this device knew them before. */
  readonly had: LineageMap<Chain>
  /** As this device knew it before, by writer. */
  readonly context: ReadonlyMap<string, number>
  /** Nothing was in common that could be compared: all of the relay's log is read, and what this device has more is written again. */
  readonly isAnew: boolean
  /** The relay has lost nothing: what could not be trusted when it was read first is read again. */
  readonly isReread: boolean
}

/** 2: says whether it is only read again. */
const ROW_VERSION = 2

export function encodeHealing({ common, had, context, isAnew, isReread }: HealingRow): Uint8Array {
  const writer = new Writer().byte(ROW_VERSION).varUint(common).flag(isAnew)
  writeLineages(writer, had, (chain) => writer.varUint(chain.sequence).fixed(chain.hash).flag(chain.broken))
  writer.list([...context], ([id, n]) => writer.fixed(writerToBytes(id as WriterId)).varUint(n))
  return writer.flag(isReread).finish()
}

/** @throws SyncError `profile-damaged` */
export function decodeHealing(bytes: Uint8Array): HealingRow {
  return readRow(
    bytes,
    'note on the healing of a relay',
    (reader, version) => ({
      common: reader.varUint(),
      isAnew: reader.flag(),
      had: readLineages(reader, () => ({
        sequence: reader.varUint(),
        hash: reader.fixed<Hash>(HASH_BYTES).slice() as Hash,
        broken: reader.flag(),
      })),
      context: new Map(
        reader.list(
          NO_LIMIT,
          WRITER_BYTES + 1,
          () => [writerFromBytes(reader.fixed(WRITER_BYTES)) as string, reader.varUint()] as const,
        ),
      ),
      isReread: version >= 2 && reader.flag(),
    }),
    ROW_VERSION,
  )
}
