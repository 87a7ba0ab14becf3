import type { SyncError } from '@owlivion/sync'
import { useCallback, useState } from 'react'
import { toSyncError } from '../device/to-sync-error'

export interface Action {
  readonly isBusy: boolean
  /** Why the latest attempt did not succeed. */
  readonly error: SyncError | undefined
  /** The same function for as long as the component lives. @returns whether it succeeded */
  run(action: () => Promise<unknown>): Promise<boolean>
}

/** Something that a press starts and that can be refused. */
export function useAction(): Action {
  const [isBusy, setIsBusy] = useState(false)
  const [error, setError] = useState<SyncError>()
  const run = useCallback(async (action: () => Promise<unknown>): Promise<boolean> => {
    setIsBusy(true)
    setError(undefined)
    try {
      await action()
      return true
    } catch (cause) {
      setError(toSyncError(cause))
      return false
    } finally {
      setIsBusy(false)
    }
  }, [])
  return { isBusy, error, run }
}
