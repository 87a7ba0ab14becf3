// How long after a run the next one is due.
import type { SyncError } from '../../errors'
import { jitterMs } from '../connection/backoff'
import type { SyncMode } from './schedule-row'

export const MINUTE_MS = 60_000
/** The wait after the first run that failed; it doubles up to the interval, and to an hour at most. */
const FIRST_RETRY_MS = MINUTE_MS
const LONGEST_RETRY_MS = 60 * MINUTE_MS

export interface FinishedRun {
  readonly mode: SyncMode
  readonly failure: SyncError | undefined
  /** Failures in a row, this one included. */
  readonly failures: number
  /** Nobody asked for it, and nobody will ask again. */
  readonly isAutomatic: boolean
}

/** In ms; undefined when none follows by itself. */
export function waitAfterRun(
  { mode, failure, failures, isAutomatic }: FinishedRun,
  random: (length: number) => Uint8Array,
): number | undefined {
  if (mode === 'live' || (mode === 'manual' && !isAutomatic)) return undefined
  const intervalMs = mode === 'manual' ? undefined : mode * MINUTE_MS
  if (failure === undefined || !failure.retryable) return intervalMs
  const ceiling = Math.min(
    intervalMs ?? LONGEST_RETRY_MS,
    LONGEST_RETRY_MS,
    FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10),
  )
  // Devices that lost a relay together do not come back together, and none comes back at once.
  return ceiling / 2 + jitterMs(ceiling / 2, random)
}
