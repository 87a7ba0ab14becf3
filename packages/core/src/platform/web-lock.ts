import { takeProcessLock } from './process-locks'

/** Takes the named lock of this origin at once, or answers undefined when another tab has it. The returned function gives it back. */
export async function takeWebLock(name: string): Promise<(() => void) | undefined> {
  const locks: LockManager | undefined = globalThis.navigator?.locks
  if (locks === undefined) return takeProcessLock(name)
  return new Promise((resolve) => {
    const request = locks.request(`owlivion-sync ${name}`, { ifAvailable: true }, (lock) => {
      if (lock === null) return resolve(undefined)
      // The lock is held for as long as this promise is open.
      return new Promise<void>((release) => resolve(() => release()))
    })
    // A page of an opaque origin may not use locks; it shares its storage with nobody either.
    request.catch(() => resolve(takeProcessLock(name)))
  })
}
