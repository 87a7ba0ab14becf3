// What the relay tells about what it holds: everything it has of these devices, for it has no key to more.
import { useEffect, useState } from 'react'

export interface SealedEntry {
  /** Hex. The relay knows a document by this number only. */
  readonly document: string
  readonly number: number
  /** Hex of the device id. */
  readonly device: string
  readonly bytes: number
  /** Hex of the first bytes. */
  readonly start: string
}

export interface Inspection {
  /** Newest first. */
  readonly entries: readonly SealedEntry[]
  readonly totalEntries: number
  readonly totalBytes: number
}

export type InspectionResult = Inspection | 'asking' | 'switched-off' | 'unreachable'

const POLL_MS = 1_000
/** A relay that does not answer is not asked every second. */
const POLL_UNREACHABLE_MS = 5_000

/** Asks the relay again and again, while somebody looks. */
export function useInspection(): InspectionResult {
  const [result, setResult] = useState<InspectionResult>('asking')
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const aborter = new AbortController()
    const ask = async () => {
      clearTimeout(timer)
      if (document.hidden) return
      const answer = await fetchInspection(aborter.signal)
      if (aborter.signal.aborted || answer === 'switched-off') return setResult(answer)
      // The same entries are the same object, or the panel would be drawn every second.
      setResult((before) => (isSame(before, answer) ? before : answer))
      timer = setTimeout(ask, answer === 'unreachable' ? POLL_UNREACHABLE_MS : POLL_MS)
    }
    void ask()
    document.addEventListener('visibilitychange', ask)
    return () => {
      clearTimeout(timer)
      aborter.abort()
      document.removeEventListener('visibilitychange', ask)
    }
  }, [])
  return result
}

async function fetchInspection(signal: AbortSignal): Promise<Exclude<InspectionResult, 'asking'>> {
  try {
    const answer = await fetch('/inspect', { signal })
    if (answer.status === 404) return 'switched-off'
    return answer.ok ? ((await answer.json()) as Inspection) : 'unreachable'
  } catch {
    // Whatever the network's reason: nothing is known at the moment.
    return 'unreachable'
  }
}

function isSame(a: InspectionResult, b: InspectionResult): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b
  return (
    a.totalEntries === b.totalEntries && a.totalBytes === b.totalBytes && keyOf(a.entries[0]) === keyOf(b.entries[0])
  )
}

export function keyOf(entry: SealedEntry | undefined): string {
  return entry === undefined ? '' : `${entry.document} ${entry.number}`
}
