// What went wrong, for whoever reads the report of a world.
import { isSyncError } from '@owlivion/sync'

export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = isSyncError(error) ? `${error.code}: ` : ''
  const cause = error.cause instanceof Error ? ` (${error.cause.stack})` : ''
  return `${code}${error.message}${cause}${isSyncError(error) ? '' : `\n${error.stack}`}`
}
