/** Lets this many milliseconds pass: to draw a moment at random, never to wait for something to be done. */
export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs))
}
