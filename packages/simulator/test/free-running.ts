import type { VirtualTime } from '../src/clock'

/** Lets virtual time run by itself, for code that only awaits. @returns a function that ends it */
export function runFreely(time: VirtualTime): () => Promise<void> {
  let isRunning = true
  const running = (async () => {
    while (isRunning) await time.runUntil(time.nowMs + 20)
  })()
  return async () => {
    isRunning = false
    await running
  }
}
