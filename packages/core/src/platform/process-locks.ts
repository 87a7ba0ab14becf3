// Locks that hold within one process or page: what is left where the system offers none.

const held = new Set<string>()

/** Takes the named lock, or answers undefined when it is held. Calling the returned function twice does no harm. */
export function takeProcessLock(name: string): (() => void) | undefined {
  if (held.has(name)) return undefined
  held.add(name)
  let released = false
  return () => {
    if (released) return
    released = true
    held.delete(name)
  }
}
