/** The longest delay that timers can count; a longer one would fire at once. */
const LONGEST_DELAY_MS = 2_147_483_647

/** One timer of the system's own clock. The returned function cancels it. */
export function setSystemTimer(delayMs: number, callback: () => void): () => void {
  const handle = setTimeout(callback, Math.min(Math.max(0, delayMs), LONGEST_DELAY_MS))
  return () => clearTimeout(handle)
}
