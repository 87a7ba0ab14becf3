// What became of one record by one entry.
import type { RecordDifference } from '../../document'

/** What one entry, or one edit that is not sent yet, did to one record. */
export interface LoggedChange extends Omit<RecordDifference, 'writtenAtMs'> {
  readonly id: string
  /** Hex of the id of the device that wrote it. */
  readonly device: string
  /** When, by that device's clock as its relay corrects it. */
  readonly atMs: number
  /** Its place in the log; undefined for what the relay has not confirmed. */
  readonly number: number | undefined
}

/** What an entry of the log did to one record. */
export interface PackedChange extends LoggedChange {
  readonly number: number
  readonly incarnation: number
  readonly sequence: number
}
