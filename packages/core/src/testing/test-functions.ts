// What contract suites need of a test runner, passed in so that they run under any.
import { isSyncError } from '../errors'

/** The part of a test runner that contract suites use. */
export interface TestFunctions {
  readonly describe: (name: string, define: () => void) => void
  readonly it: (name: string, run: () => Promise<void>) => void
  readonly expect: (actual: unknown, message?: string) => { toEqual(expected: unknown): void }
}

/** The code of the SyncError that a call is refused with. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'no error'
  } catch (error) {
    return isSyncError(error) ? error.code : `not a SyncError: ${String(error)}`
  }
}
